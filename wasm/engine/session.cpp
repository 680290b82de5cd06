#include "engine/session.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "outbox/barrier.hpp"
#include "outbox/lanes.hpp"
#include "outbox/reference.hpp"
#include "retry/gate.hpp"

namespace holdfast {
namespace {

void set_auth(Origin& origin, const char* state, Millis now) {
  origin.auth = state;
  origin.auth_at = now;
  if (origin.silences == 0) origin.due = std::min(origin.due, now);
}

void switch_user(Context& context, const std::string& user) {
  Session session = context.session();
  session.user = user;
  context.view.put(session.name, session);
  // Another user's credentials have nothing to do with what the last one's were worth.
  for (const std::string& url_origin : context.config.origins()) {
    Origin origin = context.origin(url_origin);
    if (origin.auth == "ok") origin.auth_at = context.now;  // The last user's late 401 is old news.
    else set_auth(origin, "fresh", context.now);
    context.put(origin);
  }
}

/// Takes writes off a lane. What is left of it starts anew: a worker killed between two batches leaves a whole lane.
void shorten(Context& context, const std::string& name, const std::set<std::string>& gone) {
  auto lane = context.view.get<Lane>(name);
  if (!lane) return;
  const Range writes{Mutation::kStore, "lane", Json::array({name, 0}), Json::array({name, kNever}), kRangeMax + 1};
  auto left = context.view.places(writes);
  std::erase_if(left, [&](const View::Place& place) { return gone.count(place.id) > 0; });
  if (left.empty()) return context.view.erase<Lane>(name);
  lane->length = std::max<std::int64_t>(1, lane->length - static_cast<std::int64_t>(gone.size()));
  start_anew(context, *lane, left.front());
  context.put(*lane);
}

/// Sign-out with the choice to discard: every pending write of the user is concluded as discarded, a batch at a time.
void discard_pending(Context& context, const std::string& user) {
  const Range range{Mutation::kStore, "user", Json::array({user, 0}), Json::array({user, kNever}), kRangeMax};
  const auto batch = context.view.range<Mutation>(range);
  std::map<std::string, std::set<std::string>> gone;  // by lane
  for (const Mutation& mutation : batch) {
    context.view.erase<Mutation>(mutation.id);
    if (mutation.body.kind == "bytes") context.view.erase("bodies", mutation.id);
    gone[mutation.lane].insert(mutation.id);
    conclude(context, mutation, "discarded", 0, "");
  }
  for (const auto& [name, ids] : gone) shorten(context, name, ids);
  for (const Mutation& mutation : batch) note_departure(context, mutation);
  Counts counts = context.counts(user);
  counts.pending = std::max<std::int64_t>(0, counts.pending - static_cast<std::int64_t>(batch.size()));
  context.put(counts);
  if (static_cast<std::int64_t>(batch.size()) == kRangeMax) context.effect({{"do", "again"}});
  context.effect({{"do", "changed"}, {"resource", nullptr}});
}

void credentials(Context& context, const SessionEvent& event) {
  Origin origin = context.origin(event.origin);
  if (origin.auth == "ok" || origin.auth == "fresh") return;
  set_auth(origin, event.ok ? "fresh" : "needed", context.now);
  context.put(origin);
}

/// hf.sync(): somebody asks outright, so computed waits end; what the server asked for (Retry-After) still holds.
void end_backoffs(Context& context, const std::string& user, const std::string& origin) {
  const Range range{Lane::kStore, "due", Json::array({user, origin, context.now + 1}),
                    Json::array({user, origin, kNever - 1}), kRangeMax};
  for (Lane& lane : context.view.range<Lane>(range)) {
    if (lane.hold != "backoff") continue;
    lane.due = context.now;
    lane.hold.clear();
    context.put(lane);
  }
}

/// Lanes that an older worker could not read may be readable now; if not, that is told once more. And resolvers that it
/// was asking died with it.
void look_again(Context& context, const std::string& user, const std::string& origin) {
  const Range range{Lane::kStore, "due", Json::array({user, origin, kNever}), Json::array({user, origin, kNever}), kRangeMax};
  for (Lane& lane : context.view.range<Lane>(range)) {
    if (lane.hold != "unreadable" && lane.hold != kResolving) continue;
    lane.due = context.now;
    lane.hold.clear();
    context.put(lane);
  }
}

bool is_signal(const std::string& trigger) {
  return trigger == "online" || trigger == "page-shown" || trigger == "sync-event" || trigger == "push" ||
         trigger == "socket-open" || trigger == "start";
}

}  // namespace

void session(Context& context, const SessionEvent& event) {
  if (event.action == "sign-in") {
    switch_user(context, event.user);
    for (const std::string& url_origin : context.config.origins()) look_again(context, event.user, url_origin);
  }
  if (event.action == "sign-out") switch_user(context, "");
  if (event.action == "discard") return discard_pending(context, context.session().user);
  if (event.action == "credentials") return credentials(context, event);
  context.effect({{"do", "changed"}, {"resource", nullptr}});
}

void tick(Context& context, const TickEvent& event) {
  const RetryConfig& retry = context.config.retry;
  const std::string user = context.session().user;
  for (const std::string& url_origin : context.config.origins()) {
    if (event.trigger == "request-succeeded" && event.origin != url_origin) continue;
    Origin origin = context.origin(url_origin);
    if (event.trigger == "start" || event.trigger == "call") {
      look_again(context, user, url_origin);
      release_all(context, user, url_origin);
    }
    if (event.trigger == "request-succeeded") {
      note_read(origin, context.now, retry);
      // Perhaps somebody signed in.
      if (origin.auth == "needed" && context.now - origin.auth_at >= retry.base_ms) set_auth(origin, "fresh", context.now);
    } else if (event.trigger == "call") {
      nudge(origin, Nudge::kCall, context.now, retry);
      end_backoffs(context, user, url_origin);
      if (origin.auth == "needed") set_auth(origin, "fresh", context.now);
    } else if (is_signal(event.trigger)) {
      nudge(origin, Nudge::kSignal, context.now, retry);
    }
    context.put(origin);
  }
  if (event.trigger == "request-succeeded") context.effect({{"do", "changed"}, {"resource", nullptr}});
}

}  // namespace holdfast
