#include "outbox/coalesce.hpp"

#include <algorithm>

#include "codec/text.hpp"
#include "outbox/barrier.hpp"
#include "outbox/base.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

/// Two patches may become one only if nobody could tell: same target, same headers, both plain objects, no
/// precondition, no key of the app's own, and no step in between that others are meant to see.
bool may_merge(const Coalesce& rule, const Mutation& tail, const Mutation& write, const Json& before,
               const Json& after) {
  // A page that still waits for the tail without a stamp would, after a kill, deliver it once more and unrecognised.
  if (!tail.answered && tail.stamps.empty()) return false;
  if (tail.method != "PATCH" || write.method != "PATCH" || tail.url != write.url) return false;
  if (tail.headers != write.headers || tail.credentials != write.credentials) return false;
  if (tail.app_key || write.app_key || !header(tail.headers, "if-match").empty()) return false;
  if (!before.is_object() || !after.is_object()) return false;
  const bool latest = rule.patches == CoalescePatches::kLatest;
  return std::none_of(rule.keep.begin(), rule.keep.end(), [&](const std::string& field) {
    if (!before.contains(field)) return false;
    return after.contains(field) ? before[field] != after[field] : latest;
  });
}

/// A creation and the deletion of what it created; a POST to an item's sub-path creates nothing.
bool undo_each_other(const Config& config, const Mutation& tail, const Mutation& write) {
  if (tail.method != "POST" || write.method != "DELETE") return false;
  const auto created = route(config, tail.url);
  const auto deleted = route(config, write.url);
  return created && deleted && created->kind == RouteKind::kCollection && deleted->kind == RouteKind::kItem;
}

/// One merge patch that does what `before` and then `after` would do. A null stays a null: it still has to remove.
/// @return false where no single patch can: an object after a null or a plain value replaces, but would merge
bool join_patches(Json& before, const Json& after) {
  for (const auto& [name, value] : after.items()) {
    auto found = before.find(name);
    if (found != before.end() && value.is_object()) {
      if (!found->is_object() || !join_patches(*found, value)) return false;
    } else {
      before[name] = value;
    }
  }
  return true;
}

}  // namespace

Joined coalesce(Context& context, const Resource& resource, Mutation& tail, const Mutation& write) {
  const Coalesce& rule = resource.coalesce;
  if (tail.attempts > 0 || tail.state != "queued" || tail.entity != write.entity) return Joined::kNo;
  if (barrier_since(context, tail) || !still_upon_base(context, resource, tail)) return Joined::kNo;

  if (rule.create_delete && undo_each_other(context.config, tail, write)) {
    return Joined::kVanished;
  }
  if (rule.patches == CoalescePatches::kNever) return Joined::kNo;
  if (tail.body.kind != "text" || write.body.kind != "text") return Joined::kNo;

  auto before = parse_json(tail.body.text);
  const auto after = parse_json(write.body.text);
  if (!before || !after || !may_merge(rule, tail, write, *before, *after)) return Joined::kNo;

  if (rule.patches == CoalescePatches::kLatest) {
    tail.body = write.body;
  } else {
    if (!join_patches(*before, *after)) return Joined::kNo;
    tail.body.text = print_json(*before);
    tail.body.size = static_cast<std::int64_t>(tail.body.text.size());
  }
  // Another payload, so another key; no attempt has shown the old one to anybody.
  tail.key = uuid_v7(context.now, context.random);
  tail.answered = false;
  tail.hash = write.hash;
  tail.client = write.client;
  tail.life = write.life;
  tail.created_at = write.created_at;  // whoever changed it between the two was earlier
  tail.stamps.insert(tail.stamps.end(), write.stamps.begin(), write.stamps.end());
  return Joined::kMerged;
}

}  // namespace holdfast
