#include "outbox/settle.hpp"

#include <algorithm>

#include "naming/names.hpp"
#include "outbox/base.hpp"
#include "outbox/confirm.hpp"
#include "outbox/current.hpp"
#include "outbox/echo.hpp"
#include "outbox/inbox.hpp"
#include "outbox/lanes.hpp"
#include "outbox/resend.hpp"
#include "outbox/rewrite.hpp"
#include "retry/backoff.hpp"
#include "retry/classify.hpp"
#include "retry/gate.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

AnswerFacts facts_of(const AnsweredEvent& event, const Mutation& mutation) {
  AnswerFacts facts;
  facts.status = event.status;
  facts.has_retry_after = !header(event.headers, "retry-after").empty();
  facts.redirected = event.redirected;
  facts.html = header(event.headers, "content-type").find("text/html") != std::string::npos;
  const std::string sent = header(mutation.headers, "content-type");
  // fetch labels a plain string text/plain, and apps that speak JSON often leave it at that.
  facts.json_expected = sent.empty() || sent.find("json") != std::string::npos || sent.starts_with("text/plain");
  return facts;
}

/// A lookup asks for JSON, whatever the write that it asks about was.
AnswerFacts facts_of_lookup(const AnsweredEvent& event) { return facts_of(event, Mutation{}); }

/// Rejected, or in conflict: a page that still waits gets the server's own answer; what it can't be told is kept.
void set_aside(Context& context, Mutation& mutation, const AnsweredEvent& event, const Resource& resource, AnswerClass meaning) {
  const bool conflict = meaning == AnswerClass::kConflict;
  const bool keep = conflict || !event.waiting;
  mutation.answered = mutation.answered || event.waiting;
  // After a conflict it may be there already, and what follows is the server's to judge.
  if (!conflict) note_failed_creation(context, resource, mutation);
  take_out(context, resource, mutation);
  if (keep) move_to_inbox(context, mutation, conflict ? "conflict" : "rejected", event.status, event.body);
  else remove(context, mutation);
  respond_answer(context, mutation, conflict);
  conclude(context, mutation, conflict ? "conflict" : "rejected", event.status, event.body);
}

/// Answers by which a server says that it has not carried out what it was asked (RFC 9110, 15.5.9; RFC 8470, 5.2;
/// RFC 6585, 4). After any other that means "later" it may have: some servers apply a write and then fail.
bool changed_nothing(std::int64_t status) { return status == 408 || status == 425 || status == 429; }

/// @param state of the write from now on
void try_later(Context& context, Mutation& mutation, const AnsweredEvent& event, const std::string& state) {
  const RetryConfig& retry = context.config.retry;
  auto lane = context.view.get<Lane>(mutation.lane);
  if (lane) {
    lane->failures += 1;
    lane->held_at = context.now;
    const auto asked = parse_retry_after(header(event.headers, "retry-after"), context.now);
    if (asked) {
      // The server's word wins over the backoff; up to a tenth is added, lest all who were sent away return at once.
      const Millis wait = std::min(*asked, retry.retry_after_max_ms);
      lane->due = context.now + wait + context.random.up_to(std::min<Millis>(wait / 10, retry.base_ms));
      lane->hold = "retry-after";
    } else {
      back_off(context, *lane, lane->failures);
    }
    context.put(*lane);
  }
  mutation.state = state;
  mutation.open = mutation.open || state == "unknown";
  context.put(mutation);
}

void ask_credentials(Context& context, Origin& origin, const Mutation& mutation, Millis started_at, bool none_at_all) {
  // An answer to an attempt from before the last change is old news.
  const bool news = started_at >= origin.auth_at;
  if (news && origin.auth == "ok" && !none_at_all) {
    origin.auth = "refreshing";
    origin.auth_life = context.life;
    context.effect({{"do", "refresh_credentials"}, {"origin", origin.name.substr(7)}, {"url", mutation.url},
                    {"user", mutation.user}, {"id", mutation.id}});
  } else if (news && origin.auth != "refreshing") {
    origin.auth = "needed";
    context.effect({{"do", "forget_credentials"}, {"origin", origin.name.substr(7)}, {"user", mutation.user}, {"id", mutation.id}});
  } else {
    return;
  }
  origin.auth_at = context.now;
}

/// The attempts went to a name that the entity, or what it lies below, has no more. A server that knows the key would
/// have repeated its answer if one of them had been carried out; so their outcome is known, and the write leaves anew:
/// to the present name, with another key. While that name is being changed it backs off: what it will be isn't known.
bool follow_name(Context& context, const AnsweredEvent& event, const Mutation& mutation, const Resource& resource) {
  if (!is_gone(event) || resource.idempotency != Idempotency::kHeader) return false;
  Mutation anew = mutation;
  anew.known_attempts = anew.attempts;
  const bool changed = renamed(context, anew).url != mutation.url;
  if (!changed && !name_in_flux(context, mutation)) return false;
  renew_key(context, anew);
  if (changed) requeue(context, anew, "queued");
  else try_later(context, anew, event, "queued");
  return true;
}

