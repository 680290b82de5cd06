#include <doctest/doctest.h>

#include "codec/rules_codec.hpp"
#include "conflict/clock.hpp"
#include "conflict/merge.hpp"

using namespace holdfast;

namespace {

Rules rules_of(const Json& json) {
  Rules rules;
  std::vector<ConfigError> errors;
  decode_rules(json.is_null() ? Json::object() : json, "conflicts", errors, rules);
  REQUIRE(errors.empty());
  return rules;
}

Merged merged(const Json& rules, const char* base, const char* mine, const char* theirs, const Times& times = {}) {
  const auto side = [](const char* text) { return text == nullptr ? Json() : Json::parse(text); };
  const Json b = side(base), m = side(mine), t = side(theirs);
  return merge(rules_of(rules), {base == nullptr ? nullptr : &b, mine == nullptr ? nullptr : &m, theirs == nullptr ? nullptr : &t}, times);
}

/// The result, and behind it how each part was decided: `{"tip":3} /tip merged`.
std::string told(const Merged& merged) {
  const char* const verdicts[] = {"merged", "mine", "theirs", "ask"};
  std::string text = merged.document ? merged.document->dump() : "deleted";
  for (const Decision& one : merged.decisions) {
    text += ' ';
    for (const std::string& step : one.path) text += '/' + step;
    text += std::string(one.path.empty() ? "" : " ") + verdicts[static_cast<int>(one.verdict)];
    if (!one.reason.empty()) text += " (" + one.reason + ")";
  }
  return text;
}

std::string field(const Json& rule, const char* base, const char* mine, const char* theirs, const Times& times = {}) {
  return told(merged({{"default", rule}}, base, mine, theirs, times));
}

Json machine() {
  return {{"placed", {"accepted", "cancelled"}}, {"accepted", {"picked-up", "cancelled"}}, {"picked-up", {"delivered", "returned"}},
          {"delivered", Json::array()}, {"returned", Json::array()}, {"cancelled", Json::array()}};
}

}  // namespace

TEST_CASE("Promise 19: changes of different fields are both in, and nothing was to be decided") {
  CHECK(told(merged({}, R"({"note":"","tip":0})", R"({"note":"ring","tip":0})", R"({"note":"","tip":2})")) == R"({"note":"ring","tip":2})");
  CHECK(told(merged({}, R"({"a":{"b":1,"c":1}})", R"({"a":{"b":2,"c":1}})", R"({"a":{"b":1,"c":2,"d":3}})")) == R"({"a":{"b":2,"c":2,"d":3}})");
  CHECK(told(merged({}, R"({"a":1,"b":1})", R"({"b":1})", R"({"a":1,"b":2})")) == R"({"b":2})");
}

TEST_CASE("Promise 20: one field changed on both sides, without a rule, is a person's matter") {
  const Merged both = merged({}, R"({"note":"a","tip":0})", R"({"note":"b","tip":1})", R"({"note":"c","tip":0})");
  CHECK(told(both) == R"({"note":"c","tip":1} /note ask)");
  CHECK(both.asks());
  CHECK_FALSE(both.overruled());
  CHECK(both.decisions[0].base == Json("a"));
  CHECK(both.decisions[0].mine == Json("b"));
  CHECK(both.decisions[0].theirs == Json("c"));
  CHECK(both.decisions[0].result == Json("c"));
}

TEST_CASE("Promise 20: policies that pick a side") {
  CHECK(field("server-wins", "1", "2", "3") == "3 theirs");
  CHECK(field("client-wins", "1", "2", "3") == "2 mine");
  CHECK(field("manual", "1", "2", "3") == "3 ask");
  CHECK(field({{"resolver", "app"}}, "1", "2", "3") == "3 ask (app)");
  CHECK(field({{"otherwise", "client-wins"}}, R"({"a":1})", R"({"a":2})", R"({"a":3})") == R"({"a":2} /a mine)");
  CHECK(merged({{"default", "server-wins"}}, "1", "2", "3").overruled());
}

