// The laws of docs/conflicts.md, over random documents that shrink to the smallest that breaks one.
//
// RC_PARAMS="max_success=… max_size=…" says over how many, and how large; `npm run test:laws` takes many more than
// `npm test` does.
#include <rapidcheck.h>

#include <cstdio>
#include <string>
#include <vector>

#include "conflict/clock.hpp"
#include "conflict/merge.hpp"
#include "outlined.hpp"

using namespace holdfast;

/// One case: what both sides knew, what each made of it, and the same of a field beside it.
struct Case {
  Json base, mine, theirs;
  Json other, changed;
};

std::ostream& operator<<(std::ostream& out, const Case& one) {
  return out << "base " << one.base << ", mine " << one.mine << ", theirs " << one.theirs << "; beside it " << one.other << ", changed to " << one.changed;
}

namespace {

using Texts = std::vector<std::string>;
using JsonGen = rc::Gen<Json>;

JsonGen one_of(Texts texts) {
  return rc::gen::map(rc::gen::elementOf(std::move(texts)), [](const std::string& text) { return Json(text); });
}

JsonGen number() {
  return rc::gen::map(rc::gen::inRange(-30, 30), [](int tenths) { return tenths % 10 == 0 ? Json(tenths / 10) : Json(tenths / 10.0); });
}

JsonGen scalar() {
  return rc::gen::oneOf(one_of({"", "a", "b", "c"}), number(), rc::gen::element(Json(true), Json(false), Json(nullptr)));
}

JsonGen array_of(const JsonGen& element) {
  return rc::gen::map(rc::gen::container<std::vector<Json>>(element), [](const std::vector<Json>& values) { return Json(values); });
}

/// Any order of any elements, each of which has an id of its own.
JsonGen keyed() {
  return rc::gen::map(rc::gen::container<std::vector<std::pair<std::string, int>>>(
      rc::gen::pair(rc::gen::elementOf(Texts{"a", "b", "c", "d", "e", "f"}), rc::gen::inRange(0, 3))),
    [](const std::vector<std::pair<std::string, int>>& drawn) {
      Json list = Json::array();
      std::vector<std::string> seen;
      for (const auto& [id, count] : drawn) {
        if (std::find(seen.begin(), seen.end(), id) != seen.end()) continue;
        seen.push_back(id);
        list.push_back({{"id", id}, {"count", count}});
      }
      return list;
    });
}

JsonGen written() {
  return rc::gen::map(rc::gen::container<Texts>(rc::gen::elementOf(Texts{"Ring twice.", "Leave it at the door.", "Third floor, left.", "", "Thanks!"})),
    [](const Texts& lines) {
      std::string text;
      for (const std::string& line : lines) text += line + "\n";
      return Json(text);
    });
}

JsonGen object_of(const JsonGen& value) {
  using Members = std::vector<std::pair<std::string, Json>>;
  return rc::gen::map(rc::gen::container<Members>(rc::gen::pair(rc::gen::elementOf(Texts{"a", "b", "c", "d"}), value)), [](const Members& members) {
    Json object = Json::object();
    for (const auto& [name, member] : members) object[name] = member;
    return object;
  });
}

JsonGen nested() {
  return object_of(rc::gen::oneOf(scalar(), array_of(scalar()), object_of(scalar())));
}

Transitions machine() {
  Transitions states;
  states.steps = {{"placed", {"accepted", "cancelled"}}, {"accepted", {"picked-up", "cancelled"}}, {"picked-up", {"delivered"}}, {"delivered", {}}, {"cancelled", {}}};
  return states;
}

/// A policy, values that it is for, and what docs/conflicts.md says that it gives up.
struct Subject {
  std::string name;
  Rule rule;
  JsonGen values;
  bool agrees = true;       ///< two equal changes are that change
  bool symmetric = true;    ///< exchanging the sides changes nothing
};

Rule rule_of(Policy policy) {
  Rule rule;
  rule.policy = policy;
  return rule;
}

std::vector<Subject> subjects() {
  Rule states = rule_of(Policy::kTransitions);
  states.transitions = machine();
  Rule bounded_counter = rule_of(Policy::kCounter);
  bounded_counter.least = 0;
  Rule resolver = rule_of(Policy::kResolver);
  resolver.resolver = "app";
  const JsonGen state = one_of({"placed", "accepted", "picked-up", "delivered", "cancelled"});
  return {
      {"server-wins", rule_of(Policy::kServerWins), scalar(), true, false},
      {"client-wins", rule_of(Policy::kClientWins), scalar(), true, false},
      {"last-write-wins", rule_of(Policy::kLastWriteWins), scalar()},
      {"merge", rule_of(Policy::kMerge), nested(), true, false},
      {"counter", rule_of(Policy::kCounter), number(), false},
      {"counter with a bound", bounded_counter, number(), false},
      {"set", rule_of(Policy::kSet), array_of(scalar())},
      {"list", rule_of(Policy::kList), keyed(), true, false},
      {"max", rule_of(Policy::kMax), number()},
      {"min", rule_of(Policy::kMin), number()},
      {"text", rule_of(Policy::kText), written(), true, false},
      {"transitions", states, state, true, false},
      {"manual", rule_of(Policy::kManual), scalar(), true, false},
      {"resolver", resolver, scalar(), true, false},
  };
}

Times times() { return {Stamp{1'000, 0, "me"}, Stamp{1'000, 0, "you"}, 2'000}; }

Times exchanged() {
  const Times given = times();
  return {given.theirs, given.mine, given.now};
}

Merged merged(const Rule& rule, const Json& base, const Json& mine, const Json& theirs, const Times& at = times()) {
  Rules rules;
  rules.document = rule;
  return merge(rules, {&base, &mine, &theirs}, at);
}

/// What cases are made of, as long as one subject is being checked.
const JsonGen* values = nullptr;

}  // namespace

template <> struct rc::Arbitrary<Case> {
  static Gen<Case> arbitrary() {
    // Asked at each case, since a generator is made once for all subjects.
    const Gen<holdfast::Json> drawn = [](const Random& random, int size) { return (*values)(random, size); };
    return gen::build<Case>(gen::set(&Case::base, drawn), gen::set(&Case::mine, drawn), gen::set(&Case::theirs, drawn),
                            gen::set(&Case::other, nested()), gen::set(&Case::changed, nested()));
  }
};

namespace {

bool all_ok = true;
template <class Property> void law(const Subject& subject, const char* name, Property property) {
  values = &subject.values;
  all_ok = rc::check(subject.name + ": " + name, [&](const Case& one) { property(one.base, one.mine, one.theirs); }) && all_ok;
}

void is(const std::optional<Json>& document, const Json& expected) {
  RC_ASSERT(document.has_value());
  RC_ASSERT(document->dump() == expected.dump());
}

/// Every scalar of the first is somewhere in the second.
void collect(const Json& value, std::vector<std::string>& scalars) {
  if (!value.is_structured()) scalars.push_back(value.dump());
  else for (const auto& part : value) collect(part, scalars);
}

void check(const Subject& subject) {
  const Rule& rule = subject.rule;
  law(subject, "identity: what only one side changed is as that side has it", [&](const Json& base, const Json& mine, const Json&) {
    is(merged(rule, base, mine, base).document, mine);
    is(merged(rule, base, base, mine).document, mine);
    RC_ASSERT(merged(rule, base, mine, base).decisions.empty());
  });
  law(subject, "idempotence: what was merged merges to itself", [&](const Json& base, const Json& mine, const Json& theirs) {
    const auto once = merged(rule, base, mine, theirs).document;
    RC_ASSERT(once.has_value());
    is(merged(rule, theirs, *once, theirs).document, *once);
    is(merged(rule, *once, *once, *once).document, *once);
  });
  if (subject.agrees) {
    law(subject, "agreement: the same change on both sides is that change, and no conflict", [&](const Json& base, const Json& mine, const Json&) {
      is(merged(rule, base, mine, mine).document, mine);
      RC_ASSERT(merged(rule, base, mine, mine).decisions.empty());
    });
  }
  law(subject, "symmetry: what is settled without picking a side is settled alike on both", [&](const Json& base, const Json& mine, const Json& theirs) {
    const Merged here = merged(rule, base, mine, theirs);
    const Merged there = merged(rule, base, theirs, mine, exchanged());
    RC_ASSERT(here.asks() == there.asks());
    const auto picked = [](const Decision& one) { return one.verdict != Verdict::kMerged; };
    const bool settled = std::none_of(here.decisions.begin(), here.decisions.end(), picked);
    if (settled || subject.symmetric) is(here.document, *there.document);
  });
  if (rule.policy != Policy::kCounter && rule.policy != Policy::kText) {
    law(subject, "no invention: each value of the result is of one of the sides", [&](const Json& base, const Json& mine, const Json& theirs) {
      std::vector<std::string> given, got;
      for (const Json* side : {&base, &mine, &theirs}) collect(*side, given);
      collect(*merged(rule, base, mine, theirs).document, got);
      for (const std::string& value : got) RC_ASSERT(std::find(given.begin(), given.end(), value) != given.end());
    });
  }
  values = &subject.values;
  all_ok = rc::check(subject.name + ": locality: a field is merged as if it were alone", [&](const Case& one) {
    Rules rules;
    rules.fields.push_back({{"field"}, rule});
    const auto whole = [&](const Json& field, const Json& other) { return Json{{"field", field}, {"other", other}}; };
    const Json base = whole(one.base, one.other), mine = whole(one.mine, one.changed), theirs = whole(one.theirs, one.other);
    const auto result = merge(rules, {&base, &mine, &theirs}, times()).document;
    RC_ASSERT(result.has_value());
    is((*result)["field"], *merged(rule, one.base, one.mine, one.theirs).document);
    is((*result)["other"], one.changed);
  }) && all_ok;
}

}  // namespace

int main() {
  for (const Subject& subject : subjects()) check(subject);
  all_ok = rc::check("counter: no difference is lost, in whatever order they arrive", [] {
    const auto base = *rc::gen::inRange(-1'000, 1'000);
    const auto deltas = *rc::gen::container<std::vector<int>>(rc::gen::inRange(-100, 100));
    Json server = base;
    int sum = base;
    for (const int delta : deltas) {
      server = *merged(rule_of(Policy::kCounter), Json(base), Json(base + delta), server).document;
      sum += delta;
    }
    RC_ASSERT(server == Json(sum));
  }) && all_ok;
  all_ok = rc::check("clock: a stamp follows whatever was made or met before it, and a clock from the future moves nothing", [] {
    const auto walls = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 200'000));
    Stamp last;
    Millis now = 0;
    for (const int wall : walls) {
      now = std::max<Millis>(now, wall / 2);
      const Stamp met{wall, 0, "you"};
      last = met_stamp(last, met, now);
      RC_ASSERT(last.wall <= now + kSkewMax);
      const Stamp next = next_stamp(last, now, "me");
      RC_ASSERT(last < next);
      last = next;
    }
  }) && all_ok;
  all_ok = check_outlined() && all_ok;
  return all_ok ? 0 : 1;
}
