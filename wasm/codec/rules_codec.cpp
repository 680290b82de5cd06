#include "codec/rules_codec.hpp"

#include <algorithm>
#include <set>

#include "codec/pointer.hpp"
#include "codec/section.hpp"

namespace holdfast {
namespace {

std::optional<Policy> policy_named(const std::string& name) {
  static const std::map<std::string, Policy> kNames = {
      {"merge", Policy::kMerge}, {"server-wins", Policy::kServerWins}, {"client-wins", Policy::kClientWins},
      {"last-write-wins", Policy::kLastWriteWins}, {"counter", Policy::kCounter}, {"set", Policy::kSet},
      {"list", Policy::kList}, {"max", Policy::kMax}, {"min", Policy::kMin}, {"text", Policy::kText},
      {"manual", Policy::kManual}, {"transitions", Policy::kTransitions}, {"resolver", Policy::kResolver}};
  const auto found = kNames.find(name);
  return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

bool needs_more(Policy policy) { return policy == Policy::kTransitions || policy == Policy::kResolver; }

constexpr const char* kAllowed =
    "must be merge, server-wins, client-wins, last-write-wins, counter, set, list, max, min, text or manual, or an object "
    "such as { transitions: { placed: ['accepted', 'cancelled'], … } }";

/// Depth-first: a state that is met while what follows it is still being looked at comes back to itself.
bool goes_round(const Transitions& machine, const std::string& state, std::set<std::string>& open, std::set<std::string>& done) {
  if (open.contains(state)) return true;
  if (!done.insert(state).second) return false;
  open.insert(state);
  const auto next = machine.steps.find(state);
  const bool round = next != machine.steps.end() && std::any_of(next->second.begin(), next->second.end(), [&](const std::string& one) {
    return goes_round(machine, one, open, done);
  });
  open.erase(state);
  return round;
}

void decode_states(Section& section, const Json& json, Transitions& machine) {
  const auto is_list = [](const Json& list) {
    return list.is_array() && std::all_of(list.begin(), list.end(), [](const Json& one) { return one.is_string(); });
  };
  if (!json.is_object() || json.empty()) return section.fail("transitions", "must name what may follow each state, such as { placed: ['accepted', 'cancelled'], accepted: [], cancelled: [] }");
  for (const auto& [state, next] : json.items()) {
    if (!is_list(next)) section.fail("transitions." + state, "must be a list of states");
    else for (const Json& one : next) machine.steps[state].push_back(one.get<std::string>());
    machine.steps.try_emplace(state);
  }
  std::set<std::string> done;
  for (const auto& [state, next] : machine.steps) {
    std::set<std::string> open;
    if (goes_round(machine, state, open, done)) return section.fail("transitions." + state, "goes round in a circle, so nothing could be told apart from what came before it");
  }
  for (const auto& [state, next] : machine.steps) {
    const auto leads_here = [&state = state](const auto& other) { return std::find(other.second.begin(), other.second.end(), state) != other.second.end(); };
    const bool alone = next.empty() && std::none_of(machine.steps.begin(), machine.steps.end(), leads_here);
    if (alone && machine.steps.size() > 1) section.fail("transitions." + state, "can't be reached from any other state, and leads to none");
    for (const std::string& one : next) {
      if (!machine.steps.contains(one)) section.fail("transitions." + state, "names the state '" + one + "', of which nothing is said; a last state has an empty list");
    }
  }
}

void decode_exceptions(Section& section, Transitions& machine) {
  const Json* json = section.find("exceptions");
  if (json == nullptr) return;
  const auto pair = [&](const Json& one) {
    return one.is_array() && one.size() == 2 && one[0].is_string() && one[1].is_string() &&
           machine.steps.contains(one[0].get<std::string>()) && machine.steps.contains(one[1].get<std::string>());
  };
  if (!json->is_array() || !std::all_of(json->begin(), json->end(), pair)) {
    return section.fail("exceptions", "must be pairs of states, theirs and mine, such as [['cancelled', 'delivered']]");
  }
  for (const Json& one : *json) machine.exceptions.emplace(one[0].get<std::string>(), one[1].get<std::string>());
}

void decode_bounds(Section& section, const Json& json, Rule& rule) {
  if (!json.is_object()) return section.fail("counter", "must be an object, such as { counter: { min: 0 } }");
  Section inner(json, section.path_to("counter"), section.errors());
  inner.only({"min", "max"});
  for (const auto& [name, bound] : {std::pair{"min", &rule.least}, std::pair{"max", &rule.most}}) {
    const Json* value = inner.find(name);
    if (value == nullptr) continue;
    if (value->is_number()) *bound = value->get<double>();
    else inner.fail(name, "must be a number");
  }
  if (rule.least && rule.most && *rule.least > *rule.most) inner.fail("max", "must not be smaller than min");
}

/// The one member that names the policy and says more about it.
void decode_detailed(Section& section, Rule& rule) {
  section.only({"policy", "otherwise", "deleted", "counter", "list", "transitions", "unreachable", "exceptions", "resolver"});
  int named = 0;
  for (const char* member : {"policy", "counter", "list", "transitions", "resolver"}) named += section.find(member) != nullptr;
  if (named > 1) return section.fail("policy", "can be only one: either that, or one of counter, list, transitions and resolver");
  std::string name;
  section.text("policy", name);
  const auto policy = policy_named(name);
  if (!name.empty() && (!policy || needs_more(*policy))) section.fail("policy", kAllowed);
  if (policy) rule.policy = *policy;
  if (const Json* json = section.find("counter")) {
    rule.policy = Policy::kCounter;
    decode_bounds(section, *json, rule);
  }
  if (const Json* json = section.find("list")) {
    rule.policy = Policy::kList;
    if (json->is_string()) rule.id = parse_pointer(json->get_ref<const std::string&>());
    else section.fail("list", "must be the member by which elements are told apart, such as { list: 'sku' }");
  }
  if (const Json* json = section.find("transitions")) {
    rule.policy = Policy::kTransitions;
    decode_states(section, *json, rule.transitions);
    decode_exceptions(section, rule.transitions);
    std::string unreachable = "overrule";
    section.text("unreachable", unreachable);
    rule.transitions.asks = unreachable == "ask";
    if (unreachable != "ask" && unreachable != "overrule") section.fail("unreachable", "must be 'overrule' or 'ask'");
  }
  if (section.find("resolver") != nullptr) {
    rule.policy = Policy::kResolver;
    section.text("resolver", rule.resolver);
  }
}

void decode_rule(const Json& json, const std::string& path, const std::string& field, std::vector<ConfigError>& errors, Rule& rule) {
  if (json.is_string()) {
    const auto policy = policy_named(json.get<std::string>());
    if (policy && !needs_more(*policy)) rule.policy = *policy;
    else errors.push_back({path + "." + field, kAllowed});
    return;
  }
  if (!json.is_object()) return errors.push_back({path + "." + field, kAllowed});
  Section section(json, path + "." + field, errors);
  decode_detailed(section, rule);
  std::string otherwise;
  section.text("otherwise", otherwise);
  const auto policy = otherwise.empty() ? std::nullopt : policy_named(otherwise);
  const bool plain = policy && (*policy == Policy::kServerWins || *policy == Policy::kClientWins || *policy == Policy::kLastWriteWins || *policy == Policy::kManual);
  if (plain) rule.otherwise = *policy;
  else if (!otherwise.empty()) section.fail("otherwise", "must be server-wins, client-wins, last-write-wins or manual");
  std::string deleted = "ask";
  section.text("deleted", deleted);
  rule.deleted = deleted == "keep" ? WhenDeleted::kKeep : deleted == "delete" ? WhenDeleted::kDelete : WhenDeleted::kAsk;
  if (deleted != "ask" && deleted != "keep" && deleted != "delete") section.fail("deleted", "must be 'ask', 'keep' or 'delete'");
}

}  // namespace

void decode_rules(const Json& json, const std::string& path, std::vector<ConfigError>& errors, Rules& rules) {
  if (!json.is_object()) return errors.push_back({path, "must be an object, such as { default: 'merge', fields: { tip: 'counter' } }"});
  Section section(json, path, errors);
  section.only({"default", "fields", "changedAt", "overruled", "versionInBody"});  // the last is read with its resource
  section.pointer("changedAt", rules.changed_at);
  section.flag("versionInBody", rules.version_in_body);
  if (const Json* rule = section.find("default")) decode_rule(*rule, path, "default", errors, rules.document);
  const Json* fields = section.find("fields");
  if (fields == nullptr) return;
  if (!fields->is_object()) return section.fail("fields", "must be an object, such as { '/items/*/count': 'counter' }");
  for (const auto& [pointer, json_rule] : fields->items()) {
    FieldRule field;
    field.path = parse_pointer(pointer);
    decode_rule(json_rule, path + ".fields", pointer, errors, field.rule);
    rules.fields.push_back(std::move(field));
  }
}

}  // namespace holdfast
