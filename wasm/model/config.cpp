#include "model/config.hpp"

#include <set>

namespace holdfast {

const Resource* Config::find(const std::string& name) const {
  for (const Resource& resource : resources) {
    if (resource.name == name) return &resource;
  }
  return nullptr;
}

std::vector<std::string> Config::origins() const {
  std::set<std::string> seen;
  for (const Resource& resource : resources) seen.insert(resource.origin);
  return {seen.begin(), seen.end()};
}

}  // namespace holdfast
