// Values that are made up when they are needed, as a configuration marks them: `{ $holdfast: 'now' }` and its like
// (Made in js/protocol/config.ts).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/fields.hpp"
#include "model/config.hpp"

namespace holdfast {

/// Whether every value that is to be made up is one that somebody knows how to: any other would be shown to people as
/// it stands.
/// @param sources gets the single documents that values are taken from
bool is_declared(const Json& value, std::vector<std::string>& sources);

/// `{ $holdfast: 'from', resource, at }`, or nothing if the value is anything else.
std::optional<Source> parse_source(const Json& value);

}  // namespace holdfast
