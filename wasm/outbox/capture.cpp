#include "outbox/capture.hpp"

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "naming/names.hpp"
#include "outbox/barrier.hpp"
#include "outbox/base.hpp"
#include "outbox/coalesce.hpp"
#include "outbox/lanes.hpp"
#include "overlay/optimistic.hpp"
#include "retry/gate.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

void attach(Context& context, const CaptureEvent& event, const Mutation& mutation, const Resource& resource) {
  context.effect({{"do", "attach"}, {"waiter", event.waiter}, {"id", mutation.id}, {"user", mutation.user},
                  {"timeoutMs", resource.timeout_ms}});
}

void refuse(Context& context, const CaptureEvent& event, const char* code, const char* message) {
  context.effect({{"do", "refuse"}, {"waiter", event.waiter}, {"code", code}, {"message", message}});
}

/// Answers a request that was delivered once more after its write had already been settled.
void answer_again(Context& context, const CaptureEvent& event, const OutcomeRow& outcome) {
  context.effect({{"do", "respond"},
                  {"how", "outcome"},
                  {"waiter", event.waiter},
                  {"id", outcome.id},
                  {"state", outcome.state},
                  {"status", outcome.status},
                  {"document", outcome.document}});
}

/// A stamp names one call of one page: whoever carries it is that call, however often it is delivered.
bool known_by_stamp(Context& context, const CaptureEvent& event, const Resource& resource) {
  if (event.stamp.empty()) return false;
  const Range kept{Mutation::kStore, "stamp", event.stamp, event.stamp, 1};
  const auto mutations = context.view.range<Mutation>(kept);
  const Range settled{OutcomeRow::kStore, "stamp", event.stamp, event.stamp, 1};
  const auto outcomes = context.view.range<OutcomeRow>(settled);
  if (!mutations.empty()) {
    attach(context, event, mutations.front(), resource);
    return true;
  }
  if (!outcomes.empty()) {
    answer_again(context, event, outcomes.front());
    return true;
  }
  return false;
}

/// Without a stamp: a row of a dead worker's life whose fetch was never answered absorbs one equal request of the
/// same page. Within one life nothing is absorbed, since two quick taps are two writes.
bool known_by_likeness(Context& context, const CaptureEvent& event, const Resource& resource) {
  if (!event.stamp.empty() || event.client.empty()) return false;
  const Json likeness = Json::array({event.client, event.hash});
  const Range kept{Mutation::kStore, "likeness", likeness, likeness, kRangeMax};
  auto mutations = context.view.range<Mutation>(kept);
  const Range settled{OutcomeRow::kStore, "likeness", likeness, likeness, kRangeMax};
  auto outcomes = context.view.range<OutcomeRow>(settled);
  for (OutcomeRow& outcome : outcomes) {
    if (outcome.answered || outcome.life == context.life) continue;
    outcome.life = context.life;
    outcome.answered = true;
    context.put(outcome);
    answer_again(context, event, outcome);
    return true;
  }
  for (Mutation& mutation : mutations) {
    if (mutation.answered || mutation.life == context.life) continue;
    mutation.life = context.life;
    context.put(mutation);
    attach(context, event, mutation, resource);
    return true;
  }
  return false;
}

/// A creation names its entity in its own body, else the mutation's id stands in for it. A creation of several, and
/// any other write to a collection, has none: it concerns all of them.
std::string entity_of(const Route& found, const CaptureEvent& event, const std::string& id) {
  if (found.kind != RouteKind::kCollection) return found.entity;
  if (event.method != "POST") return {};
  const auto name = [&](const std::string& own) { return named(*found.resource, found.parent, own); };
  auto body = event.body.kind == "text" ? parse_json(event.body.text) : std::nullopt;
  if (body && body->is_array()) return {};
  if (body && body->is_object()) {
    const Json document = unwrapped(*found.resource, std::move(*body));
    const std::string own = id_text(find_part(document, found.resource->id));
    if (!own.empty()) return name(own);
  }
  return name(id);
}

