#include "overlay/declared.hpp"

#include <cstdio>

#include "codec/made.hpp"
#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "overlay/optimistic.hpp"

namespace holdfast {
namespace {

struct Date {
  std::int64_t year = 0;
  std::int64_t month = 0;
  std::int64_t day = 0;
};

/// The proleptic Gregorian date of a day counted from 1970-01-01. Years are counted from March, so that the leap day
/// comes last: within 400 of them, 146,097 days, everything else is whole-number arithmetic.
Date date_of(std::int64_t days) {
  const std::int64_t since = days + 719'468;  // from 0000-03-01
  const std::int64_t era = (since >= 0 ? since : since - 146'096) / 146'097;
  const std::int64_t day_of_era = since - era * 146'097;
  const std::int64_t year = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;  // 0: March
  Date date;
  date.day = day_of_year - (153 * month + 2) / 5 + 1;
  date.month = month < 10 ? month + 3 : month - 9;
  date.year = year + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

Json sum(const Json* before, const Json& by) {
  const bool number = before != nullptr && before->is_number();
  if (!number) return by;
  if (before->is_number_integer() && by.is_number_integer()) return before->get<std::int64_t>() + by.get<std::int64_t>();
  return before->get<double>() + by.get<double>();
}

/// @param before what is there now, or null
/// @param nothing set where the value is to stay as it is
Json make(const Json& declared, const Json* before, const Making& making, bool& nothing) {
  if (declared.is_array()) {
    Json list = Json::array();
    for (const Json& item : declared) {
      bool none = false;
      Json made = make(item, nullptr, making, none);
      if (!none) list.push_back(std::move(made));
    }
    return list;
  }
  if (!declared.is_object()) return declared;
  const auto kind = declared.find("$holdfast");
  if (kind == declared.end()) {
    Json object = Json::object();
    for (const auto& [name, value] : declared.items()) {
      bool none = false;
      const Json* member = before != nullptr && before->is_object() && before->contains(name) ? &(*before)[name] : nullptr;
      Json made = make(value, member, making, none);
      if (!none) object[name] = std::move(made);
    }
    return object;
  }
  if (*kind == "now") return iso_time(making.write.created_at);
  if (*kind == "url") return making.url;
  if (*kind == "increment") return sum(before, declared["by"]);
  std::optional<Json> taken;
  if (const auto source = parse_source(declared)) taken = shown_part(making.context, making.write.user, *source);
  else if (const Json* given = find_part(making.body, parse_pointer(declared["at"].get_ref<const std::string&>()))) taken = *given;
  nothing = !taken;
  return taken.value_or(Json(nullptr));
}

}  // namespace

Json with_defaults(const std::string& declared, Json document, const Making& making) {
  const auto parsed = declared.empty() ? std::nullopt : parse_json(declared);
  if (!parsed) return document;
  bool nothing = false;
  Json whole = make(*parsed, nullptr, making, nothing);
  for (const auto& [name, value] : document.items()) whole[name] = value;
  return whole;
}

void apply_effect(const std::string& declared, Json& document, const Making& making) {
  const auto parsed = parse_json(declared);
  if (!parsed) return;
  bool nothing = false;
  merge_patch(document, make(*parsed, &document, making, nothing));
}

std::string iso_time(Millis time) {
  const std::int64_t day = 86'400'000;
  const std::int64_t days = (time >= 0 ? time : time - (day - 1)) / day;
  const std::int64_t within = time - days * day;
  const Date date = date_of(days);
  char text[48];
  const char* year_format = date.year >= 0 && date.year <= 9'999 ? "%04lld" : date.year < 0 ? "-%06lld" : "+%06lld";
  int length = std::snprintf(text, sizeof text, year_format, static_cast<long long>(date.year < 0 ? -date.year : date.year));
  std::snprintf(text + length, sizeof text - static_cast<std::size_t>(length), "-%02d-%02dT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.month), static_cast<int>(date.day), static_cast<int>(within / 3'600'000),
                static_cast<int>(within / 60'000 % 60), static_cast<int>(within / 1'000 % 60), static_cast<int>(within % 1'000));
  return text;
}

}  // namespace holdfast
