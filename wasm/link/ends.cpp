#include "link/ends.hpp"

#include <algorithm>

namespace holdfast::link {
namespace {

/// The first rule that holds a code decides.
template <class Rules> End end_by(const Rules& rules, std::int64_t code) {
  const auto found = std::find_if(rules.begin(), rules.end(), [&](const CodeRule& rule) { return code >= rule.first && code <= rule.last; });
  return found == rules.end() ? End::kLost : found->end;
}

}  // namespace

End end_of_close(std::int64_t code, std::string_view reason) {
  const End end = end_by(kCloseRules, code);
  if (code != 1000 && end != End::kLost) return end;
  const auto word = std::find_if(kWordRules.begin(), kWordRules.end(), [&](const WordRule& rule) { return rule.reason == reason; });
  return word == kWordRules.end() ? end : word->end;
}

End end_of_status(std::int64_t status) { return end_by(kStatusRules, status); }

}  // namespace holdfast::link