/// Nobody knows whether the attempt that has just ended was carried out.
bool left_open(Context& context, const Mutation& mutation, const Resource& resource) {
  return resend_of(context.config, resource, mutation) == Resend::kAsk;
}

/// What an answer means for its write, by the app's own rules and by what was sent before.
AnswerClass class_of(Context& context, const AnsweredEvent& event, const Mutation& mutation, const Resource& resource,
                     const std::optional<Send>& send) {
  // Without a key a repeated deletion finds nothing; that is what it was for.
  const bool repeated = send && send->before == "unknown" && resource.idempotency != Idempotency::kHeader;
  if (is_gone(event) && repeated && mutation.method == "DELETE") {
    const auto found = route(context.config, mutation.url);
    if (found && found->kind == RouteKind::kItem) return AnswerClass::kConfirmed;
  }
  return classify(resource, facts_of(event, mutation));
}

void answer_to_write(Context& context, const AnsweredEvent& event, const std::optional<Send>& send, Mutation& mutation,
                     const Resource& resource, AnswerClass meaning, Origin& origin) {
  const Millis since = send ? send->started_at : context.now;
  if (meaning == AnswerClass::kRetry) {
    note_trouble(origin, since, context.now, context.config.retry, context.random);
  } else {
    note_success(origin, context.now);
    if (meaning != AnswerClass::kNeedsAuth && origin.auth == "fresh") origin.auth = "ok";
  }
  if (meaning == AnswerClass::kRejected && follow_name(context, event, mutation, resource)) return;
  const bool met = meaning == AnswerClass::kConflict || (meaning == AnswerClass::kRejected && is_gone(event));
  if (met && merge_later(context, event, send, mutation, resource)) return;
  switch (meaning) {
    case AnswerClass::kConfirmed: settle_confirmed(context, mutation, event, resource); break;
    case AnswerClass::kRejected:
    case AnswerClass::kConflict:
      // Where keys are known, an earlier attempt that was carried out would have been confirmed.
      mutation.open = mutation.open && resource.idempotency != Idempotency::kHeader;
      set_aside(context, mutation, event, resource, meaning);
      break;
    case AnswerClass::kRetry:
      if (changed_nothing(event.status)) try_later(context, mutation, event, send->before);
      else if (left_open(context, mutation, resource)) set_aside_unknown(context, mutation, resource, event);
      else try_later(context, mutation, event, "unknown");
      break;
    case AnswerClass::kNeedsAuth:
      ask_credentials(context, origin, mutation, since, false);
      requeue(context, mutation, send->before);
      break;
  }
}

/// What a lookup was told is news of the link and the session as any answer is; of the write only whether it is there.
void answer_to_lookup(Context& context, const AnsweredEvent& event, const Send& send, Mutation& mutation,
                      const Resource& resource, AnswerClass meaning, Origin& origin) {
  if (meaning == AnswerClass::kRetry) {
    note_trouble(origin, send.started_at, context.now, context.config.retry, context.random);
    return try_later(context, mutation, event, send.before);
  }
  note_read(origin, context.now, context.config.retry);
  if (meaning == AnswerClass::kNeedsAuth) {
    ask_credentials(context, origin, mutation, send.started_at, false);
    return requeue(context, mutation, send.before);
  }
  if (origin.auth == "fresh") origin.auth = "ok";
  if (awaits_current(mutation, context.now)) {
    if (!take_current(context, event, send, mutation, resource)) set_aside(context, mutation, event, resource, AnswerClass::kConflict);
    return;
  }
  if (send.before != "unknown") return requeue(context, mutation, send.before);
  const Sighting sighting = sight(context.config, resource, mutation, event);
  switch (sighting.found) {
    case Found::kThere: return settle_confirmed(context, mutation, sighting.answer, resource);
    case Found::kNotThere: return requeue(context, mutation, "queued");
    case Found::kUnclear: return set_aside_unknown(context, mutation, resource, event);
  }
}

}  // namespace

