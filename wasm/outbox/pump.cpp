#include "outbox/pump.hpp"

#include <algorithm>

#include "naming/names.hpp"
#include "outbox/barrier.hpp"
#include "outbox/base.hpp"
#include "outbox/echo.hpp"
#include "outbox/rebase.hpp"
#include "outbox/reference.hpp"
#include "outbox/resend.hpp"
#include "outbox/settle.hpp"
#include "retry/gate.hpp"

namespace holdfast {
namespace {

/// Lanes of one user and origin that are due between two times, soonest first.
Range due_between(const std::string& user, const std::string& origin, Millis first, Millis last, std::int64_t limit) {
  return {Lane::kStore, "due", Json::array({user, origin, first}), Json::array({user, origin, last}), limit};
}

/// A wait that begins in the future, or is longer than any that could have been set, is a clock that jumped: due now.
/// @return whether any lane was mended, and is therefore due without this step's ranges showing it
bool mend_clock(Context& context, const std::string& user, Origin& origin, const std::string& url_origin) {
  const RetryConfig& retry = context.config.retry;
  bool mended = false;
  const auto far = context.view.range<Lane>(due_between(user, url_origin, context.now + retry.cap_ms + 1, kNever - 1, kRangeMax));
  for (Lane lane : far) {
    const Millis longest = lane.hold == "retry-after" ? retry.retry_after_max_ms + retry.base_ms : retry.cap_ms;
    if (lane.due <= context.now + longest && lane.held_at <= context.now) continue;
    lane.due = context.now;
    lane.hold.clear();
    context.put(lane);
    mended = true;
  }
  if (origin.due > context.now + retry.cap_ms + kPageTimeoutMs) origin.due = context.now;
  if (origin.last_failure_at > context.now) origin.last_failure_at = context.now;
  if (origin.last_success_at > context.now) origin.last_success_at = context.now;
  if (origin.silent_at > context.now) origin.silent_at = context.now;
  if (origin.refused_at > context.now) origin.refused_at = context.now;
  if (origin.auth_at > context.now) origin.auth_at = context.now;
  return mended;
}

Millis time_limit(const RetryConfig& retry, const Mutation& mutation) {
  return retry.send_timeout_ms + mutation.body.size / 1024 * kSendTimeoutPerKibMs;
}

/// The lane's head, or nothing if it can't be sent; the lane is then mended or held, and the reason told.
std::optional<Mutation> sendable_head(Context& context, Lane& lane) {
  bool broken = false;
  auto head = context.view.try_get<Mutation>(lane.head, broken);
  const bool known = head && context.config.find(head->resource) != nullptr;
  if (known || !context.view.complete()) return head;
  // Either another version wrote it, or its resource is no longer declared. It is kept, and somebody is told.
  lane.due = kNever;
  lane.hold = "unreadable";
  context.put(lane);
  context.effect({{"do", "problem"},
                  {"code", broken ? "unreadable-row" : head ? "resource-not-declared" : "missing-row"},
                  {"message", "The write " + lane.head + " is kept but can't be sent by this version of the worker."}});
  return std::nullopt;
}

/// How long a connection must have hung for the host to open it anew within the same attempt; it doubles with each
/// time. Only on a link that worked moments ago (retry/gate.cpp), and only what may be sent twice; kNever else.
Millis again_after(const Context& context, const Origin& origin, bool resendable) {
  const RetryConfig& retry = context.config.retry;
  if (!resendable) return kNever;
  return context.now - origin.last_success_at <= retry.send_timeout_ms ? retry.silent_base_ms : kNever;
}

Json request_of(Context& context, const Origin& origin, const Resource& resource, const Mutation& mutation) {
  Headers headers = mutation.headers;
  // Only upon what it was made upon (RFC 9110, section 13.1.1).
  if (mutation.base_etag == kNothingThere) headers.emplace_back("if-none-match", "*");
  else if (!mutation.base_etag.empty() && mutation.base_etag != kNamedInBody) headers.emplace_back("if-match", mutation.base_etag);
  const bool keyed = resource.idempotency == Idempotency::kHeader || mutation.app_key;
  return {{"method", mutation.method},
          {"url", mutation.url},
          {"headers", headers},
          {"body", mutation.body.kind == "text" ? Json(mutation.body.text) : Json(nullptr)},
          {"bytes", mutation.body.kind == "bytes"},
          // A server that doesn't know the header may refuse it: its CORS preflight names what it allows.
          {"key", keyed ? mutation.key : std::string()},
          {"againAfterMs", again_after(context, origin, resend_of(context.config, resource, mutation) == Resend::kSend)},
          {"timeoutMs", time_limit(context.config.retry, mutation)}};
}

Json request_of(Context& context, const Origin& origin, const Lookup& lookup) {
  return {{"method", lookup.method}, {"url", lookup.url}, {"headers", lookup.headers}, {"body", nullptr}, {"bytes", false},
          {"key", ""}, {"againAfterMs", again_after(context, origin, true)}, {"timeoutMs", context.config.retry.send_timeout_ms}};
}

void send(Context& context, const Origin& origin, Lane& lane, Mutation& mutation, Sends& sends, bool probe) {
  mutation = renamed(context, std::move(mutation));
  const Resource& resource = *context.config.find(mutation.resource);
  const auto lookup = lookup_before(context.config, resource, mutation, origin, context.now);
  Json effect = lookup ? request_of(context, origin, *lookup) : request_of(context, origin, resource, mutation);
  mutation.attempts += 1;
  // One look at the document is good for one attempt: until the next, others may change it.
  mutation.checked_at = 0;
  mutation.looked = mutation.looked || lookup;
  sends.list.push_back({mutation.id, lane.lane, lane.origin, context.life, mutation.attempts, context.now, mutation.state, lookup.has_value()});
  mutation.state = "sending";
  context.put(mutation);
  lane.due = kNever;
  lane.hold = "sending";
  context.put(lane);

  effect.update({{"do", "send"},
                 {"id", mutation.id},
                 {"attempt", mutation.attempts},
                 {"probe", probe},
                 {"lookup", lookup.has_value()},
                 {"user", mutation.user},
                 {"credentials", mutation.credentials},
                 {"credentialHeaders", mutation.credential_headers}});
  context.effect(std::move(effect));
}

/// How many may leave to one origin now, and when to look again if that is too few. kNever: an event will tell.
struct Allowance {
  std::int64_t sends = 0;
  Millis again = kNever;
};

/// While the gate is open on a link that was silent lately: an attempt since whose start nothing was heard may be the
/// first one in a tunnel, and what leaves beside it is lost with it. So one is bet at a time, until something is heard
/// or a moment has passed, lest a slow answer hold up the others.
Allowance bet(const Origin& origin, const Sends& sends, const Context& context, std::int64_t room) {
  const Millis heard = std::max(origin.last_success_at, origin.last_failure_at);
  for (const Send& send : sends.list) {
    // A start that lies ahead is a clock that jumped back; it must not hold anything up.
    const bool unheard = "origin " + send.origin == origin.name && send.started_at >= heard && send.started_at <= context.now;
    if (unheard && send.started_at + kFlowingMs > context.now) return {0, send.started_at + kFlowingMs};
  }
  if (context.now - heard < kFlowingMs) return {room, kNever};
  return {1, context.now + kFlowingMs};
}

/// While the gate is closed: as many as its window holds, not counting attempts that are old enough to be hanging.
Allowance allowance(const Origin& origin, const Sends& sends, const Context& context, bool closed) {
  const RetryConfig& retry = context.config.retry;
  if (origin.auth == "needed" || origin.auth == "refreshing") return {};
  const auto wide = window(origin, context.now, retry);
  const auto most_at_all = closed ? std::max(wide, std::min(retry.sends_max, kHangingMax)) : wide;
  const auto own = std::count_if(sends.list.begin(), sends.list.end(),
                                 [&](const Send& send) { return "origin " + send.origin == origin.name; });
  const auto room = std::min<std::int64_t>(most_at_all - own, retry.sends_max - static_cast<std::int64_t>(sends.list.size()));
  if (room <= 0) return {};
  const bool fresh = origin.auth == "fresh";
  if (!closed && !fresh) {
    const bool shaky = origin.silent_at != 0 && context.now - origin.silent_at <= kShakyMs;
    return shaky ? bet(origin, sends, context, room) : Allowance{room, kNever};
  }
  if (origin.due > context.now) return {0, origin.due};
  std::int64_t young = 0;
  Millis news_until = kNever;
  for (const Send& send : sends.list) {
    // A start that lies ahead is a clock that jumped back; that attempt's news is awaited from now on.
    const Millis until = std::min(send.started_at, context.now) + kPageTimeoutMs;
    if ("origin " + send.origin != origin.name || until <= context.now) continue;
    young += 1;
    news_until = std::min(news_until, until);
  }
  const std::int64_t most = fresh ? 1 : wide;
  if (young >= most) return {0, news_until};
  return {std::min(room, most - young), kNever};
}

struct Wake {
  Millis at = kNever;
  void by(Millis time) { at = std::min(at, time); }
};

void pump_origin(Context& context, const std::string& url_origin, const std::string& user, Sends& sends, Wake& wake) {
  Origin origin = context.origin(url_origin);
  bool room_made = mend_clock(context, user, origin, url_origin);
  const bool closed = gate_closed(origin, context.config.retry);
  auto [allowed, again] = allowance(origin, sends, context, closed);

  const std::int64_t most = context.config.retry.sends_max * 2;
  auto due = context.view.range<Lane>(due_between(user, url_origin, -kNever, context.now, most));
  // A single probe is a lane that hasn't met silence, or not lately: else one that always does would use up each.
  if (origin.silences > 0 && window(origin, context.now, context.config.retry) == 1) {
    std::stable_sort(due.begin(), due.end(), [](const Lane& a, const Lane& b) { return a.last_silence_at < b.last_silence_at; });
  }
  const auto next = context.view.range<Lane>(due_between(user, url_origin, context.now + 1, kNever - 1, 1));
  bool waiting = false;
  for (Lane lane : due) {
    if (allowed <= 0) {
      waiting = true;
      break;
    }
    auto head = sendable_head(context, lane);
    if (!head) continue;
    if (barred(context, *head)) {
      lane.due = kBarred;
      lane.hold = "barrier";
      context.put(lane);
      continue;
    }
    const Standing standing = standing_of(context, *head);
    if (standing.orphaned) {
      set_orphan_aside(context, *head);
      room_made = true;
      continue;
    }
    if (standing.awaits > 0) {
      hold_for(context, lane, standing.awaits);
      continue;
    }
    const Resource& resource = *context.config.find(head->resource);
    // Killed with its worker, or declared otherwise since.
    if (head->state == "unknown" && resend_of(context.config, resource, *head) == Resend::kAsk) {
      set_aside_unknown(context, *head, resource, {});
      room_made = true;
      continue;
    }
    if (catch_up(context, resource, *head) == Rebased::kOver) {
      room_made = true;
      continue;
    }
    send(context, origin, lane, *head, sends, closed);
    allowed -= 1;
    if (!closed || window(origin, context.now, context.config.retry) > 1) continue;
    note_probe(origin, context.now, context.config.retry);
    again = origin.due;
  }
  if (waiting) wake.by(again);
  // Lanes that this step found unsendable, shortened or mended have made room that its ranges don't show.
  if (room_made || (!waiting && allowed > 0 && static_cast<std::int64_t>(due.size()) == most)) wake.by(context.now + 1);
  else if (!next.empty()) wake.by(next.front().due);
  context.put(origin);
}

}  // namespace

void take_over(Context& context) {
  Sends sends = context.sends();
  const auto dead = [&](const Send& send) { return send.life != context.life; };
  for (const Send& send : sends.list) {
    if (!dead(send)) continue;
    // A row that can't be read must not keep the others from being taken over; the pump holds and reports it.
    bool broken = false;
    auto mutation = context.view.try_get<Mutation>(send.id, broken);
    if (mutation) {
      mutation->state = send.lookup ? send.before : "unknown";
      mutation->open = mutation->open || !send.lookup;
      context.put(*mutation);
      const Resource* resource = context.config.find(mutation->resource);
      if (resource != nullptr && !mutation->echo.empty()) {
        settle_echo(context, *mutation, *resource);
        continue;
      }
    }
    auto lane = context.view.try_get<Lane>(send.lane, broken);
    if (lane && lane->hold == "sending") {
      lane->due = context.now;
      lane->hold.clear();
      context.put(*lane);
    }
  }
  std::erase_if(sends.list, dead);
  context.put(sends);

  for (const std::string& url_origin : context.config.origins()) {
    Origin origin = context.origin(url_origin);
    // Whoever was fetching credentials died over it; the next 401 asks anew.
    if (origin.auth == "refreshing" && origin.auth_life != context.life) {
      origin.auth = "ok";
      origin.auth_at = context.now;
      context.put(origin);
    }
  }
}

void pump(Context& context) {
  const std::string user = context.session().user;
  Sends sends = context.sends();
  Wake wake;
  if (lift_barriers(context, user)) wake.by(context.now + 1);
  for (const std::string& origin : context.config.origins()) pump_origin(context, origin, user, sends, wake);
  context.put(sends);
  // While attempts are under way: the moment to look again, should this worker be killed or all of them hang.
  if (!sends.list.empty()) wake.by(context.now + kPageTimeoutMs);
  context.effect({{"do", "pumped"},
                  {"sending", static_cast<std::int64_t>(sends.list.size())},
                  {"wakeAt", wake.at == kNever ? Json(nullptr) : Json(wake.at)}});
}

}  // namespace holdfast
