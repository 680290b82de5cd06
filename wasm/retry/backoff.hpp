// How long to wait.
#pragma once

#include <optional>
#include <string_view>

#include "base/random.hpp"

namespace holdfast {

/// Exponential backoff with full jitter (Marc Brooker, "Exponential Backoff And Jitter", AWS, 2015): uniform in
/// [0, min(cap, base × 2^(n−1))].
/// @param n 1 for the first failure
Millis full_jitter(Millis base_ms, Millis cap_ms, std::int64_t n, Random& random);

/// Retry-After (RFC 9110, section 10.2.3): seconds, or an HTTP-date in any of its three forms (section 5.6.7).
/// @return milliseconds from now, never negative; nothing if the text is neither
std::optional<Millis> parse_retry_after(std::string_view text, Millis now);

}  // namespace holdfast