void answered(Context& context, const AnsweredEvent& event) {
  auto mutation = context.view.get<Mutation>(event.id);
  const auto send = end_send(context, event.id, event.attempt);
  if (!mutation) return;  // Settled already: a late or repeated result is ordinary.
  const Resource* resource = context.config.find(mutation->resource);
  if (resource == nullptr) return;

  const bool lookup = send && send->lookup;
  // What an app declares about answers is about those to its writes.
  const AnswerClass meaning = lookup ? classify(Resource{}, facts_of_lookup(event)) : class_of(context, event, *mutation, *resource, send);
  // An older attempt that is answered late still proves that these bytes were applied; its failures are no news. Where
  // lookups are made it may be one of them, and the next one tells anyway.
  const bool proof = meaning == AnswerClass::kConfirmed && event.attempt > mutation->known_attempts &&
                     resource->idempotency == Idempotency::kHeader && !mutation->looked;
  if (!send && !proof) return;
  if (!mutation->echo.empty() && (lookup || meaning != AnswerClass::kConfirmed)) return settle_echo(context, *mutation, *resource);

  Origin origin = context.origin(mutation->origin);
  if (lookup) answer_to_lookup(context, event, *send, *mutation, *resource, meaning, origin);
  else answer_to_write(context, event, send, *mutation, *resource, meaning, origin);
  context.put(origin);
  const bool pending = meaning == AnswerClass::kRetry || meaning == AnswerClass::kNeedsAuth;
  if (event.waiting && pending && context.view.get<Mutation>(event.id)) respond_queued(context, *mutation, *resource);
  context.effect({{"do", "changed"}, {"resource", mutation->resource}});
}

void set_aside_unknown(Context& context, Mutation& mutation, const Resource& resource, const AnsweredEvent& evidence) {
  mutation.open = true;
  take_out(context, resource, mutation);  // whether it is there or not: what was added upon it is added
  respond_queued(context, mutation, resource);
  move_to_inbox(context, mutation, "unknown-outcome", evidence.status, evidence.body);
  conclude(context, mutation, "unknown", evidence.status, "");
}

void failed(Context& context, const FailedEvent& event) {
  auto mutation = context.view.get<Mutation>(event.id);
  const auto send = end_send(context, event.id, event.attempt);
  if (!mutation || !send) return;
  const Resource* resource = context.config.find(mutation->resource);
  if (resource == nullptr) return;
  if (!mutation->echo.empty()) return settle_echo(context, *mutation, *resource);

  Origin origin = context.origin(mutation->origin);
  if (event.reason == "no-credentials") {
    ask_credentials(context, origin, *mutation, send->started_at, true);
    mutation->attempts = std::max<std::int64_t>(0, mutation->attempts - 1);  // Nothing left the worker.
    requeue(context, *mutation, send->before);
  } else {
    note_silence(origin, event.reason == "network", send->started_at, context.now, context.config.retry, context.random);
    if (!send->lookup && left_open(context, *mutation, *resource)) {
      set_aside_unknown(context, *mutation, *resource, {});
      context.put(origin);
      context.effect({{"do", "changed"}, {"resource", mutation->resource}});
      return;
    }
    mutation->open = mutation->open || !send->lookup;
    requeue(context, *mutation, send->lookup ? send->before : "unknown");
    auto lane = context.view.get<Lane>(mutation->lane);
    if (lane) {
      // Silence is the link's matter, so the lane only goes to the back of the queue. But a head that meets silence
      // twice while others get through is a matter of its own: it backs off like one that was answered.
      lane->last_silence_at = context.now;
      if (origin.last_success_at > send->started_at) lane->silences += 1;
      if (lane->silences >= 2) back_off(context, *lane, lane->silences - 1);
      context.put(*lane);
    }
  }
  context.put(origin);
  if (!mutation->answered) respond_queued(context, *mutation, *resource);
  context.effect({{"do", "changed"}, {"resource", mutation->resource}});
}

void diagnosed(Context& context, const DiagnosedEvent& event) {
  if (event.origin == context.config.origin) return;
  Origin origin = context.origin(event.origin);
  note_refusal(origin, event.answers, event.started_at, context.now);
  origin.refused_method = event.method;
  origin.refused_headers = event.headers;
  origin.refused_credentials = event.credentials;
  context.put(origin);
  context.effect({{"do", "changed"}, {"resource", nullptr}});
}

void reopened(Context& context, const ReopenedEvent& event) {
  const Sends sends = context.sends();
  for (const Send& send : sends.list) {
    if (send.id != event.id || send.attempt != event.attempt) continue;
    Origin origin = context.origin(send.origin);
    note_reopened(origin, context.now, context.config.retry);
    context.put(origin);
  }
}

void waited(Context& context, const WaitedEvent& event) {
  auto mutation = context.view.get<Mutation>(event.id);
  if (!mutation) return;
  const Resource* resource = context.config.find(mutation->resource);
  if (resource == nullptr) return;
  // Only an attempt under way says something about the link; a write that waits behind its lane does not.
  if (mutation->state == "sending") {
    Origin origin = context.origin(mutation->origin);
    const Sends sends = context.sends();
    for (const Send& send : sends.list) {
      if (send.id != mutation->id || origin.last_success_at > send.started_at) continue;
      origin.silences = std::max<std::int64_t>(1, origin.silences);
      origin.due = std::max(origin.due, context.now);
      context.put(origin);
    }
  }
  respond_queued(context, *mutation, *resource);
}

}  // namespace holdfast
