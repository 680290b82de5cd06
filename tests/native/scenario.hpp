// Runs a scenario file: what happened, and what must be true of it. The same inputs are replayed against the compiled
// module afterwards, so a runner exists once.
#pragma once

#include "store.hpp"

namespace holdfast::test {

/// @return what was not as the scenario says, line by line; empty if all was
std::string run_scenario(const Json& scenario, std::vector<std::string>& transcript);

/// Whether `actual` has what `expected` asks for: an object's named members, a list's items one by one, "*" for
/// anything, {"atMost": n}, {"atLeast": n}.
bool matches(const Json& expected, const Json& actual);

}  // namespace holdfast::test