TEST_CASE("Promise 20: the last write wins, as far as its clock can be believed") {
  const Millis now = 10'000'000;
  const auto at = [&](Millis mine, Millis theirs) { return Times{Stamp{mine, 0, "me"}, Stamp{theirs, 0, "server"}, now}; };
  CHECK(field("last-write-wins", "1", "2", "3", at(now - 1, now - 2)) == "2 mine (later)");
  CHECK(field("last-write-wins", "1", "2", "3", at(now - 2, now - 1)) == "3 theirs (later)");
  CHECK(field("last-write-wins", "1", "2", "3", at(now, now)) == "3 theirs (later)");  // "me" < "server"
  CHECK(field("last-write-wins", "1", "2", "3", {Stamp{now, 2, "me"}, Stamp{now, 1, "server"}, now}) == "2 mine (later)");
  CHECK(field("last-write-wins", "1", "2", "3", {std::nullopt, Stamp{now, 0, "server"}, now}) == "3 ask (no time)");
  // A phone that was set ten years ahead is a minute ahead, and no more.
  const Millis years = 10LL * 365 * 24 * 3'600'000;
  CHECK(field("last-write-wins", "1", "2", "3", at(now + years, now)) == "2 mine (later)");
  CHECK(field("last-write-wins", "1", "2", "3", at(now + years, now + kSkewMax)) == "3 theirs (later)");
}

TEST_CASE("A hybrid clock goes on from what it has met, and not from what can't be") {
  CHECK(next_stamp({100, 4, "you"}, 200, "me") == Stamp{200, 0, "me"});
  CHECK(next_stamp({200, 4, "you"}, 200, "me") == Stamp{200, 5, "me"});
  CHECK(next_stamp({300, 4, "you"}, 200, "me") == Stamp{300, 5, "me"});  // its clock was ahead, or ours went back
  CHECK(met_stamp({100, 0, "me"}, {150, 3, "you"}, 120) == Stamp{150, 3, "you"});
  CHECK(met_stamp({100, 0, "me"}, {90, 3, "you"}, 120) == Stamp{100, 0, "me"});
  CHECK(met_stamp({100, 0, "me"}, {120 + kSkewMax + 1, 0, "you"}, 120) == Stamp{100, 0, "me"});
}

TEST_CASE("Promise 20: a counter adds both differences") {
  CHECK(field("counter", "5", "7", "4") == "6 merged");
  CHECK(field("counter", "5", "6", "6") == "7 merged");
  CHECK(field("counter", nullptr, "2", "3") == "5 merged");
  CHECK(field("counter", "0.1", "0.3", "0.2") == "0.4 merged");
  CHECK(field({{"counter", {{"min", 0}}}}, "5", "1", "2") == "0 merged");
  CHECK(field({{"counter", {{"max", 9.5}}}}, "5", "8", "8") == "9.5 merged");
  CHECK(field("counter", "5", "\"six\"", "4") == "4 ask (wrong type)");
  CHECK(field("counter", "0", "9007199254740991", "9007199254740991") == "9007199254740991 ask (not exact)");
  CHECK(field("counter", "0", "0.3333333333333333", "1") == "1 ask (not exact)");
  // However deep it lies, and in the elements of a list.
  CHECK(told(merged({{"fields", {{"/a/tip", "counter"}}}}, R"({"a":{"tip":1}})", R"({"a":{"tip":2}})", R"({"a":{"tip":2}})")) == R"({"a":{"tip":3}} /a/tip merged)");
  CHECK(merged({{"fields", {{"items", {{"list", "id"}}}, {"/items/*/n", "counter"}}}}, R"({"items":[{"id":1,"n":1}]})",
               R"({"items":[{"id":1,"n":2}]})", R"({"items":[{"id":1,"n":2}]})").document == Json::parse(R"({"items":[{"id":1,"n":3}]})"));
}

TEST_CASE("Promise 20: of two numbers or texts, the greater or the smaller") {
  CHECK(field("max", "1", "3", "2") == "3 mine");
  CHECK(field("max", "1", "2", "3") == "3 theirs");
  CHECK(field("min", "5", "3", "2") == "2 theirs");
  CHECK(field("min", "5", "2", "3") == "2 mine");
  CHECK(field("max", "\"a\"", "\"2026-01-02\"", "\"2026-01-01\"") == "\"2026-01-02\" mine");
  CHECK(field("max", "1", "\"3\"", "2") == "2 ask (wrong type)");
}

