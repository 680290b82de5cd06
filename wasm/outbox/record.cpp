#include "outbox/record.hpp"

#include <algorithm>

#include "codec/text.hpp"

namespace holdfast {
namespace {

Json json_of(const std::optional<Json>& document) { return document ? *document : Json(nullptr); }

std::int64_t size_of(const ConflictRow& row) {
  return static_cast<std::int64_t>(row.sides.size() + row.result.size() + row.decisions.size() + row.url.size());
}

bool is_over(const Counts& counts, const Config& config) {
  return counts.records > config.record_entries || counts.record_bytes > config.record_bytes;
}

/// The oldest go, as many as it takes; of very many small ones the rest goes with the next record.
void make_room(Context& context, const ConflictRow& row, Counts& counts) {
  const Range all{ConflictRow::kStore, "user", Json::array({row.user, 0}), Json::array({row.user, kNever}), kRangeMax};
  for (const ConflictRow& old : context.view.range<ConflictRow>(all)) {
    if (!is_over(counts, context.config)) break;
    if (old.id == row.id) continue;
    context.view.erase<ConflictRow>(old.id);
    counts.records -= 1;
    counts.record_bytes -= old.size;
  }
}

}  // namespace

void note_sides(Mutation& mutation, const std::optional<Json>& base, const std::optional<Json>& mine, const std::optional<Json>& theirs, Millis theirs_at) {
  auto sides = parse_json(mutation.sides);
  if (!sides || !sides->is_object() || sides->empty()) sides = Json{{"base", json_of(base)}, {"mine", json_of(mine)}};
  (*sides)["theirs"] = json_of(theirs);
  (*sides)["theirsAt"] = theirs_at == 0 ? Json(nullptr) : Json(theirs_at);
  mutation.sides = print_json(*sides);
}

void record_conflict(Context& context, const Mutation& mutation, const std::string& state, std::int64_t status, const std::string& document) {
  if (context.config.record_entries == 0) return;
  const auto before = context.view.get<ConflictRow>(mutation.id);
  Counts counts = context.counts(mutation.user);

  ConflictRow row;
  row.id = mutation.id;
  row.seq = mutation.seq;
  row.user = mutation.user;
  row.resource = mutation.resource;
  row.entity = mutation.entity;
  row.method = mutation.method;
  row.url = mutation.url;
  row.state = state;
  row.status = status;
  row.sides = mutation.sides;
  row.result = document;
  row.decisions = mutation.decisions;
  row.occurred_at = mutation.created_at;
  row.at = context.now;
  row.size = size_of(row);
  // One that alone is larger than all may be keeps what was decided, and leaves the documents out.
  if (row.size > context.config.record_bytes) {
    row.sides = "{}";
    row.result.clear();
    row.size = size_of(row);
  }
  counts.records += before ? 0 : 1;
  counts.record_bytes += row.size - (before ? before->size : 0);
  if (is_over(counts, context.config)) make_room(context, row, counts);
  context.put(row);
  context.put(counts);
}

}  // namespace holdfast
