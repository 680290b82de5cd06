// Arrays whose elements have no ids: merged by position, as lines of a text are.
#include <map>
#include <string>
#include <vector>

#include "codec/text.hpp"
#include "conflict/policy.hpp"
#include "conflict/sequence.hpp"

namespace holdfast {

std::optional<Json> merged_elements(const Sides& sides) {
  static const Json kEmpty = Json::array();
  const Json& base = sides.base != nullptr ? *sides.base : kEmpty;
  const Json& mine = *sides.mine;
  const Json& theirs = *sides.theirs;
  std::map<std::string, std::uint32_t> numbers;
  const auto numbered = [&](const Json& array) {
    std::vector<std::uint32_t> sequence;
    for (const Json& value : array) sequence.push_back(numbers.emplace(print_json(value), static_cast<std::uint32_t>(numbers.size())).first->second);
    return sequence;
  };
  Json result = Json::array();
  const auto append = [&](const Json& array, const Span& span) {
    for (std::size_t i = span.begin; i < span.end; ++i) result.push_back(array[i]);
  };
  for (const Hunk& hunk : diff3(numbered(base), numbered(mine), numbered(theirs))) {
    switch (hunk.kind) {
      case HunkKind::kOverlap: return std::nullopt;
      case HunkKind::kMine: append(mine, hunk.mine); break;
      case HunkKind::kSame:
      case HunkKind::kAgreed:
      case HunkKind::kTheirs: append(theirs, hunk.theirs); break;
    }
  }
  return result;
}

}  // namespace holdfast