TEST_CASE("Promise 20: a set has what either added, and not what either took away") {
  CHECK(field("set", R"(["a","b","c"])", R"(["a","c","x"])", R"(["b","c","w"])") == R"(["c","w","x"] merged)");
  CHECK(field("set", nullptr, R"(["a"])", R"(["b","a"])") == R"(["a","b"] merged)");
  CHECK(field("set", R"([])", R"(["a"])", R"("a")") == R"("a" ask (wrong type))");
}

TEST_CASE("Promise 20: a list keeps what both inserted; what one moved and the other changed is moved and changed") {
  const auto ids = [](const char* base, const char* mine, const char* theirs) {
    const auto list = [](const char* letters) {
      Json array = Json::array();
      for (const char* at = letters; *at != '\0'; ++at) array.push_back({{"id", std::string(1, *at)}});
      return array.dump();
    };
    const Merged all = merged({{"default", {{"list", "id"}}}}, list(base).c_str(), list(mine).c_str(), list(theirs).c_str());
    std::string order;
    for (const Json& element : *all.document) order += element["id"].get<std::string>();
    return order;
  };
  CHECK(ids("abc", "axbc", "abyc") == "axbyc");
  CHECK(ids("abc", "axbc", "aybc") == "axybc");
  CHECK(ids("ab", "xab", "aby") == "xaby");
  CHECK(ids("abcd", "bcd", "abcde") == "bcde");
  CHECK(ids("abcd", "dabc", "abxcd") == "dabxc");
  CHECK(ids("abcd", "bacd", "abdc") == "badc");
  CHECK(ids("", "ab", "cd") == "abcd");
  CHECK(field({{"list", "id"}}, R"([{"id":1,"n":1},{"id":2,"n":1}])", R"([{"id":2,"n":1},{"id":1,"n":1}])", R"([{"id":1,"n":7},{"id":2,"n":1}])") ==
        R"([{"id":2,"n":1},{"id":1,"n":7}] merged)");
  CHECK(field({{"list", "id"}}, R"([{"id":1,"n":1}])", R"([])", R"([{"id":1,"n":2}])") == R"([{"id":1,"n":2}] /1 ask (deleted here) merged)");
  CHECK(field({{"list", "id"}}, R"([{"id":1}])", R"([{"id":1},{"id":1}])", R"([])") == R"([] ask (no ids))");
}

TEST_CASE("Promise 20: an array without ids is merged by position, and a true overlap is a person's matter") {
  CHECK(field("merge", "[1,2,3,4]", "[0,1,2,3,4]", "[1,2,3,4,5]") == "[0,1,2,3,4,5] merged");
  CHECK(field("merge", "[1,2,3]", "[1,7,3]", "[1,8,3]") == "[1,8,3] ask");
}

TEST_CASE("Promise 20: texts are merged by line and word, and an overlap is marked") {
  CHECK(field("text", R"("ring once, at the door")", R"("ring twice, at the door")", R"("ring once, at the gate")") == R"("ring twice, at the gate" merged)");
  CHECK(field("text", R"("a")", R"("b")", R"("c")") == R"("<<<<<<< mine\nb\n||||||| base\na\n=======\nc\n>>>>>>> theirs\n" ask (overlap))");
}

TEST_CASE("Promise 21: a state that can't be reached is overruled, accepted or asked about, as declared") {
  const auto status = [](const Json& more, const char* base, const char* mine, const char* theirs) {
    Json rule = {{"transitions", machine()}};
    rule.update(more);
    return field(rule, base, mine, theirs);
  };
  const Json none = Json::object();
  CHECK(status(none, R"("picked-up")", R"("delivered")", R"("cancelled")") == R"("cancelled" theirs (unreachable))");
  CHECK(status({{"exceptions", Json::array({Json::array({"cancelled", "delivered"})})}}, R"("picked-up")", R"("delivered")", R"("cancelled")") == R"("delivered" mine (exception))");
  CHECK(status({{"exceptions", Json::array({Json::array({"cancelled", "delivered"})})}}, R"("picked-up")", R"("cancelled")", R"("delivered")") == R"("delivered" theirs (unreachable))");
  CHECK(status({{"unreachable", "ask"}}, R"("picked-up")", R"("delivered")", R"("cancelled")") == R"("cancelled" ask (unreachable))");
  CHECK(status(none, R"("placed")", R"("picked-up")", R"("accepted")") == R"("picked-up" merged (follows))");
  CHECK(status(none, R"("placed")", R"("accepted")", R"("delivered")") == R"("delivered" merged (went on))");
  CHECK(status(none, R"("placed")", R"("lost")", R"("accepted")") == R"("accepted" ask (unknown state))");
  CHECK(status(none, R"("placed")", "7", R"("accepted")") == R"("accepted" ask (wrong type))");
}

