#include "conflict/merge.hpp"

#include <algorithm>
#include <utility>

#include "codec/pointer.hpp"
#include "codec/text.hpp"

namespace holdfast {
namespace {

bool equal(const Json* one, const Json* other) {
  if (one == nullptr || other == nullptr) return one == other;
  return same_value(*one, *other);
}

/// A rule's path matches this one, or leads below it.
enum class Fit { kNone, kBelow, kExact };

Fit fit(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() < path.size()) return Fit::kNone;
  for (std::size_t i = 0; i < path.size(); ++i) if (pattern[i] != "*" && pattern[i] != path[i]) return Fit::kNone;
  return pattern.size() == path.size() ? Fit::kExact : Fit::kBelow;
}

class Merger {
 public:
  Merger(const Rules& rules, const Times& times, std::vector<std::string> path, Unsettled unsettled, const Resolved& resolved)
      : rules_(rules), times_(times), unsettled_(unsettled), resolved_(resolved), path_(std::move(path)) {}

  std::vector<Decision> decisions;

  /// @param rule of what encloses this part, for whatever has none of its own
  std::optional<Json> part(const Sides& sides, const Rule& enclosing) {
    if (equal(sides.mine, sides.base)) return copy(sides.theirs);
    if (equal(sides.theirs, sides.base)) return copy(sides.mine);
    const Rule& rule = rule_at(rules_, path_, enclosing);
    // Two who both added one have added two, however deep the counter lies.
    const bool counts = sides.mine != nullptr && (rule.policy == Policy::kCounter || counts_below());
    if (!counts && equal(sides.mine, sides.theirs)) return copy(sides.mine);
    const bool deleted = sides.base != nullptr && (sides.mine == nullptr || sides.theirs == nullptr);
    if (deleted && !picks(rule.policy)) return decide(rule.policy, sides, undeleted(rule, sides));
    return settled(rule, sides);
  }

 private:
  static std::optional<Json> copy(const Json* json) { return json == nullptr ? std::nullopt : std::optional(*json); }

  /// Policies that take one side whatever it is.
  static bool picks(Policy policy) {
    return policy == Policy::kServerWins || policy == Policy::kClientWins || policy == Policy::kLastWriteWins ||
           policy == Policy::kManual || policy == Policy::kResolver;
  }

  bool counts_below() const {
    return std::any_of(rules_.fields.begin(), rules_.fields.end(), [&](const FieldRule& field) {
      return field.rule.policy == Policy::kCounter && fit(field.path, path_) == Fit::kBelow;
    });
  }

  /// One side deleted what the other one changed.
  static Settled undeleted(const Rule& rule, const Sides& sides) {
    const bool mine = sides.mine == nullptr;
    if (rule.deleted == WhenDeleted::kAsk) return take(Verdict::kAsk, mine ? sides.theirs : sides.mine, mine ? "deleted here" : "deleted there");
    const bool keep = rule.deleted == WhenDeleted::kKeep;
    return take(mine == keep ? Verdict::kTheirs : Verdict::kMine, keep == mine ? sides.theirs : sides.mine, mine ? "deleted here" : "deleted there");
  }

  std::optional<Json> settled(const Rule& rule, const Sides& sides) {
    switch (rule.policy) {
      case Policy::kMerge: return merged(rule, sides);
      case Policy::kServerWins: return decide(rule.policy, sides, server_wins(sides));
      case Policy::kClientWins: return decide(rule.policy, sides, client_wins(sides));
      case Policy::kLastWriteWins: return decide(rule.policy, sides, last_write_wins(sides, times_));
      case Policy::kCounter: return decide(rule.policy, sides, counter(rule, sides));
      case Policy::kSet: return decide(rule.policy, sides, set(sides));
      case Policy::kMax:
      case Policy::kMin: return decide(rule.policy, sides, extreme(rule.policy, sides));
      case Policy::kText: return decide(rule.policy, sides, text(sides));
      case Policy::kTransitions: return decide(rule.policy, sides, transitions(rule, sides));
      case Policy::kManual: return decide(rule.policy, sides, ask(sides, ""));
      case Policy::kResolver: return decide(rule.policy, sides, resolved(rule, sides));
      case Policy::kList: break;
    }
    const Rule inside = rule_inside(rule);
    Settled settled = list(rule, sides, [&](const std::string& id, const Sides& element) { return below(id, element, inside); });
    return decide(rule.policy, sides, std::move(settled));
  }

  /// As the app's own function has decided, if it has been asked.
  Settled resolved(const Rule& rule, const Sides& sides) const {
    const auto found = resolved_.find(print_pointer(path_));
    if (found == resolved_.end() || (path_.empty() && !found->second.is_object())) return ask(sides, rule.resolver);
    const Json& value = found->second;
    const Verdict verdict = equal(&value, sides.theirs) ? Verdict::kTheirs : equal(&value, sides.mine) ? Verdict::kMine : Verdict::kMerged;
    return take(verdict, &value, rule.resolver);
  }

