#include "engine/conflicts.hpp"

#include "codec/rules_codec.hpp"
#include "codec/text.hpp"
#include "conflict/outlined.hpp"
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
  if (!json.is_object() || !read_stamp(json, "mine", times.mine) || !read_stamp(json, "theirs", times.theirs)) return false;
  const auto now = json.find("now");
  if (now == json.end() || !now->is_number_integer()) return false;
  times.now = now->get<Millis>();
  return is_time(times.now);
}

/// @param records as texts
/// @param document as text; empty: it is deleted
std::string answer_of(bool changed, const std::vector<std::string>& records, std::string document) {
  std::string head = changed ? R"({"changed":true,"decisions":[)" : R"({"changed":false,"decisions":[)";
  for (std::size_t i = 0; i < records.size(); ++i) head.append(i > 0 ? "," : "").append(records[i]);
  head += ']';
  if (!document.empty()) head += R"(,"document":)";
  return document.insert(0, head) += '}';
}

/// Most of what is merged is the same on all sides, and needn't be parsed. Nothing where everything has to be.
std::optional<std::string> merge_by_outline(const Rules& rules, const std::string& json) {
  const auto outline = Outline::of(json);
  const auto members = outline ? outline->members(0) : std::nullopt;
  if (!members) return std::nullopt;
  const auto find = [&](std::string_view name) {
    for (const Outline::Index member : *members) if ((*outline)[member].name == name) return member;
    return Outline::Index{0};
  };
  Times times;
  const Outline::Index told = find("times");
  if (told != 0 && !read_times(*parse_json((*outline)[told].text), times)) return std::nullopt;
  auto merged = merge_outlined(rules, *outline, {find("base"), find("mine"), find("theirs")}, times);
  if (!merged) return std::nullopt;
  return answer_of(merged->changed, merged->decisions, std::move(merged->document));
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
  if (auto answer = merge_by_outline(rules_, json)) return std::move(*answer);
  const auto given = parse_json(json);
  if (!given || !given->is_object()) return refused("A merge is a JSON object: { base, mine, theirs }.");
  const auto member = [&](const char* name) {
    const auto found = given->find(name);
    return found == given->end() ? nullptr : &*found;
  };
  Times times;
  const Json* told = member("times");
  if (told != nullptr && !read_times(*told, times)) return refused("`times` has a time that can't be read: { mine: { wall, count, node }, theirs, now }.");
  Merged merged = holdfast::merge(rules_, {member("base"), member("mine"), member("theirs")}, times);
  std::vector<std::string> records;
  for (Decision& decision : merged.decisions) records.push_back(print_json(record_of(std::move(decision))));
  return answer_of(merged.changed, records, merged.document ? print_json(*merged.document) : std::string());
}

}  // namespace holdfast
