#include "outbox/lanes.hpp"

#include <algorithm>

#include "codec/text.hpp"
#include "outbox/barrier.hpp"
#include "outbox/record.hpp"
#include "outbox/reference.hpp"
#include "overlay/optimistic.hpp"
#include "retry/backoff.hpp"

namespace holdfast {
namespace {

void leave_lane(Context& context, const Mutation& mutation) {
  auto lane = context.view.get<Lane>(mutation.lane);
  const Range range{Mutation::kStore, "lane", Json::array({mutation.lane, 0}), Json::array({mutation.lane, kNever}), 2};
  // By their ids alone: a write that can't be read keeps its place, so that it is held and reported, not passed over.
  auto first_two = context.view.places(range);  // asked for together with the lane
  if (!lane) return;
  std::erase_if(first_two, [&](const View::Place& place) { return place.id == mutation.id; });
  if (first_two.empty()) {
    context.view.erase<Lane>(lane->lane);
    return;
  }
  lane->length = std::max<std::int64_t>(1, lane->length - 1);
  // Nothing is joined to a tail that is no more; the next write becomes the tail.
  if (lane->tail == mutation.id) lane->tail.clear();
  if (lane->head == mutation.id) start_anew(context, *lane, first_two.front());
  context.put(*lane);
}

}  // namespace

bool waits(const Lane& lane) {
  return lane.hold == "backoff" || lane.hold == "retry-after" || lane.hold == "barrier" || lane.hold == "reference" ||
         lane.hold == kResolving || lane.hold == "unreadable";
}

void start_anew(Context& context, Lane& lane, const View::Place& head) {
  lane.head = head.id;
  lane.head_seq = head.seq;
  lane.due = context.now;
  lane.hold.clear();
  lane.failures = lane.silences = 0;
  lane.last_silence_at = 0;
}

void append(Context& context, Mutation& mutation, std::optional<Lane> lane) {
  auto sequence = context.view.get<Sequence>("sequence").value_or(Sequence{});
  mutation.seq = ++sequence.last;
  context.view.put(sequence.name, sequence);

  if (!lane) {
    lane.emplace();
    lane->lane = mutation.lane;
    lane->user = mutation.user;
    lane->resource = mutation.resource;
    lane->entity = mutation.entity;
    lane->origin = mutation.origin;
    lane->head = mutation.id;
    lane->head_seq = mutation.seq;
    lane->due = context.now;
  }
  lane->tail = mutation.id;
  lane->length += 1;
  context.put(*lane);
  context.put(mutation);
  raise_barrier(context, mutation);

  Counts counts = context.counts(mutation.user);
  counts.pending += 1;
  context.put(counts);
}

void remove(Context& context, const Mutation& mutation) {
  context.view.erase<Mutation>(mutation.id);
  if (mutation.body.kind == "bytes") context.view.erase("bodies", mutation.id);

  Counts counts = context.counts(mutation.user);
  counts.pending = std::max<std::int64_t>(0, counts.pending - 1);
  context.put(counts);

  leave_lane(context, mutation);
  note_departure(context, mutation);
  release_waiting(context, mutation);
}

void requeue(Context& context, Mutation& mutation, const std::string& state) {
  auto lane = context.view.get<Lane>(mutation.lane);
  if (lane) {
    lane->due = context.now;
    lane->hold.clear();
    context.put(*lane);
  }
  mutation.state = state;
  context.put(mutation);
}

void back_off(Context& context, Lane& lane, std::int64_t n) {
  lane.due = context.now + full_jitter(context.config.retry.base_ms, context.config.retry.cap_ms, n, context.random);
  lane.held_at = context.now;
  lane.hold = "backoff";
}

std::optional<Send> end_send(Context& context, const std::string& id, std::int64_t attempt) {
  Sends sends = context.sends();
  const auto found = std::find_if(sends.list.begin(), sends.list.end(),
                                  [&](const Send& send) { return send.id == id && send.attempt == attempt; });
  if (found == sends.list.end()) return std::nullopt;
  const Send ended = *found;
  sends.list.erase(found);
  context.put(sends);
  return ended;
}

void respond_queued(Context& context, Mutation& mutation, const Resource& resource) {
  const Optimistic shown = optimistic(context, resource, mutation.user, mutation.lane, mutation.entity, &mutation);
  mutation.answered = true;
  context.put(mutation);
  context.effect({{"do", "respond"},
                  {"how", "queued"},
                  {"id", mutation.id},
                  {"status", resource.queued_status},
                  {"document", shown.document ? print_json(wrapped(resource, *shown.document)) : std::string("null")}});
}

void respond_answer(Context& context, const Mutation& mutation, bool conflict) {
  context.effect({{"do", "respond"}, {"how", "answer"}, {"id", mutation.id}, {"conflict", conflict}});
}

void conclude(Context& context, const Mutation& mutation, const std::string& state, std::int64_t status,
              const std::string& document) {
  OutcomeRow outcome;
  outcome.id = mutation.id;
  outcome.user = mutation.user;
  outcome.seq = mutation.seq;
  outcome.state = state;
  outcome.status = status;
  outcome.document = document;
  outcome.decisions = mutation.decisions;
  outcome.stamps = mutation.stamps;
  outcome.client = mutation.client;
  outcome.life = mutation.life;
  outcome.hash = mutation.hash;
  outcome.answered = mutation.answered;
  outcome.occurred_at = mutation.created_at;
  outcome.at = context.now;
  context.put(outcome);

  // The oldest few make room, found by their number: counting all of them would make every write pay.
  const Range range{OutcomeRow::kStore, "seq", 0, mutation.seq - kOutcomesMax, kTrim};
  for (const OutcomeRow& old : context.view.range<OutcomeRow>(range)) context.view.erase<OutcomeRow>(old.id);

  if (!mutation.sides.empty() || state == "conflict") record_conflict(context, mutation, state, status, document);
  auto parsed = parse_json(document);
  auto sides = parse_json(mutation.sides);
  auto decisions = parse_json(mutation.decisions);
  context.effect({{"do", "outcome"},
                  {"id", mutation.id},
                  {"state", state},
                  {"status", status == 0 ? Json(nullptr) : Json(status)},
                  {"document", parsed ? std::move(*parsed) : Json(nullptr)},
                  {"occurredAt", mutation.created_at},
                  {"sides", sides && !sides->empty() ? std::move(*sides) : Json(nullptr)},
                  {"decisions", decisions ? std::move(*decisions) : Json::array()}});
}

}  // namespace holdfast