  /// Objects are merged member by member, and so are those that both sides made. Arrays by position.
  std::optional<Json> merged(const Rule& rule, const Sides& sides) {
    const auto object = [](const Json* json) { return json != nullptr && json->is_object(); };
    const auto array = [](const Json* json) { return json != nullptr && json->is_array(); };
    if (object(sides.mine) && object(sides.theirs)) return members(rule, sides);
    if (array(sides.mine) && array(sides.theirs) && (sides.base == nullptr || array(sides.base))) {
      if (auto elements = merged_elements(sides)) return decide(Policy::kMerge, sides, {Verdict::kMerged, std::move(elements), {}});
    }
    Rule otherwise = rule;
    otherwise.policy = rule.otherwise;
    return settled(otherwise, sides);
  }

  Json members(const Rule& rule, const Sides& sides) {
    const Json* base = sides.base != nullptr && sides.base->is_object() ? sides.base : nullptr;
    const auto in = [](const Json* object, const std::string& name) -> const Json* {
      if (object == nullptr) return nullptr;
      const auto found = object->find(name);
      return found == object->end() ? nullptr : &*found;
    };
    Json result = *sides.theirs;
    const auto put = [&](const std::string& name) {
      const Sides member{in(base, name), in(sides.mine, name), in(sides.theirs, name)};
      if (equal(member.mine, member.base)) return;
      auto value = below(name, member, rule);
      if (value) result[name] = std::move(*value);
      else result.erase(name);
    };
    for (const auto& [name, value] : sides.mine->items()) put(name);
    if (base != nullptr) for (const auto& [name, value] : base->items()) if (!sides.mine->contains(name)) put(name);
    return result;
  }

  std::optional<Json> below(const std::string& name, const Sides& sides, const Rule& rule) {
    path_.push_back(name);
    auto value = part(sides, rule);
    path_.pop_back();
    return value;
  }

  std::optional<Json> decide(Policy policy, const Sides& sides, Settled settled) {
    if (settled.verdict == Verdict::kAsk && unsettled_ == Unsettled::kMine) settled = take(Verdict::kMine, sides.mine, std::move(settled.reason));
    if (decisions.size() <= kDecisionsMax) {
      decisions.push_back({path_, policy, settled.verdict, copy(sides.base), copy(sides.mine), copy(sides.theirs), settled.value, settled.reason});
    }
    return std::move(settled.value);
  }

  const Rules& rules_;
  const Times& times_;
  const Unsettled unsettled_;
  const Resolved& resolved_;
  std::vector<std::string> path_;
};

Merged merged_by(Merger& merger, const Sides& sides, const Rule& enclosing) {
  Merged merged;
  merged.document = merger.part(sides, enclosing);
  merged.decisions = std::move(merger.decisions);
  merged.changed = sides.theirs == nullptr ? merged.document.has_value() : !merged.document || !same_value(*merged.document, *sides.theirs);
  return merged;
}

}  // namespace

bool Merged::asks() const {
  return std::any_of(decisions.begin(), decisions.end(), [](const Decision& one) { return one.verdict == Verdict::kAsk; });
}

bool Merged::overruled() const {
  return std::any_of(decisions.begin(), decisions.end(), [](const Decision& one) { return one.verdict == Verdict::kTheirs; });
}

const Rule& rule_at(const Rules& rules, const std::vector<std::string>& path, const Rule& enclosing) {
  const FieldRule* best = nullptr;
  std::size_t wildcards = 0;
  for (const FieldRule& field : rules.fields) {
    if (fit(field.path, path) != Fit::kExact) continue;
    const std::size_t count = std::count(field.path.begin(), field.path.end(), "*");
    if (best != nullptr && count >= wildcards) continue;
    best = &field;
    wildcards = count;
  }
  return best != nullptr ? best->rule : enclosing;
}

Rule rule_inside(const Rule& list) {
  Rule rule;
  rule.otherwise = list.otherwise;
  rule.deleted = list.deleted;
  return rule;
}

Merged merge_part(const Rules& rules, const Rule& enclosing, std::vector<std::string> path, const Sides& sides, const Times& times) {
  const Resolved none;
  Merger merger(rules, times, std::move(path), Unsettled::kAsks, none);
  return merged_by(merger, sides, enclosing);
}

Merged merge(const Rules& rules, const Sides& sides, const Times& times, Unsettled unsettled, const Resolved& resolved) {
  Merger merger(rules, times, {}, unsettled, resolved);
  Merged merged = merged_by(merger, sides, rules.document);
  if (merged.decisions.size() <= kDecisionsMax) return merged;
  return {sides.theirs == nullptr ? std::nullopt : std::optional(*sides.theirs), {too_many()}, false};
}

Decision too_many() {
  return {{}, Policy::kManual, Verdict::kAsk, std::nullopt, std::nullopt, std::nullopt, std::nullopt, "too many"};
}

const char* name_of(Policy policy) {
  switch (policy) {
    case Policy::kMerge: return "merge";
    case Policy::kServerWins: return "server-wins";
    case Policy::kClientWins: return "client-wins";
    case Policy::kLastWriteWins: return "last-write-wins";
    case Policy::kCounter: return "counter";
    case Policy::kSet: return "set";
    case Policy::kList: return "list";
    case Policy::kMax: return "max";
    case Policy::kMin: return "min";
    case Policy::kText: return "text";
    case Policy::kTransitions: return "transitions";
    case Policy::kManual: return "manual";
    case Policy::kResolver: return "resolver";
  }
  return "";
}

}  // namespace holdfast
