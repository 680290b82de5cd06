#include "outbox/reference.hpp"

#include "outbox/inbox.hpp"
#include "outbox/lanes.hpp"

namespace holdfast {
namespace {

constexpr std::int64_t kFailedDependency = 424;

void release(Context& context, const std::string& user, const std::string& origin, Millis first, Millis last, std::int64_t limit) {
  const Range waiting{Lane::kStore, "due", Json::array({user, origin, first}), Json::array({user, origin, last}), limit};
  for (Lane& lane : context.view.range<Lane>(waiting)) {
    if (lane.hold != "reference") continue;
    lane.due = context.now;
    lane.hold.clear();
    context.put(lane);
  }
}

}  // namespace

void hold_for(Context& context, Lane& lane, std::int64_t creation) {
  lane.due = kAwaiting + creation;
  lane.hold = "reference";
  context.put(lane);
}

void release_waiting(Context& context, const Mutation& mutation) {
  const Resource* resource = context.config.find(mutation.resource);
  if (resource == nullptr || !resource->referenced || mutation.method != "POST") return;
  const Millis due = kAwaiting + mutation.seq;
  for (const std::string& origin : context.config.origins()) release(context, mutation.user, origin, due, due, kPendingMax);
}

void release_all(Context& context, const std::string& user, const std::string& origin) {
  release(context, user, origin, kAwaiting, kLast, kRangeMax);
}

void set_orphan_aside(Context& context, Mutation mutation) {
  move_to_inbox(context, mutation, "creation-failed", kFailedDependency, "");
  conclude(context, mutation, "rejected", kFailedDependency, "");
  context.effect({{"do", "changed"}, {"resource", mutation.resource}});
}

}  // namespace holdfast
