// Points in time, as protocols and documents write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/limits.hpp"

namespace holdfast {

/// An HTTP-date in any of its three forms (RFC 9110, section 5.6.7).
/// @param now tells the century of a year that has two digits
std::optional<Millis> parse_http_date(std::string_view text, Millis now);

/// A date and time with its offset (RFC 3339, section 5.6): `2026-11-26T20:53:00.123Z`.
std::optional<Millis> parse_timestamp(std::string_view text);

/// The same, in UTC and with milliseconds.
std::string format_timestamp(Millis at);

}  // namespace holdfast