TEST_CASE("Deleted here and changed there, or the other way round: asked, unless declared") {
  CHECK(field("merge", R"({"a":1})", nullptr, R"({"a":2})") == R"({"a":2} ask (deleted here))");
  CHECK(field("merge", R"({"a":1})", R"({"a":2})", nullptr) == R"({"a":2} ask (deleted there))");
  CHECK(field({{"deleted", "keep"}}, R"({"a":1})", nullptr, R"({"a":2})") == R"({"a":2} theirs (deleted here))");
  CHECK(field({{"deleted", "keep"}}, R"({"a":1})", R"({"a":2})", nullptr) == R"({"a":2} mine (deleted there))");
  CHECK(field({{"deleted", "delete"}}, R"({"a":1})", nullptr, R"({"a":2})") == "deleted mine (deleted here)");
  CHECK(field({{"deleted", "delete"}}, R"({"a":1})", R"({"a":2})", nullptr) == "deleted theirs (deleted there)");
  CHECK(field("server-wins", R"({"a":1})", R"({"a":2})", nullptr) == "deleted theirs");
  CHECK(field("merge", R"({"a":1})", nullptr, R"({"a":1})") == "deleted");
  CHECK(field("merge", nullptr, R"({"a":1})", R"({"b":2})") == R"({"a":1,"b":2})");
}

TEST_CASE("A rule that names a part wins over one with wildcards, and that over what encloses it") {
  const Json rules = {{"fields", {{"/*/n", "max"}, {"/b/n", "min"}, {"c", "client-wins"}}}};
  CHECK(told(merged(rules, R"({"a":{"n":1},"b":{"n":9},"c":{"x":1}})", R"({"a":{"n":2},"b":{"n":2},"c":{"x":2}})", R"({"a":{"n":3},"b":{"n":3},"c":{"x":3}})")) ==
        R"({"a":{"n":3},"b":{"n":2},"c":{"x":2}} /a/n theirs /b/n mine /c mine)");
}

TEST_CASE("What is to be sent is told from what the server has already") {
  CHECK_FALSE(merged({}, "1", "1", "2").changed);
  CHECK(merged({}, "1", "2", "1").changed);
  CHECK_FALSE(merged({{"default", "server-wins"}}, "1", "2", "3").changed);
  CHECK(merged({}, R"({"a":1})", nullptr, R"({"a":1})").changed);
  CHECK_FALSE(merged({}, R"({"a":1})", R"({"a":1})", nullptr).changed);
  CHECK_FALSE(merged({}, "-1", "-1", "18446744073709551615").asks());
  CHECK(merged({}, "0", "-1", "18446744073709551615").asks());
}

TEST_CASE("A thousand decisions are made one by one, and one more is a person's matter as a whole") {
  const auto documents = [](std::size_t fields) {
    Json base = Json::object(), mine = Json::object(), theirs = Json::object();
    for (std::size_t i = 0; i < fields; ++i) {
      const std::string name = "f" + std::to_string(i);
      base[name] = 1;
      mine[name] = 2;
      theirs[name] = 3;
    }
    return merged({{"default", {{"otherwise", "client-wins"}}}}, base.dump().c_str(), mine.dump().c_str(), theirs.dump().c_str());
  };
  const Merged some = documents(kDecisionsMax);
  CHECK(some.decisions.size() == kDecisionsMax);
  CHECK_FALSE(some.asks());
  const Merged many = documents(kDecisionsMax + 1);
  CHECK(many.decisions.size() == 1);
  CHECK(many.asks());
  CHECK((*many.document)["f0"] == 3);
}
