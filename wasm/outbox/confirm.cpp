#include "outbox/confirm.hpp"

#include <algorithm>

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "feed/known.hpp"
#include "naming/names.hpp"
#include "outbox/base.hpp"
#include "outbox/decisions.hpp"
#include "outbox/lanes.hpp"
#include "outbox/report.hpp"
#include "overlay/emptied.hpp"
#include "overlay/optimistic.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

/// What the server made of an entity when it carried a write out.
struct Told {
  bool deleted = false;
  std::optional<Json> document; ///< nothing: it didn't say
  std::string text;             ///< the document as it came; empty where it came in an envelope
  std::string etag;
  std::int64_t version = 0;     ///< by the feed's count; 0: not known
};

bool is_creation(const Route& found, const Mutation& mutation) {
  return found.kind == RouteKind::kCollection && mutation.method == "POST";
}

/// The document that an answer holds of its write's entity, if it does. An action's answer may hold something else.
std::optional<Json> document_in(Context& context, const AnsweredEvent& event, const Mutation& mutation, const Resource& resource, bool action) {
  const auto body = parse_json(event.body);
  if (!body || !body->is_object()) return std::nullopt;
  const Json* enclosed = find_part(*body, resource.envelope);
  if (resource.singleton && action && (resource.envelope.empty() || enclosed == nullptr)) return std::nullopt;
  Json document = unwrapped(resource, *body);
  if (resource.singleton) return document;
  const Json* id = find_part(document, resource.id);
  if (id == nullptr) return std::nullopt;
  if (action && id_text(id) != id_of(resource, current_name(context, resource, mutation.user, mutation.entity))) return std::nullopt;
  return document;
}

Told told_by_answer(Context& context, const Mutation& mutation, const AnsweredEvent& event, const Resource& resource, const Route& found) {
  Told told;
  told.deleted = found.kind == RouteKind::kItem && mutation.method == "DELETE";
  if (!told.deleted) told.document = document_in(context, event, mutation, resource, found.kind == RouteKind::kAction);
  if (!told.document) return told;
  if (resource.envelope.empty()) told.text = event.body;
  // An answer that a server has kept and repeats may be older than what it has by now.
  if (!mutation.open || !resource.conflicts) told.etag = header(event.headers, "etag");
  told.version = counted(context, resource, mutation.user, told.document);
  return told;
}

/// What the feed tells is the document itself, where an answer may leave it out (204, an action's own answer).
Told told_by(Context& context, const Mutation& mutation, const AnsweredEvent& event, const Resource& resource, const Route& found) {
  Told answered = told_by_answer(context, mutation, event, resource, found);
  if (mutation.echo.empty()) return answered;
  Told told;
  told.deleted = mutation.echo == kDeleted;
  told.etag = mutation.echo_etag;
  if (!told.deleted) {
    told.document = parse_json(mutation.echo);
    told.text = mutation.echo;
    if (told.etag.empty() && answered.document && same_value(*answered.document, told.document.value_or(Json()))) told.etag = answered.etag;
  }
  told.version = mutation.echo_version > 0 ? mutation.echo_version : counted(context, resource, mutation.user, told.document);
  return told;
}

/// The id that Location names, where the answer to a creation has no document (RFC 9110, section 10.2.2).
std::optional<Json> located(Context& context, const AnsweredEvent& event, const Mutation& mutation) {
  std::string url = header(event.headers, "location");
  if (url.starts_with('/')) url = mutation.origin + url;
  const auto found = route(context.config, url);
  if (!found || found->kind != RouteKind::kItem || found->resource->name != mutation.resource) return std::nullopt;
  const std::string id = id_of(*found->resource, found->entity);
  const bool number = !id.empty() && id.size() <= 15 && id[0] != '0' && id.find_first_not_of("0123456789") == std::string::npos;
  return number ? Json(std::stoll(id)) : Json(id);
}

/// Notes the name that the entity goes by from now on. What the feed told was named when it did.
/// @return the id, where only Location tells it
std::optional<Json> name(Context& context, const Mutation& mutation, const AnsweredEvent& event, const Resource& resource, const Told& told, bool creation) {
  if (!mutation.echo.empty()) return std::nullopt;
  const Json* id = told.document && !resource.singleton ? find_part(*told.document, resource.id) : nullptr;
  const auto place = creation && id == nullptr ? located(context, event, mutation) : std::nullopt;
  if (place) note_name(context, resource, mutation, *place);
  else if (!id_text(id).empty()) note_name(context, resource, mutation, *id);
  else if (creation) note_name(context, resource, mutation, Json(id_of(resource, mutation.entity)));
  return place;
}

