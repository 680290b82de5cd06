// The merge by itself, as servers use it: text in, text out.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/conflicts.hpp"

using holdfast::Conflicts;
using Json = nlohmann::json;

namespace {

Conflicts declared(const Json& rules) {
  Conflicts conflicts;
  REQUIRE(conflicts.configure(rules.dump()) == R"({"ok":true})");
  return conflicts;
}

Json merged(const Conflicts& conflicts, const Json& given) { return Json::parse(conflicts.merge(given.dump())); }

}  // namespace

TEST_CASE("Merging by itself: the document, whether it differs from theirs, and what was decided") {
  const Conflicts conflicts = declared({{"fields", {{"tip", "counter"}}}});
  CHECK(merged(conflicts, {{"base", {{"tip", 1}, {"note", "a"}}}, {"mine", {{"tip", 3}, {"note", "a"}}}, {"theirs", {{"tip", 2}, {"note", "b"}}}}) ==
        Json::parse(R"({"changed":true,"document":{"note":"b","tip":4},"decisions":[{"base":1,"mine":3,"path":"/tip","policy":"counter","reason":"","result":4,"theirs":2,"verdict":"merged"}]})"));
  CHECK(merged(conflicts, {{"base", {{"tip", 1}}}, {"mine", {{"tip", 1}}}, {"theirs", {{"tip", 2}}}}) ==
        Json::parse(R"({"changed":false,"document":{"tip":2},"decisions":[]})"));
}

TEST_CASE("Merging by itself: a document that is missing was deleted") {
  const Conflicts conflicts = declared({{"default", {{"deleted", "delete"}}}});
  const Json answer = merged(conflicts, {{"base", {{"a", 1}}}, {"mine", {{"a", 2}}}});
  CHECK_FALSE(answer.contains("document"));
  CHECK(answer["decisions"][0]["verdict"] == "theirs");
}

TEST_CASE("Merging by itself: the later change stands, where both times are told") {
  const Conflicts conflicts = declared({{"default", "last-write-wins"}});
  Json given{{"base", {{"a", 1}}}, {"mine", {{"a", 2}}}, {"theirs", {{"a", 3}}}};
  CHECK(merged(conflicts, given)["decisions"][0]["verdict"] == "ask");
  given["times"] = {{"mine", {{"wall", 1'000}}}, {"theirs", {{"wall", 2'000}}}, {"now", 3'000}};
  CHECK(merged(conflicts, given)["document"] == Json{{"a", 3}});
  given["times"]["mine"] = {{"wall", 2'000}, {"count", 1}};
  CHECK(merged(conflicts, given)["document"] == Json{{"a", 2}});
}

TEST_CASE("Merging by itself: what can't be read is refused, whatever it is") {
  const Conflicts conflicts = declared(Json::object());
  for (const char* given : {"", "[]", "{", R"({"times":1})", R"({"times":{}})", R"({"times":{"now":"1"}})", R"({"times":{"now":1,"mine":1}})",
                            R"({"times":{"now":1,"mine":{"wall":9007199254740991}}})", R"({"times":{"now":1,"mine":{"wall":"1"}}})"}) {
    CHECK_MESSAGE(Json::parse(conflicts.merge(given))["refused"]["code"] == "unreadable-merge", given);
  }
}

TEST_CASE("Merging by itself: mistakes in the rules are named, and leave those that were there") {
  Conflicts conflicts = declared({{"default", "client-wins"}});
  const Json told = Json::parse(conflicts.configure(R"({"default":"mine-wins"})"));
  CHECK(told["ok"] == false);
  CHECK(told["errors"][0]["field"] == "conflicts.default");
  CHECK(Json::parse(conflicts.configure("nonsense"))["errors"][0]["field"] == "conflicts");
  CHECK(merged(conflicts, {{"base", {{"a", 1}}}, {"mine", {{"a", 2}}}, {"theirs", {{"a", 3}}}})["document"] == Json{{"a", 2}});
}
