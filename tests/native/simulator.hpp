// A world drawn from a seed: people who write in several tabs, a worker that is killed, storage that fails, a clock
// that jumps, and a server with idempotency keys that loses, delays, doubles and refuses.
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "base/random.hpp"
#include "sim_server.hpp"
#include "store.hpp"

namespace holdfast::test {

/// One thing that a person did: the body of its write names it, so that the server's ledger can be compared.
struct Act {
  std::string user;
  std::string entity;
  Json request;
  std::string id;          ///< the write's, once a page's fetch was attached to it
  bool refused = false;    ///< the page was told that it was not kept
  bool page_waits = false;
  int deliveries = 0;
  bool discarded = false;
};

class World {
 public:
  /// @param idempotency as the resource declares it; the server knows keys if it is sent any
  World(std::uint64_t seed, bool loud, const Json& idempotency = "header");

  /// Faults first, then none, until everything has drained. @return what was wrong; empty if nothing was
  std::string run();

  Device device;
  int unsure = 0;          ///< writes that were left to a person, since nobody knew their outcome

 private:
  struct Later {
    Millis at;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Later& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  bool chance(int percent) { return faults_ && random_.up_to(99) < percent; }
  Millis pick(Millis bound) { return random_.up_to(bound); }
  void log(const std::string& what);
  void wrong(const std::string& what);

  void later(Millis wait, std::function<void()> what);
  void elapse(Millis span);

  // What the host does.
  bool submit(const Json& event);
  void pump();
  void act_on(const Json& effect);
  void send(const Json& effect);
  Json received(const Json& effect, int act);
  bool resendable(int act) const;
  void hand_in(const Json& event);
  void kill();

  // What people and fate do.
  void write_something();
  void deliver(std::size_t act);
  void sign_in(const std::string& user);
  void discard_all();
  void decide_something();
  void jump();
  void fate();

  void check();
  void check_lanes();
  void check_counts();
  void check_acts();
  void check_order(const std::string& id);

  Random random_;
  bool loud_;
  bool keys_;
  bool faults_ = true;
  Millis time_ = 0;        ///< the world's; the device's clock may say anything
  Millis offset_ = 1'700'000'000'000;
  std::uint64_t orders_ = 0;
  std::vector<Later> queue_;
  std::vector<Act> acts_;
  std::map<std::int64_t, std::size_t> waiting_;  ///< pages' fetches, by waiter: whose act
  std::map<std::string, std::size_t> by_id_;
  std::set<std::pair<std::string, std::int64_t>> flights_;
  std::int64_t waiter_ = 0;
  std::uint64_t timer_ = 0;
  std::string user_ = "ann";
  std::size_t sends_max_;
  SimServer server_;
  std::string failure_;
};

}  // namespace holdfast::test
