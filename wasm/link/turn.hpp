// One step, as everything that takes part in it sees it.
#pragma once

#include <string>
#include <vector>

#include "base/random.hpp"
#include "link/events.hpp"
#include "link/state.hpp"

namespace holdfast::link {

/// What the event brought along, for whoever carries it out.
struct News {
  std::string life;
  Millis heartbeat_ms = kUnnamed;
  Millis window_ms = kUnnamed;
  Millis retry_after_ms = kUnnamed;
  std::int64_t code = 0;  ///< close code or status
};

struct Turn {
  const Config& config;
  Memory& memory;
  Millis now;
  Random& random;
  std::vector<Effect>& effects;
  News news;
};

}  // namespace holdfast::link
