#include "outbox/decisions.hpp"

#include <algorithm>
#include <string>

#include "codec/text.hpp"
#include "conflict/record.hpp"

namespace holdfast {
namespace {

Json records_of(const Mutation& mutation) {
  auto records = parse_json(mutation.decisions);
  if (!records || !records->is_array()) return Json::array();
  std::erase_if(records->get_ref<Json::array_t&>(), [](const Json& record) { return !record.is_object(); });
  return *records;
}

bool has(const Json& record, const char* member, const char* value) { return record.value(member, Json()) == value; }

/// With its policy, since the reason of a resolver's decision is a name that the app has chosen.
bool is_by_person(const Json& record) { return has(record, "policy", "manual") && has(record, "reason", kByPerson); }

}  // namespace

void note_decisions(Mutation& mutation, const std::vector<Decision>& decisions) {
  if (decisions.empty()) return;
  Json records = records_of(mutation);
  for (const Decision& decision : decisions) {
    // What gave way must be told; what was only put together makes room for it.
    if (records.size() >= kDecisionsMax) {
      const auto merged = std::find_if(records.begin(), records.end(), [](const Json& one) { return has(one, "verdict", "merged"); });
      records.erase(merged != records.end() ? merged : records.begin());
    }
    records.push_back(record_of(decision));
  }
  mutation.decisions = print_json(records);
}

Resolved resolved_in(const Mutation& mutation) {
  Resolved resolved;
  for (const Json& record : records_of(mutation)) {
    const bool settled = has(record, "policy", "resolver") && !has(record, "verdict", "ask");
    if (settled && record.contains("result")) resolved[record.value("path", "")] = record["result"];
  }
  return resolved;
}

bool overlaps(const Mutation& mutation) {
  bool open = false;
  for (const Json& record : records_of(mutation)) {
    const bool marked = has(record, "policy", "text") && has(record, "reason", kOverlap) && has(record, "verdict", "ask");
    open = !is_by_person(record) && (open || marked);
  }
  return open;
}

const char* outcome_of(const Mutation& mutation) {
  const char* outcome = "confirmed";
  for (const Json& record : records_of(mutation)) {
    if (has(record, "verdict", "theirs")) outcome = "overruled";
    else if (is_by_person(record) || outcome == std::string("confirmed")) outcome = "merged";
  }
  return outcome;
}

}  // namespace holdfast
