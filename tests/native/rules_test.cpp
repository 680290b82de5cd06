#include <doctest/doctest.h>

#include "codec/rules_codec.hpp"

using namespace holdfast;

namespace {

struct Decoded {
  Rules rules;
  std::vector<ConfigError> errors;
};

Decoded decode(const Json& json) {
  Decoded decoded;
  decode_rules(json, "conflicts", decoded.errors, decoded.rules);
  return decoded;
}

/// The one mistake in the rule of the field `status`: where, and what would be allowed.
ConfigError mistake(const Json& rule) {
  const auto errors = decode({{"fields", {{"status", rule}}}}).errors;
  REQUIRE(errors.size() == 1);
  return errors[0];
}

Json machine() { return {{"placed", {"accepted", "cancelled"}}, {"accepted", Json::array()}, {"cancelled", Json::array()}}; }

}  // namespace

TEST_CASE("Rules: without any, fields are merged, and what both changed is a person's matter") {
  const auto [rules, errors] = decode(Json::object());
  CHECK(errors.empty());
  CHECK(rules.document.policy == Policy::kMerge);
  CHECK(rules.document.otherwise == Policy::kManual);
  CHECK(rules.document.deleted == WhenDeleted::kAsk);
  CHECK(rules.fields.empty());
}

TEST_CASE("Rules: a policy by its name") {
  const std::pair<const char*, Policy> names[] = {
      {"merge", Policy::kMerge}, {"server-wins", Policy::kServerWins}, {"client-wins", Policy::kClientWins},
      {"last-write-wins", Policy::kLastWriteWins}, {"counter", Policy::kCounter}, {"set", Policy::kSet},
      {"list", Policy::kList}, {"max", Policy::kMax}, {"min", Policy::kMin}, {"text", Policy::kText}, {"manual", Policy::kManual}};
  for (const auto& one : names) {
    const char* name = one.first;
    const Policy policy = one.second;
    CAPTURE(name);
    const auto [rules, errors] = decode({{"default", name}, {"fields", {{"/items/*/x", {{"policy", name}}}}}});
    CHECK(errors.empty());
    CHECK(rules.document.policy == policy);
    REQUIRE(rules.fields.size() == 1);
    CHECK(rules.fields[0].rule.policy == policy);
    CHECK(rules.fields[0].path == std::vector<std::string>{"items", "*", "x"});
  }
}

TEST_CASE("Rules: what a policy can be told") {
  const auto [rules, errors] = decode({
      {"default", {{"otherwise", "server-wins"}, {"deleted", "keep"}}},
      {"fields", {{"a", {{"counter", {{"min", 0}, {"max", 9.5}}}}},
                  {"b", {{"list", "/product/sku"}}},
                  {"c", {{"transitions", machine()}, {"unreachable", "ask"}, {"exceptions", Json::array({Json::array({"cancelled", "accepted"})})}}},
                  {"d", {{"resolver", "mine"}, {"deleted", "delete"}}}}}});
  CHECK(errors.empty());
  CHECK(rules.document.otherwise == Policy::kServerWins);
  CHECK(rules.document.deleted == WhenDeleted::kKeep);
  REQUIRE(rules.fields.size() == 4);
  CHECK(rules.fields[0].rule.policy == Policy::kCounter);
  CHECK(rules.fields[0].rule.least == 0);
  CHECK(rules.fields[0].rule.most == 9.5);
  CHECK(rules.fields[1].rule.policy == Policy::kList);
  CHECK(rules.fields[1].rule.id == std::vector<std::string>{"product", "sku"});
  const Transitions& states = rules.fields[2].rule.transitions;
  CHECK(rules.fields[2].rule.policy == Policy::kTransitions);
  CHECK(states.asks);
  CHECK(states.leads("placed", "accepted"));
  CHECK_FALSE(states.leads("accepted", "placed"));
  CHECK(states.exceptions.contains({"cancelled", "accepted"}));
  CHECK(rules.fields[3].rule.policy == Policy::kResolver);
  CHECK(rules.fields[3].rule.resolver == "mine");
  CHECK(rules.fields[3].rule.deleted == WhenDeleted::kDelete);
}

TEST_CASE("Rules: a mistake is named with its field, and with what is allowed") {
  const std::tuple<Json, const char*, const char*> mistakes[] = {
      {"newest", "conflicts.fields.status", "must be merge, server-wins"},
      {7, "conflicts.fields.status", "must be merge, server-wins"},
      {"transitions", "conflicts.fields.status", "must be merge, server-wins"},
      {{{"policy", "resolver"}}, "conflicts.fields.status.policy", "must be merge, server-wins"},
      {{{"counter", {{"min", 0}}}, {"list", "sku"}}, "conflicts.fields.status.policy", "can be only one"},
      {{{"polcy", "merge"}}, "conflicts.fields.status.polcy", "unknown field"},
      {{{"counter", true}}, "conflicts.fields.status.counter", "must be an object"},
      {{{"counter", {{"min", "none"}}}}, "conflicts.fields.status.counter.min", "must be a number"},
      {{{"counter", {{"min", 2}, {"max", 1}}}}, "conflicts.fields.status.counter.max", "must not be smaller"},
      {{{"list", 1}}, "conflicts.fields.status.list", "must be the member"},
      {{{"transitions", Json::object()}}, "conflicts.fields.status.transitions", "must name what may follow"},
      {{{"transitions", {{"a", "b"}}}}, "conflicts.fields.status.transitions.a", "must be a list of states"},
      {{{"transitions", {{"a", {"b"}}}}}, "conflicts.fields.status.transitions.a", "of which nothing is said"},
      {{{"transitions", {{"a", {"b"}}, {"b", {"c"}}, {"c", {"a"}}}}}, "conflicts.fields.status.transitions.a", "goes round"},
      {{{"transitions", {{"a", {"b"}}, {"b", Json::array()}, {"lost", Json::array()}}}}, "conflicts.fields.status.transitions.lost", "can't be reached"},
      {{{"transitions", machine()}, {"unreachable", "never"}}, "conflicts.fields.status.unreachable", "must be 'overrule' or 'ask'"},
      {{{"transitions", machine()}, {"exceptions", Json::array({Json::array({"cancelled", "lost"})})}}, "conflicts.fields.status.exceptions", "must be pairs"},
      {{{"otherwise", "text"}}, "conflicts.fields.status.otherwise", "must be server-wins"},
      {{{"deleted", "yes"}}, "conflicts.fields.status.deleted", "must be 'ask', 'keep' or 'delete'"},
  };
  for (const auto& one : mistakes) {
    const Json& rule = std::get<0>(one);
    CAPTURE(rule.dump());
    const ConfigError error = mistake(rule);
    CHECK(error.field == std::get<1>(one));
    CHECK(error.message.find(std::get<2>(one)) != std::string::npos);
  }
  CHECK(decode("merge").errors.at(0).field == "conflicts");
  CHECK(decode({{"fields", "all"}}).errors.at(0).field == "conflicts.fields");
  CHECK(decode({{"feilds", Json::object()}}).errors.at(0).field == "conflicts.feilds");
}
