#include "link/machine.hpp"

#include <algorithm>

#include "link/reading.hpp"

namespace holdfast::link {
namespace {

/// What has happened can't lie ahead: the clock was set back, and the spans that count from then begin anew.
void follow_clock(Memory& memory, Millis now) {
  for (Millis* const time : {&memory.opened_at, &memory.heard_at, &memory.asked_at, &memory.live_at}) {
    if (*time != kNever) *time = std::min(*time, now);
  }
  if (memory.return_at - now > 2 * kLinkReturnMaxMs) memory.return_at = now;
}

/// Live for long: whatever was before is forgotten.
void forget(const Config& config, Memory& memory, Millis now) {
  if (memory.state != State::kLive || memory.live_at == kNever || now - memory.live_at < config.stable_ms) return;
  memory.failures = 0;
  memory.crowd = false;
  memory.refreshed = false;
}

}  // namespace

Outcome step(const Config& config, Memory& memory, const Event& event, Millis now, Random& random) {
  Outcome outcome;
  follow_clock(memory, now);
  forget(config, memory, now);
  Turn turn{config, memory, now, random, outcome.effects, {}};
  const Input input = read(turn, event);
  outcome.row = find_row(memory.state, input);
  if (outcome.row == nullptr) return outcome;
  outcome.row->move(turn);
  memory.state = outcome.row->to;
  if (outcome.row->from != outcome.row->to) {
    outcome.effects.push_back(ChangedEffect{outcome.row->from, outcome.row->to, name_of(input)});
  }
  return outcome;
}

}  // namespace holdfast::link
