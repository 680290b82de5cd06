// set: an array whose order means nothing and that holds each value once, such as tags.
#include <map>
#include <set>
#include <string>

#include "codec/text.hpp"
#include "conflict/policy.hpp"

namespace holdfast {
namespace {

/// Values by their canonical text: members of objects come in one order, so equal values have one text.
std::map<std::string, const Json*> members_of(const Json* array) {
  std::map<std::string, const Json*> members;
  if (array != nullptr) for (const Json& value : *array) members.emplace(print_json(value), &value);
  return members;
}

}  // namespace

Settled set(const Sides& sides) {
  const auto array = [](const Json* json) { return json == nullptr || json->is_array(); };
  if (!array(sides.base) || !array(sides.mine) || !array(sides.theirs)) return ask(sides, "wrong type");
  if (sides.mine == nullptr || sides.theirs == nullptr) return ask(sides, "missing");
  const auto base = members_of(sides.base);
  const auto mine = members_of(sides.mine);
  const auto theirs = members_of(sides.theirs);
  Json result = Json::array();
  std::set<std::string> kept;
  if (sides.base != nullptr) {
    for (const Json& value : *sides.base) {
      const std::string text = print_json(value);
      if (mine.contains(text) && theirs.contains(text) && kept.insert(text).second) result.push_back(value);
    }
  }
  // What was added has no place of its own, so its text decides: then it is the same whoever merges.
  std::map<std::string, const Json*> added;
  for (const auto* side : {&mine, &theirs}) {
    for (const auto& [text, value] : *side) if (!base.contains(text)) added.emplace(text, value);
  }
  for (const auto& [text, value] : added) result.push_back(*value);
  return {Verdict::kMerged, std::move(result), {}};
}

}  // namespace holdfast
