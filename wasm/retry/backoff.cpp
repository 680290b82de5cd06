#include "retry/backoff.hpp"

#include <algorithm>
#include <array>

namespace holdfast {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes a number of up to nine digits from the front.
std::optional<std::int64_t> take_number(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  std::int64_t value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && digits < 9 && is_digit(text[digits])) value = value * 10 + (text[digits++] - '0');
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> take_month(std::string_view& text) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  for (std::size_t i = 0; i < kMonths.size(); ++i) {
    if (text.substr(0, 3) == kMonths[i]) {
      text.remove_prefix(3);
      return static_cast<std::int64_t>(i) + 1;
    }
  }
  return std::nullopt;
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms", days_from_civil).
std::int64_t days_from_civil(std::int64_t year, std::int64_t month, std::int64_t day) {
  year -= month <= 2;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

struct Time {
  std::int64_t hour, minute, second;
};

std::optional<Time> take_time(std::string_view& text) {
  const auto hour = take_number(text);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return Time{*hour, *minute, *second};
}

std::optional<Millis> instant(std::int64_t year, std::int64_t month, std::int64_t day, const Time& time) {
  if (day < 1 || day > 31 || year < 1 || year > 9999) return std::nullopt;
  const std::int64_t days = days_from_civil(year, month, day);
  return (((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second) * 1000;
}

/// "Sun Nov  6 08:49:37 1994"
std::optional<Millis> parse_asctime(std::string_view text) {
  const auto month = take_month(text);
  const auto day = take_number(text);
  const auto time = take_time(text);
  const auto year = take_number(text);
  if (!month || !day || !time || !year) return std::nullopt;
  return instant(*year, *month, *day, *time);
}

std::optional<Millis> parse_http_date(std::string_view text, Millis now) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    return parse_asctime(text.substr(space));
  }
  // "Sun, 06 Nov 1994 08:49:37 GMT" or "Sunday, 06-Nov-94 08:49:37 GMT"
  text.remove_prefix(comma + 1);
  const auto day = take_number(text);
  take(text, '-');
  const auto month = take_month(text);
  take(text, '-');
  auto year = take_number(text);
  const auto time = take_time(text);
  if (!day || !month || !year || !time) return std::nullopt;
  if (*year < 100) {
    // A two-digit year that seems more than 50 years ahead is in the past (RFC 9110, section 5.6.7).
    const std::int64_t this_year = 1970 + now / 31'556'952'000;
    *year += this_year / 100 * 100;
    if (*year > this_year + 50) *year -= 100;
  }
  return instant(*year, *month, *day, *time);
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
    auto rest = text;
    return *take_number(rest) * 1000;
  }
  const auto at = parse_http_date(text, now);
  if (!at) return std::nullopt;
  return std::max<Millis>(0, *at - now);
}

}  // namespace holdfast
