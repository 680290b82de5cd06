#include "outbox/current.hpp"

#include <algorithm>

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "codec/time.hpp"
#include "naming/names.hpp"
#include "outbox/base.hpp"
#include "outbox/lanes.hpp"
#include "outbox/rebase.hpp"
#include "outbox/rewrite.hpp"
#include "overlay/optimistic.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

bool is_good(const AnsweredEvent& event) { return event.status >= 200 && event.status <= 299; }

/// The document that an answer shows of the entity itself, under the id that it has now. The body of an error may be a
/// document of another kind; where it has no id, nobody can tell.
std::optional<Json> document_of(Context& context, const AnsweredEvent& event, const Mutation& mutation, const Resource& resource) {
  const auto body = parse_json(event.body);
  if (!body || header(event.headers, "content-type").find("problem+json") != std::string::npos) return std::nullopt;
  const Json* document = find_part(*body, resource.envelope);
  if (document == nullptr || !document->is_object()) return std::nullopt;
  if (resource.singleton) return is_good(event) ? std::optional(*document) : std::nullopt;
  const std::string id = id_of(resource, current_name(context, resource, mutation.user, mutation.entity));
  return id_text(find_part(*document, resource.id)) == id ? std::optional(*document) : std::nullopt;
}

Current current_in(Context& context, const AnsweredEvent& event, const Mutation& mutation, const Resource& resource) {
  auto document = document_of(context, event, mutation, resource);
  Millis at = document ? changed_at(resource, *document, event.headers, context.now) : 0;
  const auto row = context.view.get<Document>(Json::array({mutation.user, mutation.resource, mutation.entity}));
  // What the user's own last write has made of it is no change of others.
  if (row && document && same_value(parse_json(row->text).value_or(Json()), *document)) at = row->changed_at;
  return {std::move(document), strong(header(event.headers, "etag")), at};
}

/// A document's own word on when it was last changed: RFC 3339, or milliseconds since the epoch.
std::optional<Millis> told_in(const Resource& resource, const Json& document) {
  if (!resource.conflicts || resource.conflicts->changed_at.empty()) return std::nullopt;
  const Json* told = find_part(document, resource.conflicts->changed_at);
  if (told != nullptr && told->is_string()) return parse_timestamp(told->get_ref<const std::string&>());
  if (told == nullptr || !told->is_number_integer()) return std::nullopt;
  return told->get<Millis>();
}

/// Others have changed it since, and that is known already: a replica that lags behind.
bool is_outdated(Context& context, const Mutation& mutation, const Resource& resource, const Current& current) {
  if (!current.document) return false;
  const Optimistic told = confirmed(context, resource, mutation.user, mutation.entity);
  return told.document && is_newer(resource, *told.document, *current.document);
}

/// It becomes the entity's confirmed document.
void keep(Context& context, const Mutation& mutation, const Current& current, Millis at) {
  const Json key = Json::array({mutation.user, mutation.resource, mutation.entity});
  Document row = context.view.get<Document>(key).value_or(Document{mutation.user, mutation.resource, mutation.entity, {}, {}});
  row.text = current.document ? print_json(*current.document) : kDeleted;
  row.etag = current.etag;
  row.changed_at = current.changed_at;
  row.at = at;
  context.put(row);
}

}  // namespace

Millis changed_at(const Resource& resource, const Json& document, const Headers& headers, Millis now) {
  auto at = told_in(resource, document);
  if (!at) at = parse_http_date(header(headers, "last-modified"), now);
  if (!at || *at <= 0 || *at > kNever) return 0;
  const auto there = parse_http_date(header(headers, "date"), now);
  return there ? std::max<Millis>(1, *at - (*there - now)) : *at;
}

bool is_gone(const AnsweredEvent& event) { return event.status == 404 || event.status == 410; }

bool merge_later(Context& context, const AnsweredEvent& event, const std::optional<Send>& send, Mutation& mutation, const Resource& resource) {
  if (mutation.base.empty() || !resource.conflicts || !send) return false;
  const Current told = is_gone(event) ? Current{} : current_in(context, event, mutation, resource);
  const bool mismatch = event.status == 412 || (event.status == 409 && names_version(resource, mutation));
  if (!mismatch && !told.document && !is_gone(event)) return false;  // it was turned down for a reason of its own
  if (mutation.merges >= kMergesMax) {
    if (!told.document) return false;
    give_up(context, resource, mutation, told);
    return true;
  }
  // A server that keeps answers repeats what it said to an attempt that wasn't heard: that may be long ago.
  const bool repeated = mutation.open && resource.idempotency == Idempotency::kHeader;
  // An earlier attempt of which nothing was heard may be what changed the document; where keys are known, its answer
  // would have been repeated.
  mutation.open = mutation.open && resource.idempotency != Idempotency::kHeader;
  mutation.merges += 1;
  mutation.state = mutation.open ? "unknown" : "queued";
  mutation.base_etag.clear();
  mutation.checked_at = 0;
  renew_key(context, mutation);
  // A server that compares versions is to compare the next one, too, so that a document without one isn't enough.
  const bool enough = !repeated && (is_gone(event) || (told.document && (event.status != 412 || !told.etag.empty())));
  if (enough && !is_outdated(context, mutation, resource, told)) {
    keep(context, mutation, told, context.now);
    if (rebase(context, resource, mutation, told) == Rebased::kOver) return true;
  }
  requeue(context, mutation, mutation.state);
  auto lane = context.view.get<Lane>(mutation.lane);
  if (lane && mutation.merges > 1) {
    back_off(context, *lane, mutation.merges - 1);
    context.put(*lane);
  }
  return true;
}

bool take_current(Context& context, const AnsweredEvent& event, const Send& send, Mutation& mutation, const Resource& resource) {
  const Current current = is_good(event) ? current_in(context, event, mutation, resource) : Current{};
  if (!current.document && !is_gone(event)) return false;
  mutation.state = send.before;
  auto lane = context.view.get<Lane>(mutation.lane);
  // One that never catches up isn't behind: what was taken for newer isn't.
  if (is_outdated(context, mutation, resource, current) && lane && lane->failures < kMergesMax) {
    requeue(context, mutation, mutation.state);
    lane = context.view.get<Lane>(mutation.lane);
    if (lane) {
      lane->failures += 1;
      back_off(context, *lane, lane->failures);
      context.put(*lane);
    }
    return true;
  }
  keep(context, mutation, current, send.started_at);
  if (rebase(context, resource, mutation, current) == Rebased::kReady) requeue(context, mutation, mutation.state);
  return true;
}

}  // namespace holdfast
