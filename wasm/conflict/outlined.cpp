#include "conflict/outlined.hpp"

#include <algorithm>
#include <iterator>
#include <map>

#include "codec/text.hpp"
#include "conflict/list.hpp"
#include "conflict/record.hpp"

namespace holdfast {
namespace {

using Index = Outline::Index;

class OutlineMerger {
 public:
  /// @param size about how long the document will be
  OutlineMerger(const Rules& rules, const Outline& outline, const Times& times, std::size_t size)
      : rules_(rules), outline_(outline), times_(times), out_(size + size / 4) {}

  /// Prints what becomes of three objects.
  void object(const Versions& at, const Rule& enclosing) {
    const Rule& rule = rule_at(rules_, path_, enclosing);
    const auto base = outline_.members(at.base);
    const auto mine = outline_.members(at.mine);
    const auto theirs = outline_.members(at.theirs);
    if (rule.policy != Policy::kMerge || !base || !mine || !theirs) {
      parsed(at, enclosing, printed_.decisions);
      return;
    }
    // As the merge has it, what mine has is decided first, and then what mine deleted.
    std::vector<std::string> of_deleted;
    auto b = base->begin();
    auto m = mine->begin();
    auto t = theirs->begin();
    bool empty = true;
    out_.put('{');
    while (b != base->end() || m != mine->end() || t != theirs->end()) {
      std::string_view name;
      for (const auto& [it, of] : {std::pair(b, &*base), {m, &*mine}, {t, &*theirs}}) {
        if (it != of->end() && (name.data() == nullptr || outline_[*it].name < name)) name = outline_[*it].name;
      }
      const auto taken = [&](auto& it, const std::vector<Index>& of) { return it != of.end() && outline_[*it].name == name ? *it++ : 0; };
      const Versions member{taken(b, *base), taken(m, *mine), taken(t, *theirs)};
      const std::size_t before = out_.size();
      out_.put(empty ? "\"" : ",\"");
      out_.put(name);
      out_.put("\":");
      if (this->member(member, name, rule, member.mine == 0 ? of_deleted : printed_.decisions)) empty = false;
      else out_.cut(before);
    }
    out_.put('}');
    std::move(of_deleted.begin(), of_deleted.end(), std::back_inserter(printed_.decisions));
  }

  Printed take() {
    printed_.document = out_.take();
    return std::move(printed_);
  }

 private:
  /// The same text. Of another one it can't be told yet whether it is another value.
  bool same_text(Index one, Index other) const {
    if (one == 0 || other == 0) return one == other;
    return outline_[one].text.data() == outline_[other].text.data() || outline_[one].text == outline_[other].text;
  }

  bool same_value(Index one, Index other) const {
    if (same_text(one, other)) return true;
    if (one == 0 || other == 0 || (outline_[one].in_order && outline_[other].in_order)) return false;
    return printed(one) == printed(other);
  }

  std::string printed(Index part) const {
    Sink text(outline_[part].text.size());
    outline_.print(part, text);
    return text.take();
  }

  /// @return false if it isn't there any more
  bool member(const Versions& at, std::string_view name, const Rule& enclosing, std::vector<std::string>& decisions) {
    if (same_text(at.mine, at.base)) return stands(at.theirs);
    const auto is_object = [&](Index part) { return part != 0 && outline_[part].is_object; };
    const bool objects = is_object(at.base) && is_object(at.mine) && is_object(at.theirs);
    if (!objects && same_value(at.mine, at.base)) return stands(at.theirs);
    if (!objects && same_value(at.theirs, at.base)) {
      printed_.changed = true;
      return stands(at.mine);
    }
    path_.emplace_back(name);
    bool there = true;
    if (objects) object(at, enclosing);
    else if (!list(at, enclosing)) there = parsed(at, enclosing, decisions);
    path_.pop_back();
    return there;
  }

  bool stands(Index part) {
    if (part != 0) outline_.print(part, out_);
    return part != 0;
  }

