#include "codec/time.hpp"

#include <array>
#include <cstdio>

namespace holdfast {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

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

/// Of "12:30:07.25" the part behind the seconds, in milliseconds.
std::int64_t take_fraction(std::string_view& text) {
  if (!take(text, '.')) return 0;
  std::int64_t value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]); ++digits) if (digits < 3) value = value * 10 + (text[digits] - '0');
  text.remove_prefix(digits);
  for (; digits < 3; ++digits) value *= 10;
  return value;
}

/// "Z", "+02:00"; minutes east of Greenwich
std::optional<std::int64_t> take_offset(std::string_view& text) {
  if (take(text, 'Z') || take(text, 'z')) return 0;
  const bool east = take(text, '+');
  if (!east && !take(text, '-')) return std::nullopt;
  const auto hours = take_number(text);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return (*hours * 60 + *minutes) * (east ? 1 : -1);
}

}  // namespace

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

std::optional<Millis> parse_timestamp(std::string_view text) {
  const auto year = take_number(text);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text);
  if (!month || *month < 1 || *month > 12 || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text);
  if (!day || (!take(text, 'T') && !take(text, 't') && !take(text, ' '))) return std::nullopt;
  const auto time = take_time(text);
  if (!time) return std::nullopt;
  const std::int64_t fraction = take_fraction(text);
  const auto offset = take_offset(text);
  const auto at = instant(*year, *month, *day, *time);
  if (!offset || !at || !text.empty()) return std::nullopt;
  return *at + fraction - *offset * 60'000;
}

std::string format_timestamp(Millis at) {
  constexpr Millis kDayMs = 86'400'000;
  const std::int64_t days = (at >= 0 ? at : at - (kDayMs - 1)) / kDayMs;
  const std::int64_t rest = at - days * kDayMs;
  // days_from_civil, backwards (Howard Hinnant, civil_from_days).
  const std::int64_t shifted = days + 719468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const std::int64_t day_of_era = shifted - era * 146097;
  const std::int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
  const std::int64_t year = year_of_era + era * 400 + (month >= 10);
  char text[48];
  std::snprintf(text, sizeof text, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lld.%03lldZ", static_cast<long long>(year),
                static_cast<long long>(month < 10 ? month + 3 : month - 9), static_cast<long long>(day), static_cast<long long>(rest / 3'600'000),
                static_cast<long long>(rest / 60'000 % 60), static_cast<long long>(rest / 1'000 % 60), static_cast<long long>(rest % 1'000));
  return text;
}

}  // namespace holdfast