/// What the feed told of the entity while nobody knew yet that this is its name.
/// @return that, if it is newer than what the write came to
std::optional<Document> absorbed(Context& context, const Mutation& mutation, const Resource& resource, std::int64_t version) {
  const std::string present = current_name(context, resource, mutation.user, mutation.entity);
  if (present == mutation.entity) return std::nullopt;
  const Json key = Json::array({mutation.user, mutation.resource, present});
  auto other = context.view.get<Document>(key);
  if (!other) return std::nullopt;
  context.view.erase<Document>(key);
  const bool newer = version > 0 ? other->version > version : other->at > mutation.created_at;
  return newer ? other : std::nullopt;
}

/// The server's newest word on the entity becomes its confirmed document. Where it said nothing, the write itself is the
/// best that is known.
/// @return the document that was told, if nothing newer is known
std::optional<Json> keep_document(Context& context, const Mutation& mutation, const AnsweredEvent& event, const Resource& resource) {
  if (mutation.whole_collection()) return note_emptied(context, resource, mutation), std::nullopt;
  const auto found = route(context.config, mutation.url);
  if (!found) return std::nullopt;
  const bool creation = is_creation(*found, mutation);
  // A PUT to what nobody here has ever seen makes it, as far as can be told.
  const bool made = creation || (found->kind == RouteKind::kItem && mutation.method == "PUT" && !confirmed(context, resource, mutation.user, mutation.entity).known);
  Told told = told_by(context, mutation, event, resource, *found);
  const auto place = name(context, mutation, event, resource, told, creation);
  // Others may have changed it since, and that is known already.
  const Known known = known_of(context, resource, mutation.user, mutation.entity);
  auto newer = absorbed(context, mutation, resource, told.version);
  if (!newer && told.version > 0 && known.version > told.version) newer = known.row;

  Document row = newer.value_or(Document{});
  if (newer) told.document = parse_json(newer->text);
  const bool outdated = told.document && known.document && is_newer(resource, *known.document, *told.document);
  const bool own = !newer && !outdated;
  const bool filled = own && told.document && mutation.echo.empty() && resource.conflicts && fill_partial(context, resource, mutation, *told.document);
  if (outdated) {
    row.text = print_json(*known.document);
    row.etag.clear();
  } else if (own) {
    row.text = told.deleted ? kDeleted : !told.document ? shown_after(context, resource, mutation)
             : told.text.empty() || filled ? print_json(*told.document) : told.text;
    row.etag = told.etag;
  }
  if (!newer) row.changed_at = mutation.base_at;
  auto document = place ? parse_json(row.text) : std::nullopt;
  if (document && document->is_object()) {
    make_part(*document, resource.id) = *place;
    row.text = print_json(*document);
  }
  row.user = mutation.user;
  row.resource = mutation.resource;
  row.entity = mutation.entity;
  // A deletion is one version further than what was known, and nobody else's can be between the two.
  const std::int64_t seen = told.deleted || outdated ? counted(context, resource, mutation.user, known.document) : 0;
  row.version = std::max({row.version, known.version, told.version, seen});
  row.created_at = made ? context.now : known.row ? known.row->created_at : 0;
  row.at = context.now;
  context.put(row);
  return own ? told.document : std::nullopt;
}

}  // namespace

void settle_confirmed(Context& context, Mutation& mutation, const AnsweredEvent& event, const Resource& resource) {
  mutation.answered = mutation.answered || event.waiting;
  const auto told = keep_document(context, mutation, event, resource);
  if (told && event.status >= 200 && event.status <= 299) carry_over(context, resource, mutation, *told);
  remove(context, mutation);
  // Where only the feed told it there is no answer of the server's to hand on: who waits is told the outcome.
  if (event.waiting || mutation.echo.empty()) respond_answer(context, mutation, false);
  conclude(context, mutation, outcome_of(mutation), event.status, event.body);
  report_overruled(context, resource, mutation);
}

}  // namespace holdfast
