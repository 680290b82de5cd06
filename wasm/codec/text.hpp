// JSON text in and out, within limits.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

/// Parses JSON (RFC 8259). Nothing if the text isn't JSON or is nested deeper than kJsonDepthMax: what builds, prints
/// and merges documents is recursive, and its stack is small.
std::optional<nlohmann::json> parse_json(std::string_view text);

/// Prints compact JSON; text that isn't UTF-8 becomes U+FFFD instead of stopping the module.
std::string print_json(const nlohmann::json& json);

/// Whether two values are equal as RFC 6902, section 4.6 has it: numbers by their value, objects in any order. (The
/// library's own comparison takes -1 and 2^64 - 1 for equal.)
bool same_value(const nlohmann::json& one, const nlohmann::json& other);

/// An id as names and paths have it: the value is a text or a whole number. Empty for anything else, or nothing.
std::string id_text(const nlohmann::json* value);

}  // namespace holdfast
