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

std::vector<std::string> Config::resolvers() const {
  std::set<std::string> seen;
  const auto note = [&](const Rule& rule) { if (!rule.resolver.empty()) seen.insert(rule.resolver); };
  for (const Resource& resource : resources) {
    if (!resource.conflicts) continue;
    note(resource.conflicts->document);
    for (const FieldRule& field : resource.conflicts->fields) note(field.rule);
  }
  return {seen.begin(), seen.end()};
}

}  // namespace holdfast
