#include "link/transports.hpp"

#include <algorithm>

namespace holdfast::link {
namespace {

/// Where the home stands in the list; a transport that is no longer in the configuration is nobody's home.
std::size_t home_of(const Config& config, const Memory& memory) {
  const auto found = std::find(config.transports.begin(), config.transports.end(), memory.home);
  return found == config.transports.end() ? 0 : static_cast<std::size_t>(found - config.transports.begin());
}

/// Spread over as much again: those who lost the preferred transport together don't try it again together.
Millis next_return(const Turn& turn) {
  const std::int64_t further = std::clamp<std::int64_t>(turn.memory.returns - 1, 0, 10);
  const Millis wait = turn.memory.returns == 0 ? kLinkReturnFirstMs : std::min(kLinkReturnMs << further, kLinkReturnMaxMs);
  return turn.now + wait + turn.random.up_to(wait);
}

}  // namespace

bool on_detour(const Config& config, const Memory& memory) { return home_of(config, memory) > 0; }

void choose_transport(Turn& turn) {
  Memory& memory = turn.memory;
  const auto& list = turn.config.transports;
  const std::size_t home = home_of(turn.config, memory);
  memory.returning = home > 0 && memory.misses == 0 && turn.now >= memory.return_at;
  if (memory.returning) {
    memory.transport = turn.config.preferred();
    return;
  }
  const std::int64_t turns = memory.misses < kLinkMissesMax ? 0 : memory.misses - kLinkMissesMax + 1;
  memory.transport = list[(home + static_cast<std::size_t>(turns)) % list.size()];
}

void note_welcome(Turn& turn) {
  Memory& memory = turn.memory;
  memory.misses = 0;
  memory.returning = false;
  memory.home = memory.transport;
  if (!on_detour(turn.config, memory)) memory.returns = 0, memory.return_at = 0;
  else if (memory.return_at <= turn.now) memory.return_at = next_return(turn);
}

void note_miss(Turn& turn, bool heard) {
  Memory& memory = turn.memory;
  if (memory.returning) {
    memory.returning = false;
    if (!heard) memory.returns += 1;
    memory.return_at = next_return(turn);
    return;
  }
  memory.misses = heard ? 0 : memory.misses + 1;
}

}  // namespace holdfast::link