Mutation make_mutation(Context& context, const CaptureEvent& event, const Route& found, const std::string& user) {
  Mutation mutation;
  mutation.id = uuid_v7(context.now, context.random);
  mutation.user = user;
  mutation.resource = found.resource->name;
  mutation.entity = entity_of(found, event, mutation.id);
  mutation.lane = lane_name(user, *found.resource, mutation.entity);
  mutation.origin = found.resource->origin;
  mutation.method = event.method;
  mutation.url = event.url;
  mutation.headers = event.headers;
  mutation.body = event.body;
  mutation.app_key = !event.key.empty();
  mutation.key = mutation.app_key ? event.key : uuid_v7(context.now, context.random);
  mutation.credentials = event.credentials;
  mutation.credential_headers = event.credential_headers;
  if (!event.stamp.empty()) mutation.stamps.push_back(event.stamp);
  mutation.client = event.client;
  mutation.life = context.life;
  mutation.hash = event.hash;
  mutation.created_at = event.at;
  return mutation;
}

}  // namespace

void capture_own(Context& context, const Mutation& reason, const std::string& url, const Json& body) {
  const auto found = locate(context, reason.user, url);
  if (!found) return;
  CaptureEvent event;
  event.method = "POST";
  event.url = url;
  event.headers = {{"content-type", "application/json"}};
  event.body.kind = "text";
  event.body.text = print_json(body);
  event.body.size = static_cast<std::int64_t>(event.body.text.size());
  event.credentials = reason.credentials;
  event.credential_headers = reason.credential_headers;
  event.client = reason.client;
  event.at = context.now;
  Mutation mutation = make_mutation(context, event, *found, reason.user);
  mutation.answered = true;  // no page waits for it
  append(context, mutation, context.view.get<Lane>(mutation.lane));
  note_creation(context, *found->resource, mutation);
  context.effect({{"do", "register_sync"}});
  context.effect({{"do", "changed"}, {"resource", found->resource->name}});
}

void capture(Context& context, const CaptureEvent& event) {
  const std::string user = context.session().user;
  const auto found = locate(context, user, event.url);
  if (!found) return refuse(context, event, "not-declared", "No declared resource holds this URL.");
  const Resource& resource = *found->resource;
  if (known_by_stamp(context, event, resource) || known_by_likeness(context, event, resource)) return;

  if (context.counts(user).pending >= kPendingMax) {
    return refuse(context, event, "outbox-full", "The outbox holds as many writes as it may; let it drain first.");
  }
  Mutation mutation = make_mutation(context, event, *found, user);
  const auto lane = context.view.get<Lane>(mutation.lane);
  Origin origin = context.origin(resource.origin);

  bool broken = false;
  auto tail = lane ? context.view.try_get<Mutation>(lane->tail, broken) : std::nullopt;
  const Joined joined = tail ? coalesce(context, resource, *tail, mutation) : Joined::kNo;
  if (joined == Joined::kVanished) {
    remove(context, *tail);
    conclude(context, *tail, "confirmed", 0, "");
    mutation.answered = true;
    mutation.seq = tail->seq;  // It took no number of its own; with none, its outcome would be the first one trimmed.
    conclude(context, mutation, "confirmed", 0, "");
    context.effect({{"do", "respond"}, {"how", "outcome"}, {"waiter", event.waiter}, {"id", mutation.id},
                    {"state", "confirmed"}, {"status", 0}, {"document", ""}});
    context.effect({{"do", "changed"}, {"resource", resource.name}});
    return;
  }
  Mutation& kept = joined == Joined::kMerged ? *tail : mutation;
  if (joined == Joined::kMerged) {
    context.put(kept);
  } else {
    note_base(context, resource, kept);
    append(context, kept, lane);
    note_creation(context, resource, kept);
  }

  // Nobody waits two seconds at every tap: where the first attempt can't leave now, or the last one was met with
  // silence, the answer is given at once.
  const bool held = (lane && waits(*lane)) || behind_waiting_barrier(context, user, resource.name);
  const bool closed = event.silent || gate_closed(origin, context.config.retry) || origin.auth == "needed" || origin.auth == "refreshing";
  if (origin.auth == "needed" && !event.credential_headers.empty()) {
    // Whoever writes with credentials may have new ones: worth one probe.
    origin.auth = "fresh";
    origin.auth_at = context.now;
    context.put(origin);
  }
  if (origin.silences > 0) {
    nudge(origin, Nudge::kAct, context.now, context.config.retry);
    context.put(origin);
  }
  attach(context, event, kept, resource);
  if (held || closed) respond_queued(context, kept, resource);
  context.effect({{"do", "register_sync"}});
  context.effect({{"do", "changed"}, {"resource", resource.name}});
}

}  // namespace holdfast
