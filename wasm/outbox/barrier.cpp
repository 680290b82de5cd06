#include "outbox/barrier.hpp"

#include <algorithm>

#include "outbox/lanes.hpp"

namespace holdfast {
namespace {

/// Lanes of a resource whose heads have numbers in a span, both ends included.
Range heads_between(const std::string& user, const std::string& resource, std::int64_t first, std::int64_t last,
                    std::int64_t limit) {
  return {Lane::kStore, "resource", Json::array({user, resource, first}), Json::array({user, resource, last}), limit};
}

void let_go(Context& context, Lane lane) {
  if (lane.hold != "barrier") return;
  lane.due = context.now;
  lane.hold.clear();
  context.put(lane);
}

}  // namespace

void raise_barrier(Context& context, const Mutation& mutation) {
  if (!mutation.whole_collection()) return;
  Barriers barriers = context.barriers(mutation.user);
  Barrier* newest = barriers.list.empty() ? nullptr : &barriers.list.back();
  // A thousand in a row are one entry: their lane orders them among themselves.
  if (newest != nullptr && !newest->lifted && newest->lane == mutation.lane && newest->resource == mutation.resource &&
      newest->last + 1 == mutation.seq) {
    newest->id = mutation.id;
    newest->last = mutation.seq;
  } else {
    barriers.list.push_back({mutation.id, mutation.seq, mutation.seq, mutation.resource, mutation.lane, false});
  }
  context.put(barriers);
}

void note_departure(Context& context, const Mutation& mutation) {
  Barriers barriers = context.barriers(mutation.user);
  if (barriers.list.empty()) return;
  for (Barrier& barrier : barriers.list) {
    if (barrier.id == mutation.id) barrier.lifted = true;
    // Whatever the resource: a lane that several once shared is indexed under the first one only.
    bool broken = false;
    const auto lane = context.view.try_get<Lane>(barrier.lane, broken);
    if (lane) let_go(context, *lane);
  }
  context.put(barriers);
}

bool barred(Context& context, const Mutation& head) {
  if (head.whole_collection() && context.view.size(heads_between(head.user, head.resource, 0, head.seq - 1, 1)) > 0) {
    return true;
  }
  const Barriers barriers = context.barriers(head.user);
  return std::any_of(barriers.list.begin(), barriers.list.end(), [&](const Barrier& barrier) {
    return barrier.resource == head.resource && !barrier.lifted && barrier.lane != head.lane && barrier.first < head.seq;
  });
}

bool barrier_since(Context& context, const Mutation& earlier) {
  const Barriers barriers = context.barriers(earlier.user);
  return std::any_of(barriers.list.begin(), barriers.list.end(), [&](const Barrier& barrier) {
    return barrier.resource == earlier.resource && !barrier.lifted && barrier.last >= earlier.seq;
  });
}

bool behind_waiting_barrier(Context& context, const std::string& user, const std::string& resource) {
  for (const Barrier& barrier : context.barriers(user).list) {
    if (barrier.resource != resource || barrier.lifted) continue;
    bool broken = false;
    const auto lane = context.view.try_get<Lane>(barrier.lane, broken);
    if (lane && waits(*lane)) return true;
  }
  return false;
}

bool lift_barriers(Context& context, const std::string& user) {
  Barriers barriers = context.barriers(user);
  bool any = false;
  std::erase_if(barriers.list, [&](Barrier& barrier) {
    if (!barrier.lifted) return false;
    any = true;
    const Range range = heads_between(user, barrier.resource, barrier.last + 1, kNever, kRangeMax);
    const auto lanes = context.view.range<Lane>(range);
    for (const Lane& lane : lanes) let_go(context, lane);
    if (lanes.empty() || context.view.size(range) < static_cast<std::size_t>(kRangeMax)) return true;
    // A lane that waits keeps its head, so the next batch begins where this one ended.
    barrier.last = lanes.back().head_seq;
    return false;
  });
  if (any) context.put(barriers);
  return any;
}

}  // namespace holdfast
