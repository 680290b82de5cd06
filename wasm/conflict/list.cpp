// list: an array whose elements say which they are. Elements are merged one by one, and their order apart from them.
//
// An element that neither side moved is fixed: the fixed ones keep the base's order. Every other one, inserted or moved,
// stands in the gap behind the fixed element that its side has it behind. So an insertion stays where it was made,
// whatever the other side did elsewhere; and exchanging the sides exchanges nothing.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "conflict/list.hpp"
#include "conflict/policy.hpp"

namespace holdfast {
namespace {

/// One side's elements by id, and their order. Not `whole` if one has no id, or two have the same.
struct Elements {
  Ids order;
  std::map<std::string, const Json*> by_id;
  bool whole = true;
};

Elements elements_of(const Json* array, const Pointer& id_at) {
  Elements elements;
  if (array == nullptr) return elements;
  for (const Json& element : *array) {
    const Json* id = element.is_object() ? find_part(element, id_at) : nullptr;
    const std::string text = id_text(id);
    elements.whole = elements.whole && !text.empty() && elements.by_id.emplace(text, &element).second;
    elements.order.push_back(text);
  }
  return elements;
}

/// The longest run of the base's elements that a side has in the base's order: the others were moved. The elements are
/// unique, so this is a longest increasing subsequence (Fredman, "On computing the length of longest increasing
/// subsequences", 1975).
std::set<std::string> unmoved(const Ids& base, const Ids& side) {
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < base.size(); ++i) place[base[i]] = i;
  std::vector<std::size_t> known;  // the places of the base's elements, as the side has them
  for (const std::string& id : side) if (const auto at = place.find(id); at != place.end()) known.push_back(at->second);
  std::vector<std::size_t> tails;  // of the runs of each length, the one that ends lowest, as an index into `known`
  std::vector<std::size_t> before(known.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    const auto at = std::lower_bound(tails.begin(), tails.end(), known[i], [&](std::size_t tail, std::size_t value) { return known[tail] < value; });
    before[i] = at == tails.begin() ? known.size() : *(at - 1);
    if (at == tails.end()) tails.push_back(i);
    else *at = i;
  }
  std::set<std::string> run;
  if (tails.empty()) return run;
  for (std::size_t i = tails.back(); i < known.size(); i = before[i]) run.insert(base[known[i]]);
  return run;
}

/// Behind which fixed element (counted from 1; 0: the start) each of a side's other elements stands.
std::map<std::string, std::size_t> gaps_of(const Ids& side, const std::map<std::string, std::size_t>& fixed) {
  std::map<std::string, std::size_t> gaps;
  std::size_t gap = 0;
  for (const std::string& id : side) {
    const auto at = fixed.find(id);
    if (at != fixed.end()) gap = at->second;
    else gaps[id] = gap;
  }
  return gaps;
}

/// Two orders of one gap as one: what only one of them has comes behind what it is behind there.
Ids woven(Ids one, Ids other) {
  // Which of them leads must not depend on whose it is.
  if (other < one) one.swap(other);
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (std::find(one.begin(), one.end(), other[i]) != one.end()) continue;
    const auto behind = i == 0 ? one.end() : std::find(one.begin(), one.end(), other[i - 1]);
    one.insert(behind == one.end() ? one.end() : behind + 1, other[i]);
  }
  return one;
}

}  // namespace

Ids merged_order(const Ids& base, const Ids& mine, const Ids& theirs) {
  const auto still_mine = unmoved(base, mine);
  const auto still_theirs = unmoved(base, theirs);
  const std::set<std::string> in_mine(mine.begin(), mine.end());
  const std::set<std::string> in_theirs(theirs.begin(), theirs.end());
  // Whoever deleted an element says nothing about its place.
  const auto fixed_by = [](const auto& still, const auto& has, const std::string& id) { return still.contains(id) || !has.contains(id); };
  std::map<std::string, std::size_t> fixed;
  Ids order;
  for (const std::string& id : base) {
    if (!fixed_by(still_mine, in_mine, id) || !fixed_by(still_theirs, in_theirs, id)) continue;
    order.push_back(id);
    fixed[id] = order.size();
  }
  const auto of_mine = gaps_of(mine, fixed);
  const auto of_theirs = gaps_of(theirs, fixed);
  // Of an element that both have somewhere, the place of the side that moved it counts; of two places, the one nearer to
  // the start.
  const auto gap_of = [&](const std::string& id) {
    const auto m = of_mine.find(id);
    const auto t = of_theirs.find(id);
    if (m == of_mine.end()) return t->second;
    if (t == of_theirs.end()) return m->second;
    if (still_mine.contains(id) != still_theirs.contains(id)) return still_mine.contains(id) ? t->second : m->second;
    return std::min(m->second, t->second);
  };
  std::vector<Ids> mine_in(order.size() + 1), theirs_in(order.size() + 1);
  for (const std::string& id : mine) if (of_mine.contains(id) && gap_of(id) == of_mine.at(id)) mine_in[gap_of(id)].push_back(id);
  for (const std::string& id : theirs) if (of_theirs.contains(id) && gap_of(id) == of_theirs.at(id)) theirs_in[gap_of(id)].push_back(id);
  Ids all;
  for (std::size_t gap = 0; gap <= order.size(); ++gap) {
    if (gap > 0) all.push_back(order[gap - 1]);
    for (std::string& id : woven(std::move(mine_in[gap]), std::move(theirs_in[gap]))) all.push_back(std::move(id));
  }
  return all;
}

Settled list(const Rule& rule, const Sides& sides, const SettleElement& element) {
  const auto array = [](const Json* json) { return json == nullptr || json->is_array(); };
  if (!array(sides.base) || !array(sides.mine) || !array(sides.theirs)) return ask(sides, "wrong type");
  if (sides.mine == nullptr || sides.theirs == nullptr) return ask(sides, "missing");
  const Elements base = elements_of(sides.base, rule.id);
  const Elements mine = elements_of(sides.mine, rule.id);
  const Elements theirs = elements_of(sides.theirs, rule.id);
  if (!base.whole || !mine.whole || !theirs.whole) return ask(sides, "no ids");

  const auto in = [](const Elements& elements, const std::string& id) {
    const auto found = elements.by_id.find(id);
    return found == elements.by_id.end() ? nullptr : found->second;
  };
  std::map<std::string, Json> alive;
  for (const Elements* side : {&theirs, &mine}) {
    for (const std::string& id : side->order) {
      if (side == &mine && theirs.by_id.contains(id)) continue;
      auto value = element(id, {in(base, id), in(mine, id), in(theirs, id)});
      if (value) alive.emplace(id, std::move(*value));
    }
  }
  Json result = Json::array();
  for (const std::string& id : merged_order(base.order, mine.order, theirs.order)) {
    if (const auto found = alive.find(id); found != alive.end()) result.push_back(std::move(found->second));
  }
  return {Verdict::kMerged, std::move(result), {}};
}

}  // namespace holdfast
