#include "link/wait.hpp"

#include <algorithm>

#include "link/transports.hpp"
#include "retry/backoff.hpp"

namespace holdfast::link {
namespace {

/// The longest wait that there can be for a reason.
Millis longest(const Config& config, Hold hold) {
  switch (hold) {
    case Hold::kNone:
    case Hold::kGone: return 0;
    case Hold::kSilence: return config.cap_ms + config.base_ms;
    case Hold::kWindow:
    case Hold::kTrouble: return std::max(config.cap_ms, kLinkWindowMaxMs);
    case Hold::kNamed: return kRetryAfterMaxMs + std::max(kRetryAfterMaxMs / kLinkSpreadParts, kLinkWindowMaxMs);
    case Hold::kRefused: return kLinkRefusedMs + kLinkRefusedMs / kLinkSpreadParts;
    case Hold::kCredentials: return kLinkRefreshMs;
    case Hold::kHint: return 2 * config.cap_ms;
  }
  return 0;
}

/// base × 2^(n−1), without a cap.
Millis doubled(const Turn& turn) {
  return turn.config.base_ms << std::clamp<std::int64_t>(turn.memory.failures - 1, 0, 20);
}

}  // namespace

Millis backoff_ms(Turn& turn) {
  const Millis floor = turn.memory.crowd ? turn.memory.window_ms : 0;
  return full_jitter(std::max(doubled(turn), floor), turn.config.cap_ms, 1, turn.random);
}

Millis window_wait_ms(Turn& turn) {
  const Millis least = turn.memory.failures > 1 ? std::min(doubled(turn), turn.config.cap_ms) : 0;
  return turn.random.up_to(std::max(turn.memory.window_ms, least));
}

Millis named_wait_ms(Turn& turn, bool crowd) {
  const Millis named = std::clamp(turn.news.retry_after_ms, turn.config.base_ms, kRetryAfterMaxMs);
  const Millis spread = named / kLinkSpreadParts;
  return named + turn.random.up_to(crowd ? std::max(spread, turn.memory.window_ms) : spread);
}

bool held(const Config& config, const Memory& memory, Millis now) {
  return memory.due > now && memory.due - now <= longest(config, memory.hold);
}

Millis quiet_ms(const Memory& memory) { return memory.heartbeat_ms + memory.heartbeat_ms / kLinkLateParts; }
Millis answer_ms(const Memory& memory) { return memory.heartbeat_ms - memory.heartbeat_ms / kLinkLateParts; }

Millis wake_at(const Config& config, const Memory& memory, Millis now) {
  switch (memory.state) {
    case State::kSuspended:
    case State::kNeedsAuth: return kNever;
    case State::kConnecting: return memory.opened_at + config.connect_timeout_ms;
    case State::kReplaying:
    case State::kLive: {
      const Millis silent = memory.asked_at == kNever ? memory.heard_at + quiet_ms(memory) : memory.asked_at + memory.asked_for_ms;
      return memory.state == State::kLive && on_detour(config, memory) ? std::min(silent, memory.return_at) : silent;
    }
    case State::kOffline:
    case State::kWaiting: break;
  }
  if (memory.hold == Hold::kGone) return kNever;
  return held(config, memory, now) ? memory.due : now;
}

}  // namespace holdfast::link
