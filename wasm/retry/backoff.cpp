#include "retry/backoff.hpp"

#include <algorithm>

#include "codec/time.hpp"

namespace holdfast {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

Millis full_jitter(Millis base_ms, Millis cap_ms, std::int64_t n, Random& random) {
  Millis ceiling = std::min(base_ms, cap_ms);
  for (std::int64_t i = 1; i < n && ceiling < cap_ms; ++i) ceiling = std::min(ceiling * 2, cap_ms);
  return random.up_to(ceiling);
}

std::optional<Millis> parse_retry_after(std::string_view text, Millis now) {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  if (std::all_of(text.begin(), text.end(), is_digit)) {
    // More than nine digits of seconds are longer than a life; the caller's maximum cuts them anyway.
    if (text.size() > 9) return kNever;
    std::int64_t seconds = 0;
    for (const char digit : text) seconds = seconds * 10 + (digit - '0');
    return seconds * 1000;
  }
  const auto at = parse_http_date(text, now);
  if (!at) return std::nullopt;
  return std::max<Millis>(0, *at - now);
}

}  // namespace holdfast
