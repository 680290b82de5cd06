#include "model/rules.hpp"

namespace holdfast {

bool Transitions::leads(const std::string& earlier, const std::string& later) const {
  std::vector<std::string> open = {earlier};
  std::set<std::string> seen;
  while (!open.empty()) {
    const std::string state = std::move(open.back());
    open.pop_back();
    const auto next = steps.find(state);
    if (next == steps.end()) continue;
    for (const std::string& one : next->second) {
      if (one == later) return true;
      if (seen.insert(one).second) open.push_back(one);
    }
  }
  return false;
}

}  // namespace holdfast
