// What happens to a server that dies with all its clients connected: each of these is the live link's own machine, or
// one of the ways to reconnect that are written by hand, in the same world and in virtual time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/random.hpp"

namespace holdfast::test {

struct HerdOptions {
  std::int64_t clients = 100'000;
  std::int64_t capacity = 2'000;  ///< connections that the server can accept a second, if it has none to refuse; what goes beyond is answered 503
  Millis down_ms = 60'000;        ///< how long its process is away
  std::string seed = "1";

  /// How long the server needs to take all of them back, which is the window that it names.
  Millis window_ms() const { return clients * 1'000 / capacity; }
};

/// One client's way to come back. It is live when the world begins.
class Client {
 public:
  virtual ~Client() = default;
  /// The connection broke. @return when it wants to try again; so for the next one
  virtual Millis lost(Millis now) = 0;
  /// The attempt failed: nobody was there, or, with a status, the server had no room.
  virtual Millis failed(std::int64_t status, Millis now) = 0;
  /// The time has come. @return whether it tries
  virtual bool tries(Millis now) = 0;
  virtual void welcomed(Millis now) = 0;
};

struct Strategy {
  std::string name;
  std::unique_ptr<Client> (*make)(const HerdOptions& options, Random& random);
};
/// The machine first, then those that it is compared with.
const std::vector<Strategy>& strategies();

struct HerdResult {
  std::vector<std::int64_t> arrivals;  ///< attempts in each second since the server's death
  std::int64_t attempts = 0;
  double death_peak_over_uniform = 0;  ///< the most in the first two seconds (news takes a while), beside an even spread over the window
  double peak_over_uniform = 0;        ///< the most in a second since the server is back, beside one attempt each 15 s
  double all_connected_s = -1;         ///< from the server's return on; -1: not within kHorizonMs
};

/// Full jitter at a cap of 30 s comes round every 15 s.
inline constexpr Millis kRoundMs = kLinkCapMs / 2;
/// Nobody watches a server stagger for longer.
inline constexpr Millis kHorizonMs = 600'000;

HerdResult run_herd(const HerdOptions& options, const Strategy& strategy);

}  // namespace holdfast::test
