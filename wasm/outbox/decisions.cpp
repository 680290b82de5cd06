#include "outbox/decisions.hpp"

#include <algorithm>
#include <string>

#include "codec/text.hpp"
#include "conflict/record.hpp"

namespace holdfast {
namespace {

Json records_of(const Mutation& mutation) {
  auto records = parse_json(mutation.decisions);
  return records && records->is_array() ? *records : Json::array();
}

}  // namespace

void note_decisions(Mutation& mutation, const std::vector<Decision>& decisions) {
  if (decisions.empty()) return;
  Json records = records_of(mutation);
  for (const Decision& decision : decisions) {
    // What gave way must be told; what was only put together makes room for it.
    if (records.size() >= kDecisionsMax) {
      const auto merged = std::find_if(records.begin(), records.end(), [](const Json& one) { return one.is_object() && one.value("verdict", Json()) == "merged"; });
      records.erase(merged != records.end() ? merged : records.begin());
    }
    records.push_back(record_of(decision));
  }
  mutation.decisions = print_json(records);
}

Resolved resolved_in(const Mutation& mutation) {
  Resolved resolved;
  for (const Json& record : records_of(mutation)) {
    const bool settled = record.is_object() && record.value("policy", Json()) == "resolver" && record.value("verdict", Json()) != "ask";
    if (settled && record.contains("result")) resolved[record.value("path", "")] = record["result"];
  }
  return resolved;
}

bool overlaps(const Mutation& mutation) {
  bool open = false;
  for (const Json& record : records_of(mutation)) {
    if (!record.is_object()) continue;
    const Json reason = record.value("reason", Json());
    open = reason == kByPerson ? false : open || (reason == kOverlap && record.value("verdict", Json()) == "ask");
  }
  return open;
}

const char* outcome_of(const Mutation& mutation) {
  const char* outcome = "confirmed";
  for (const Json& record : records_of(mutation)) {
    if (!record.is_object()) continue;
    const bool by_person = record.value("reason", Json()) == kByPerson;
    if (record.value("verdict", Json()) == "theirs") outcome = "overruled";
    else if (by_person || outcome == std::string("confirmed")) outcome = "merged";
  }
  return outcome;
}

}  // namespace holdfast
