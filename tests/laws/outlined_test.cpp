// Merging texts is merging what they say, to the last byte, however they are written: with what was left out because
// nobody had changed it.
#include "outlined.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "codec/outline.hpp"
#include "codec/pointer.hpp"
#include "codec/rules_codec.hpp"
#include "codec/text.hpp"
#include "conflict/record.hpp"
#include "engine/conflicts.hpp"

using namespace holdfast;

namespace {

using JsonGen = rc::Gen<Json>;

/// Where changes are made: members next to each other, within each other, and where a rule is.
constexpr const char* kPlaces[] = {"/a", "/b", "/o", "/o/a", "/o/b", "/o/o/a", "/o/o/b", "/tip", "/o/tip", "/items", "/tags", "/note", "/own", "/own/a"};
constexpr const char* kRules = R"({"fields":{"/items/1":"server-wins","/items/*/a":{"policy":"merge","otherwise":"client-wins"},"tip":"counter","/o/tip":{"counter":{"min":0}},"items":{"list":"id"},"tags":"set","note":"text","own":"client-wins","/o/o/*":"max"}})";

JsonGen value(int depth) {
  const JsonGen scalar = rc::gen::weightedOneOf<Json>({
      {20, rc::gen::map(rc::gen::inRange(-20, 20), [](int tenths) { return tenths % 10 == 0 ? Json(tenths / 10) : Json(tenths / 10.0); })},
      {20, rc::gen::element(Json(""), Json("a/b"), Json("é\n"), Json("\"\\\x01"), Json("日本\x7f"), Json(true), Json(nullptr), Json(0.1 + 0.2), Json(1e-7))},
      // With these the outline is none, and all is parsed.
      {1, rc::gen::element(Json(1e300), Json(-0.0), Json(2.0), Json(18446744073709551615U))}});
  if (depth == 0) return scalar;
  const auto array = rc::gen::map(rc::gen::container<std::vector<Json>>(value(depth - 1)), [](const std::vector<Json>& values) { return Json(values); });
  const auto names = rc::gen::elementOf(std::vector<std::string>{"a", "b", "id", "é", "a\n", ""});
  const auto object = rc::gen::map(rc::gen::container<std::vector<std::pair<std::string, Json>>>(rc::gen::pair(names, value(depth - 1))), [](const auto& members) {
    Json made = Json::object();
    for (const auto& [name, member] : members) made[name] = member;
    return made;
  });
  return rc::gen::oneOf(scalar, scalar, array, object);
}

/// A list whose elements mostly have ids, of texts and of numbers, and mostly each its own.
JsonGen list() {
  const auto id = rc::gen::weightedElement<Json>({{9, "a"}, {9, "b"}, {9, "c"}, {9, 1}, {9, 2}, {1, "a/b"}, {1, "\n"}, {1, 0.5}, {1, nullptr}});
  const auto drawn = rc::gen::container<std::vector<std::pair<Json, Json>>>(rc::gen::pair(id, value(1)));
  return rc::gen::map(rc::gen::pair(drawn, rc::gen::inRange(0, 9)), [](const auto& drawn) {
    Json made = Json::array();
    for (const auto& [id, member] : drawn.first) {
      const bool there = std::any_of(made.begin(), made.end(), [&id = id](const Json& one) { return one["id"] == id; });
      if (!there || drawn.second == 0) made.push_back({{"id", id}, {"a", member}});
    }
    return made;
  });
}

struct Edit {
  std::string place;
  Json value;
  bool removes;
};

using Edits = std::vector<Edit>;

std::ostream& operator<<(std::ostream& out, const Edit& edit) { return out << edit.place << (edit.removes ? " removed" : " = " + edit.value.dump()); }

rc::Gen<Edits> edits() {
  const auto edit = rc::gen::map(
      rc::gen::tuple(rc::gen::elementOf(std::vector<std::string>(std::begin(kPlaces), std::end(kPlaces))), value(2), rc::gen::inRange(0, 5)),
      [](const auto& drawn) { return Edit{std::get<0>(drawn), std::get<1>(drawn), std::get<2>(drawn) == 0}; });
  const auto of_list = rc::gen::map(list(), [](const Json& list) { return Edit{"/items", list, false}; });
  const auto some = rc::gen::container<Edits>(rc::gen::weightedOneOf<Edit>({{4, edit}, {1, of_list}}));
  return rc::gen::weightedOneOf<Edits>({{4, some}, {1, rc::gen::just(Edits())}});  // who changes nothing may still write it in another way
}

Json edited(Json document, const Edits& edits) {
  for (const Edit& edit : edits) {
    Pointer pointer = parse_pointer(edit.place);
    if (!edit.removes) {
      make_part(document, pointer) = edit.value;
      continue;
    }
    const std::string name = pointer.back();
    pointer.pop_back();
    Json* above = find_part(document, pointer);
    if (above != nullptr && above->is_object()) above->erase(name);
  }
  return document;
}

/// One of the ways to write a value. With one seed equal values are written alike.
std::string spelled(const Json& value, int seed) {
  if (seed == 0) return value.dump();
  Random random(std::to_string(seed) + value.dump());
  const auto rarely = [&] { return random.up_to(7) == 0; };
  const auto blank = [&] { return seed > 1 && rarely() ? std::string(random.up_to(1) == 0 ? " " : "\n\t") : std::string(); };
  if (value.is_number_integer() && seed > 2) return value.dump() + (seed == 3 ? ".0" : "E0");
  if (value.is_string()) {
    const std::string text = value.dump();
    if (text.size() > 2 && text[1] == 'a' && rarely()) return "\"\\u0061" + text.substr(2);
    return text == "\"a/b\"" && rarely() ? R"("a\/b")" : text;
  }
  if (!value.is_structured()) return value.dump();
  std::vector<std::string> parts;
  for (auto item = value.begin(); item != value.end(); ++item) {
    const std::string name = value.is_object() ? spelled(Json(item.key()), rarely() ? seed : 0) + blank() + ":" + blank() : "";
    parts.push_back(blank() + name + spelled(*item, seed) + blank());
    if (value.is_object() && rarely() && rarely()) parts.push_back(name + "7");  // there twice: the last one counts
  }
  for (std::size_t i = parts.size(); value.is_object() && i > 1; --i) std::swap(parts[i - 1], parts[static_cast<std::size_t>(random.up_to(static_cast<Millis>(i) - 1))]);
  std::string text = value.is_object() ? "{" : "[";
  for (const std::string& part : parts) text += (text.size() > 1 ? "," : "") + part;
  return text + (parts.empty() ? blank() : "") + (value.is_object() ? "}" : "]");
}

Rules rules() {
  Rules rules;
  std::vector<ConfigError> errors;
  decode_rules(Json::parse(kRules), "conflicts", errors, rules);
  return rules;
}

/// The answer as the parsed documents give it, or nothing if they can't be parsed.
std::optional<std::string> expected(const std::string& text) {
  const auto given = parse_json(text);
  if (!given || !given->is_object()) return std::nullopt;
  const auto side = [&](const char* name) { return given->contains(name) ? &(*given)[name] : nullptr; };
  const Merged merged = merge(rules(), {side("base"), side("mine"), side("theirs")}, {});
  Json answer = {{"changed", merged.changed}, {"decisions", Json::array()}};
  for (const Decision& decision : merged.decisions) answer["decisions"].push_back(record_of(decision));
  if (merged.document) answer["document"] = *merged.document;
  return print_json(answer);
}

void is_as_parsed(const std::string& text) {
  Conflicts conflicts;
  RC_ASSERT(conflicts.configure(kRules) == R"({"ok":true})");
  const std::string answer = conflicts.merge(text);
  const auto wanted = expected(text);
  if (wanted) RC_ASSERT(answer == *wanted);
  else RC_ASSERT(answer.find(R"({"refused")") == 0);
}

std::string drawn_input() {
  const Json base = edited(Json::object(), *edits().as("base"));
  const Json mine = edited(base, *edits().as("mine")), theirs = edited(base, *edits().as("theirs"));
  const auto seed = [](const char* side) { return *rc::gen::weightedElement<int>({{4, 0}, {4, 1}, {4, 2}, {2, 3}, {1, 4}}).as(std::string("spelling of ") + side); };
  const int usual = seed("base");
  const auto own = [&](const char* side) { return *rc::gen::inRange(0, 4).as("another one") == 0 ? seed(side) : usual; };
  const std::string text = R"({"base":)" + spelled(base, usual) + R"(,"mine":)" + spelled(mine, own("mine")) + R"(,"theirs":)" + spelled(theirs, own("theirs")) + "}";
  RC_LOG() << text << std::endl;
  RC_CLASSIFY(Outline::of(text).has_value(), "by outline");
  return text;
}

}  // namespace

bool check_outlined() {
  bool all_ok = rc::check("texts: what is left out, as nobody changed it, changes nothing", [] { is_as_parsed(drawn_input()); });
  all_ok = rc::check("texts: what is no JSON is refused, wherever the mistake is", [] {
    std::string text = drawn_input();
    const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
    const std::string piece = *rc::gen::elementOf(std::vector<std::string>{"", "\"", "\\", ",", "}", "]", "{", "0", "-", ".", "e9", "\x01", "\xC3", "\xED\xA0\x80", " ", "null", std::string(1, '\0')});
    text.replace(at, *rc::gen::inRange<std::size_t>(0, 2), piece);
    is_as_parsed(text);
  }) && all_ok;
  all_ok = rc::check("texts: a part is printed as if it had been parsed", [] {
    const auto text = *rc::gen::map(rc::gen::pair(value(3), rc::gen::inRange(0, 9)), [](const auto& drawn) { return spelled(drawn.first, drawn.second); });
    const auto outline = Outline::of(text);
    RC_PRE(outline.has_value());
    Sink printed;
    outline->print(0, printed);
    RC_ASSERT(printed.take() == print_json(*parse_json(text)));
  }) && all_ok;
  return all_ok;
}
