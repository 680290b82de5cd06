#include "engine/conflicts.hpp"

#include "codec/rules_codec.hpp"
#include "codec/text.hpp"
#include "conflict/record.hpp"

namespace holdfast {
namespace {

std::string refused(const std::string& message) {
  return print_json({{"refused", {{"code", "unreadable-merge"}, {"message", message}}}});
}

/// A time that Date can't hold would overflow what is computed from it.
bool is_time(Millis time) { return time >= -kNever && time <= kNever; }

/// @return false if it is there and isn't a stamp
bool read_stamp(const Json& times, const char* name, std::optional<Stamp>& stamp) {
  const auto found = times.find(name);
  if (found == times.end()) return true;
  stamp.emplace();
  return found->is_object() && read_fields(*found, *stamp).empty() && is_time(stamp->wall);
}

bool read_times(const Json& json, Times& times) {
  const auto found = json.find("times");
  if (found == json.end()) return true;
  if (!found->is_object() || !read_stamp(*found, "mine", times.mine) || !read_stamp(*found, "theirs", times.theirs)) return false;
  const auto now = found->find("now");
  if (now == found->end() || !now->is_number_integer()) return false;
  times.now = now->get<Millis>();
  return is_time(times.now);
}

}  // namespace

std::string Conflicts::configure(const std::string& json) {
  std::vector<ConfigError> mistakes;
  Rules rules;
  decode_rules(parse_json(json).value_or(Json()), "conflicts", mistakes, rules);
  if (mistakes.empty()) {
    rules_ = std::move(rules);
    return print_json({{"ok", true}});
  }
  Json errors = Json::array();
  for (const ConfigError& mistake : mistakes) errors.push_back({{"field", mistake.field}, {"message", mistake.message}});
  return print_json({{"ok", false}, {"errors", std::move(errors)}});
}

std::string Conflicts::merge(const std::string& json) const {
  const auto given = parse_json(json);
  if (!given || !given->is_object()) return refused("A merge is a JSON object: { base, mine, theirs }.");
  Times times;
  if (!read_times(*given, times)) return refused("`times` has a time that can't be read: { mine: { wall, count, node }, theirs, now }.");
  const auto side = [&](const char* name) {
    const auto found = given->find(name);
    return found == given->end() ? nullptr : &*found;
  };
  const Merged merged = holdfast::merge(rules_, {side("base"), side("mine"), side("theirs")}, times);
  Json decisions = Json::array();
  for (const Decision& decision : merged.decisions) decisions.push_back(record_of(decision));
  Json answer = {{"changed", merged.changed}, {"decisions", std::move(decisions)}};
  if (merged.document) answer["document"] = *merged.document;
  return print_json(answer);
}

}  // namespace holdfast
