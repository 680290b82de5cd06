// The server of the simulated world: it keeps answers by key, if it is sent one, and a ledger of what it applied apart from that.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace holdfast::test {

struct SimAnswer {
  int status = 0;               ///< 0: none, the connection is lost
  std::string retry_after;
};

class SimServer {
 public:
  explicit SimServer(Random random) : random_(random) {}

  /// @param faults whether it may lose, refuse and fail
  SimAnswer receive(const std::string& key, const std::string& payload, int act, bool faults);

  /// A read: of all that was applied, or of nothing (HEAD). It changes nothing.
  SimAnswer look(bool faults);

  std::vector<int> ledger;      ///< acts, in the order of their application
  std::map<int, int> applied;   ///< how often each act was
  bool signed_in = true;
  bool reachable = true;
  std::string mistake;          ///< a key that came with two payloads

 private:
  bool chance(int percent) { return random_.up_to(99) < percent; }

  Random random_;
  std::map<std::string, std::string> payloads_;
  std::map<std::string, int> answers_;
};

}  // namespace holdfast::test
