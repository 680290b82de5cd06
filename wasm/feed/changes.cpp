#include "feed/changes.hpp"

#include <map>

#include "codec/text.hpp"
#include "feed/batch.hpp"
#include "naming/names.hpp"
#include "outbox/echo.hpp"
#include "overlay/optimistic.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

/// What pages are told that shows something else now, by resource.
using News = std::map<std::string, Json>;

/// The entity that a change is about, by its first name.
std::string entity_of(Context& context, const std::string& user, const Resource& resource, const std::string& id) {
  if (resource.singleton) return resource.name;
  const auto found = locate(context, user, item_url(resource, id));
  return found && found->resource == &resource && found->kind == RouteKind::kItem ? found->entity : id;
}

/// Whether a change under a write's key is the one of that write's own document: a server may have changed others with it.
bool is_echo(Context& context, const Resource& resource, const std::string& entity, const Mutation& own) {
  if (own.resource != resource.name || own.whole_collection()) return false;
  const auto found = route(context.config, own.url);
  return own.entity == entity || (found && found->kind == RouteKind::kCollection);  // what it creates has another id there
}

std::string text_of(const Change& change) { return change.deleted ? std::string(kDeleted) : print_json(change.document); }

/// Whether what is known of an entity is as new as this. It is where a read or an answer overtook the feed.
bool is_known(const Resource& resource, const Optimistic& known, const std::optional<Document>& row, const Change& change) {
  if (change.version > 0 && row && row->version >= change.version) return true;
  if (!known.document) return false;
  if (change.deleted) return version_in(resource, known.document) > change.version && change.version > 0;
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
  const std::string entity = entity_of(context, user, *resource, change.id);
  auto own = write_of_key(context, user, change.key);
  if (own && is_echo(context, *resource, entity, *own)) {
    return note_echo(context, *own, *resource, {text_of(change), change.etag, change.version});
  }
  const auto before = context.view.get<Document>(Json::array({user, resource->name, entity}));
  const Optimistic known = confirmed(context, *resource, user, entity);
  if (is_known(*resource, known, before, change)) return;

  Document row;
  row.user = user;
  row.resource = resource->name;
  row.entity = entity;
  row.text = text_of(change);
  row.etag = change.etag;
  row.version = change.version;
  // Of what nobody here has seen only a first version is sure to be new.
  row.created_at = !known.known && change.version == 1 ? context.now : before ? before->created_at : 0;
  row.at = context.now;
  context.put(row);
  note_news(*resource, current_name(context, *resource, user, entity), news);
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