  /// Where each element says in plain words which it is.
  /// @return false if it can't be merged without being parsed
  bool list(const Versions& at, const Rule& enclosing) {
    const Rule& rule = rule_at(rules_, path_, enclosing);
    if (rule.policy != Policy::kList || rule.id.size() != 1 || at.mine == 0 || at.theirs == 0 || same_value(at.mine, at.theirs)) return false;
    const auto base = elements(at.base, rule.id[0]);
    const auto mine = elements(at.mine, rule.id[0]);
    const auto theirs = elements(at.theirs, rule.id[0]);
    if (!base || !mine || !theirs) return false;
    const auto in = [](const Elements& elements, const std::string& id) {
      const auto found = elements.by_id.find(id);
      return found == elements.by_id.end() ? 0 : found->second;
    };
    const Rule inside = rule_inside(rule);
    std::map<std::string, std::string> alive;
    const std::size_t begin = out_.size();
    for (const Elements* side : {&*theirs, &*mine}) {
      for (const std::string& id : side->order) {
        if (side == &*mine && theirs->by_id.contains(id)) continue;
        if (member({in(*base, id), in(*mine, id), in(*theirs, id)}, id, inside, printed_.decisions)) alive.emplace(id, out_.behind(begin));
        out_.cut(begin);
      }
    }
    std::string result = "[";
    for (const std::string& id : merged_order(base->order, mine->order, theirs->order)) {
      if (const auto found = alive.find(id); found != alive.end()) result.append(result.size() > 1 ? "," : "").append(found->second);
    }
    result += ']';
    const std::string of_base = at.base == 0 ? std::string() : printed(at.base), of_theirs = printed(at.theirs);
    printed_.decisions.push_back(print_list_record(path_, at.base == 0 ? nullptr : &of_base, printed(at.mine), of_theirs, result));
    printed_.changed |= result != of_theirs;
    out_.put(result);
    return true;
  }

  struct Elements {
    Ids order;
    std::map<std::string, Index> by_id;
  };

  /// Nothing if it isn't an array, if its elements aren't objects, or if two are the same; and where ids are to be parsed.
  std::optional<Elements> elements(Index array, const std::string& id) const {
    Elements elements;
    if (array == 0) return elements;
    if (outline_[array].text.front() != '[') return std::nullopt;
    for (Index element = outline_[array].first; element != 0; element = outline_[element].next) {
      const auto text = outline_.plain_text(element, id);
      if (!text || !elements.by_id.emplace(*text, element).second) return std::nullopt;
      elements.order.emplace_back(*text);
    }
    return elements;
  }

  bool parsed(const Versions& at, const Rule& enclosing, std::vector<std::string>& decisions) {
    const auto json = [&](Index part) { return part == 0 ? std::nullopt : parse_json(outline_[part].text); };
    const auto base = json(at.base), mine = json(at.mine), theirs = json(at.theirs);
    const auto side = [](const std::optional<Json>& one) { return one ? &*one : nullptr; };
    Merged merged = merge_part(rules_, enclosing, path_, {side(base), side(mine), side(theirs)}, times_);
    for (Decision& decision : merged.decisions) decisions.push_back(print_json(record_of(std::move(decision))));
    printed_.changed |= merged.changed;
    if (merged.document) out_.put(print_json(*merged.document));
    return merged.document.has_value();
  }

  const Rules& rules_;
  const Outline& outline_;
  const Times& times_;
  std::vector<std::string> path_;
  Sink out_;
  Printed printed_;  ///< but for the document, which is being written
};

}  // namespace

std::optional<Printed> merge_outlined(const Rules& rules, const Outline& outline, const Versions& versions, const Times& times) {
  for (const Index document : {versions.base, versions.mine, versions.theirs}) {
    if (document == 0 || !outline[document].is_object) return std::nullopt;
  }
  OutlineMerger merger(rules, outline, times, outline[versions.theirs].text.size());
  merger.object(versions, rules.document);
  Printed printed = merger.take();
  if (printed.decisions.size() <= kDecisionsMax) return printed;
  Sink theirs(outline[versions.theirs].text.size());
  outline.print(versions.theirs, theirs);
  return Printed{theirs.take(), {print_json(record_of(too_many()))}, false};
}

}  // namespace holdfast
