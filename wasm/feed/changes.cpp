#include "feed/changes.hpp"

#include <algorithm>
#include <map>

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "feed/batch.hpp"
#include "feed/known.hpp"
#include "naming/names.hpp"
#include "outbox/current.hpp"
#include "outbox/echo.hpp"
#include "outbox/inbox.hpp"
#include "overlay/optimistic.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

/// What pages are told that shows something else now, by resource.
using News = std::map<std::string, Json>;

/// The entity that a change is about, by its first name; nothing where no URL leads to it.
std::optional<std::string> entity_of(Context& context, const std::string& user, const Resource& resource, const std::string& id) {
  if (resource.singleton) return resource.name;
  const auto found = locate(context, user, item_url(resource, id));
  const bool item = found && found->resource == &resource && found->kind == RouteKind::kItem;
  return item ? std::optional(found->entity) : std::nullopt;
}

/// Whether a change under a write's key is the one of that write's own document: a server may have changed others with it.
bool is_echo(Context& context, const Resource& resource, const std::string& entity, const Mutation& own, const Change& change) {
  if (own.resource != resource.name || own.whole_collection()) return false;
  if (own.entity == entity) return true;
  // What it creates has another id there. It is in its first version, or at least nobody has heard of it.
  const auto found = route(context.config, own.url);
  if (!found || found->kind != RouteKind::kCollection || change.deleted) return false;
  return change.version == 1 || (change.version == 0 && !confirmed(context, resource, own.user, entity).known);
}

/// The id as the document has it, where a number is one; else as the feed does.
Json id_in(const Resource& resource, const std::string& entity, const Change& change) {
  const Json* id = find_part(change.document, resource.id);
  return id_text(id).empty() ? Json(id_of(resource, entity)) : *id;
}

std::string text_of(const Change& change) { return change.deleted ? std::string(kDeleted) : print_json(change.document); }

/// Whether what is known of an entity is as new as this. It is where a read or an answer overtook the feed.
bool is_known(Context& context, const Resource& resource, const std::string& user, const Known& known, const Change& change) {
  if (change.version > 0 && known.version >= change.version) return true;
  if (!known.document) return false;
  if (change.deleted) return change.version > 0 && counted(context, resource, user, known.document) > change.version;
  return compare_versions(resource, *known.document, change.document).value_or(-1) >= 0;
}

void note_news(const Resource& resource, const std::string& name, News& news) {
  const std::string url = item_url(resource, name);
  const auto [at, first] = news.try_emplace(resource.name, Json{{"resource", resource.name}, {"ids", Json::array()}, {"url", url}});
  Json& told = at->second;
  told["ids"].push_back(resource.singleton ? std::string() : id_of(resource, name));
  if (!first && told["url"] != url) told["url"] = url.substr(0, url.rfind('/'));
}

void take_in(Context& context, const std::string& user, const Change& change, News& news) {
  const Resource* resource = context.config.find(change.resource);
  if (resource == nullptr) return;  // not declared: nothing of it is kept
  auto entity = entity_of(context, user, *resource, change.id);
  if (!entity) {
    // Once in a batch: where one id is of another kind, all are.
    const auto is_told = [](const Json& effect) { return effect.value("code", "") == "feed-id"; };
    if (std::any_of(context.effects.begin(), context.effects.end(), is_told)) return;
    return context.effect({{"do", "problem"}, {"code", "feed-id"},
                           {"message", "The feed told of '" + change.id + "' in '" + resource->name + "', but its path leads to no such item. What "
                                       "lies below others is named with their ids before its own: ann/42."}});
  }
  if (!change.deleted) note_counting(context, *resource, user, change.document, change.version);
  auto own = write_of_key(context, user, change.key);
  if (own && is_echo(context, *resource, *entity, *own, change)) {
    return note_echo(context, *own, *resource, {id_in(*resource, *entity, change), text_of(change), change.etag, change.version});
  }
  if (own && own->whole_collection() && own->resource == resource->name && own->echo_at == 0) {
    own->echo_at = context.now;
    context.put(*own);
  }
  const auto aside = own ? std::nullopt : entry_of_key(context, user, change.key);
  if (aside && is_echo(context, *resource, *entity, aside->mutation, change)) {
    carried_out(context, *aside, *resource, id_in(*resource, *entity, change), text_of(change));
    if (aside->mutation.entity != *entity) entity = aside->mutation.entity;
  }
  const Known known = known_of(context, *resource, user, *entity);
  if (is_known(context, *resource, user, known, change)) return;

  Document row;
  row.user = user;
  row.resource = resource->name;
  row.entity = *entity;
  row.text = text_of(change);
  row.etag = change.etag;
  row.version = change.version;
  if (!change.deleted) row.changed_at = changed_at(*resource, change.document, {}, context.now);
  // Of what nobody here has seen only a first version is sure to be new.
  const bool seen = confirmed(context, *resource, user, *entity).known;
  row.created_at = !seen && change.version == 1 ? context.now : known.row ? known.row->created_at : 0;
  row.at = context.now;
  context.put(row);
  note_news(*resource, current_name(context, *resource, user, *entity), news);
}

void take_batch(Context& context, const FeedEvent& event) {
  const auto batch = decode_batch(event.batch);
  if (!batch) return context.effect({{"do", "fed"}, {"how", "unreadable"}});
  Feed feed = context.feed(event.user);
  if (context.session().user != event.user || batch->after != feed.cursor) {
    return context.effect({{"do", "fed"}, {"how", "elsewhere"}, {"cursor", feed.cursor}});
  }
  News news;
  for (const Change& change : batch->changes) take_in(context, event.user, change, news);
  feed = context.feed(event.user);  // what was learned of its counts is in it
  feed.cursor = batch->cursor;
  feed.changes += static_cast<std::int64_t>(batch->changes.size());
  context.put(feed);
  Json resources = Json::array();
  for (auto& [name, told] : news) resources.push_back(std::move(told));
  context.effect({{"do", "fed"}, {"how", "applied"}, {"resources", std::move(resources)}});
}

/// What was read before a gap may have changed in it. The cursor moves on at once, since what follows is told from
/// there; that the gap is to be made good stands in the row until it is.
void welcomed(Context& context, const FeedEvent& event) {
  Feed feed = context.feed(event.user);
  if (context.session().user != event.user) return context.effect({{"do", "fed"}, {"how", "elsewhere"}, {"cursor", feed.cursor}});
  if (event.gap) {
    feed.cursor = event.cursor;
    feed.gap_at = context.now;
    if (event.anew) feed.anew_at = context.now;
    context.put(feed);
  } else if (feed.cursor != event.cursor) {
    return context.effect({{"do", "fed"}, {"how", "elsewhere"}, {"cursor", feed.cursor}});
  }
  context.effect({{"do", "fed"}, {"how", "welcomed"}, {"gapAt", feed.gap_at > 0 ? Json(feed.gap_at) : Json(nullptr)}});
}

}  // namespace

void feed(Context& context, const FeedEvent& event) {
  if (event.action == "changes") return take_batch(context, event);
  if (event.action == "welcomed") return welcomed(context, event);
  Feed feed = context.feed(event.user);
  // A second gap, noticed meanwhile, is still to be made good. Whoever has signed out has no row any more.
  if (event.action == "refreshed" && feed.gap_at > 0 && feed.gap_at <= event.since) {
    feed.gap_at = 0;
    context.put(feed);
  }
}

}  // namespace holdfast
