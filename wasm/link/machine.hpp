// The live link: a function from what it remembers and one event to what it remembers then and what is to be done. No
// clock, no randomness, no sockets of its own.
#pragma once

#include <vector>

#include "base/random.hpp"
#include "link/events.hpp"
#include "link/state.hpp"
#include "link/table.hpp"

namespace holdfast::link {

struct Outcome {
  std::vector<Effect> effects;  ///< in order
  const Row* row = nullptr;     ///< of the table; nothing: it was no news
};

/// @param now may stand still, jump, or run backwards
Outcome step(const Config& config, Memory& memory, const Event& event, Millis now, Random& random);

}  // namespace holdfast::link
