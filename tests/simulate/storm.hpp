// Five people on their devices write to the same documents, under every policy, through partitions, refusals, killed
// workers and clocks that are wrong by up to an hour. Afterwards all of them have to see what the server has, no difference of a
// counter may be lost or count twice, and whatever gave way must stand in a record or have been a person's decision.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "../native/store.hpp"
#include "base/random.hpp"
#include "versioned_server.hpp"

namespace holdfast::test {

/// What came of one or more storms.
struct Tally {
  std::int64_t seeds = 0;
  std::int64_t steps = 0;           ///< of the engine, over all devices
  std::int64_t acts = 0;            ///< writes that people made
  std::int64_t confirmed = 0, merged = 0, overruled = 0;  ///< as they ended
  std::int64_t asked = 0;           ///< decisions that people had to take; one write may need several
  std::int64_t diverged = 0;        ///< documents that a device sees in another way than the server has them
  std::int64_t lost_deltas = 0;     ///< counters that aren't the sum of what people added to them
  std::int64_t silent = 0;          ///< changes that gave way, or ran others over, without a word
  std::vector<std::string> wrong;   ///< the same in words, and whatever else must not be

  void add(const Tally& other);
};

inline constexpr const char* kEntities[] = {"1", "2", "3"};
/// Deletions and new creations are tried of it, so that its counters can't be reckoned up.
inline const std::string kMortal = "3";

class Storm {
 public:
  /// @param loud tells on stderr what happens
  explicit Storm(std::uint64_t seed, bool loud = false);

  Tally run();

 private:
  struct Act {
    std::size_t person = 0;
    std::string entity;
    std::string method;
    std::optional<Json> base, mine;      ///< what the person saw, and what they made of it
    std::string id;
    std::size_t version = 0;             ///< the server's newest when it was made
    std::int64_t delta = 0;              ///< of the counter
    int applied = 0;
    bool was_asked = false;              ///< it was a person's decision for a while
    std::set<std::string> unexplained;   ///< parts that a decision has to tell of
  };

  struct Person {
    std::size_t number;
    Device device;
    Millis skew = 0;                     ///< of the device's clock
    bool reachable = true;
    std::uint64_t timer = 0;
    std::set<std::pair<std::string, std::int64_t>> flights;

    Person(std::size_t number, const Json& config) : number(number), device(config) {}
  };

  struct Later {
    Millis at;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Later& other) const { return at != other.at ? at > other.at : order > other.order; }
  };

  bool chance(int percent) { return random_.up_to(99) < percent; }
  void log(const std::string& what);
  void wrong(const std::string& what);
  void later(Millis wait, std::function<void()> what);
  void elapse(Millis span);

  // What a host does.
  Json step(Person& person, const Json& event);
  void submit(Person& person, const Json& event);
  void pump(Person& person);
  void act_on(Person& person, const Json& effect);
  void resolve(Person& person, const Json& effect);
  void send(Person& person, const Json& effect);
  Reply arrives(Person& person, const Json& effect);
  void hand_in(Person& person, const Json& event);
  void kill(Person& person);

  // What people and fate do.
  Json shown(Person& person, const std::string& entity);
  void look(Person& person, const std::string& entity);
  void write(Person& person);
  void decide(Person& person);
  void fate();

  // What came of it.
  Act* act_of(const Person& person, const std::string& id);
  void note_applied(Act& act, const std::optional<Json>& before, const std::optional<Json>& after);
  bool agreed(const Act& act, const std::string& path, const Json* wanted);
  void judge();
  void judge_act(const Act& act);

  Random random_;
  bool loud_;
  bool faults_ = true;
  Millis time_ = 0;
  std::uint64_t orders_ = 0;
  std::vector<Later> queue_;
  std::vector<std::unique_ptr<Person>> people_;
  std::vector<Act> acts_;
  VersionedServer server_;
  Tally tally_;
};

}  // namespace holdfast::test
