// The policies by which one side stands: server-wins, client-wins, last-write-wins, max and min.
#include <algorithm>
#include <utility>

#include "conflict/clock.hpp"
#include "conflict/policy.hpp"

namespace holdfast {

Settled take(Verdict verdict, const Json* value, std::string reason) {
  Settled settled{verdict, std::nullopt, std::move(reason)};
  if (value != nullptr) settled.value = *value;
  return settled;
}

Settled ask(const Sides& sides, std::string reason) { return take(Verdict::kAsk, sides.theirs, std::move(reason)); }

Settled server_wins(const Sides& sides) { return take(Verdict::kTheirs, sides.theirs); }

Settled client_wins(const Sides& sides) { return take(Verdict::kMine, sides.mine); }

Settled last_write_wins(const Sides& sides, const Times& times) {
  if (!times.mine || !times.theirs) return ask(sides, "no time");
  const bool mine = bounded(*times.theirs, times.now) < bounded(*times.mine, times.now);
  return mine ? take(Verdict::kMine, sides.mine, "later") : take(Verdict::kTheirs, sides.theirs, "later");
}

Settled extreme(Policy policy, const Sides& sides) {
  const Json* mine = sides.mine;
  const Json* theirs = sides.theirs;
  if (mine == nullptr || theirs == nullptr) return ask(sides, "missing");
  const bool comparable = (mine->is_number() && theirs->is_number()) || (mine->is_string() && theirs->is_string());
  if (!comparable) return ask(sides, "wrong type");
  const bool less = *mine < *theirs;
  return less == (policy == Policy::kMax) ? take(Verdict::kTheirs, theirs) : take(Verdict::kMine, mine);
}

}  // namespace holdfast
