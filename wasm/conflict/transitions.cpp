// transitions: a state machine. A state that both sides left for different ones is settled by what can follow what.
#include "conflict/policy.hpp"

namespace holdfast {

Settled transitions(const Rule& rule, const Sides& sides) {
  const auto state = [](const Json* json) { return json != nullptr && json->is_string(); };
  if (!state(sides.mine) || !state(sides.theirs)) return ask(sides, "wrong type");
  const Transitions& machine = rule.transitions;
  const auto& mine = sides.mine->get_ref<const std::string&>();
  const auto& theirs = sides.theirs->get_ref<const std::string&>();
  if (!machine.steps.contains(mine) || !machine.steps.contains(theirs)) return ask(sides, "unknown state");
  // Whatever happened elsewhere, mine goes on from there.
  if (machine.leads(theirs, mine)) return take(Verdict::kMerged, sides.mine, "follows");
  // Mine has happened on the way to theirs.
  if (machine.leads(mine, theirs)) return take(Verdict::kMerged, sides.theirs, "went on");
  if (machine.exceptions.contains({theirs, mine})) return take(Verdict::kMine, sides.mine, "exception");
  return machine.asks ? ask(sides, "unreachable") : take(Verdict::kTheirs, sides.theirs, "unreachable");
}

}  // namespace holdfast
