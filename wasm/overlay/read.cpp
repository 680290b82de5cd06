#include "overlay/read.hpp"

#include <set>

#include "codec/text.hpp"
#include "overlay/optimistic.hpp"
#include "overlay/query.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

void read_item(Context& context, const Route& found, const std::string& user) {
  const std::string lane = lane_name(user, *found.resource, found.entity);
  Optimistic shown = optimistic(context, *found.resource, user, lane, found.entity, nullptr);
  const auto row = context.view.get<Document>(Json::array({user, found.resource->name, found.entity}));
  context.effect({{"do", "view"},
                  {"kind", "item"},
                  {"known", shown.known},
                  {"gone", shown.gone},
                  {"pending", shown.pending},
                  {"envelope", found.resource->envelope},
                  {"confirmedAt", row ? row->at : 0},
                  {"document", shown.document ? std::move(*shown.document) : Json(nullptr)}});
}

/// What one entity means for a list.
Json change(const Query& query, const Resource& resource, const std::string& entity, const Optimistic& shown, bool was) {
  const bool exists = shown.document && !shown.gone;
  const auto member = exists ? query.member(*shown.document) : std::optional(false);
  return {{"id", id_of(resource, entity)},
          {"document", exists ? *shown.document : Json(nullptr)},
          {"member", member ? Json(*member) : Json(nullptr)},
          {"was", was}};
}

/// Whether the answer counted an entity that pending writes touch: going by the newest state that the server told.
bool counted(Context& context, const Query& query, const Resource& resource, const std::string& user,
             const std::string& entity, Millis answer_at) {
  const auto row = context.view.get<Document>(Json::array({user, resource.name, entity}));
  const Json* base = context.view.find("base", base_key(resource, user, entity));
  if (base != nullptr && base->is_object()) return query.member(*base).value_or(false);
  const auto document = row ? parse_json(row->text) : std::nullopt;
  if (!document || !document->is_object() || row->created_at > answer_at) return false;
  return query.member(*document).value_or(false);
}

/// Documents that answers to the user's own writes have brought since the list was asked for, oldest first.
std::vector<Document> confirmed_since(Context& context, const Resource& resource, const std::string& user, Millis at) {
  return context.view.range<Document>({Document::kStore, "at", Json::array({user, resource.name, at + 1}),
                                       Json::array({user, resource.name, kNever}), kShownMax});
}

void read_list(Context& context, const Route& found, const std::string& user, const ReadEvent& event) {
  const Resource& resource = *found.resource;
  const Query query(found, event.url);
  const Range lanes{Lane::kStore, "resource", Json::array({user, resource.name, 0}),
                    Json::array({user, resource.name, kNever}), kShownMax};
  const auto concerns = [&](const std::string& entity) { return !entity.empty() && entity.starts_with(found.parent); };
  Json changes = Json::array();
  Json later = Json::array();
  std::set<std::string> seen;
  std::int64_t pending = 0;
  for (const Lane& lane : context.view.range<Lane>(lanes)) {
    // A shared lane holds writes of several entities; each is shown by itself, in order of its first write.
    const Range writes{Mutation::kStore, "lane", Json::array({lane.lane, 0}), Json::array({lane.lane, kNever}), kShownMax};
    for (const Mutation& mutation : context.view.range<Mutation>(writes)) {
      if (mutation.resource != resource.name || !concerns(mutation.entity) || !seen.insert(mutation.entity).second) continue;
      const Optimistic shown = optimistic(context, resource, user, lane.lane, mutation.entity, nullptr);
      pending += shown.pending;
      if (!shown.known) continue;
      later.push_back(change(query, resource, mutation.entity, shown, counted(context, query, resource, user, mutation.entity, event.at)));
    }
  }
  for (const Document& row : confirmed_since(context, resource, user, event.at)) {
    if (!concerns(row.entity) || !seen.insert(row.entity).second) continue;
    Optimistic shown;
    shown.document = parse_json(row.text);
    if (!shown.document || !shown.document->is_object()) shown.document.reset();
    shown.known = true;
    // What it was before is not known any more; most changes leave an entity in the lists that it was in.
    const bool was = row.created_at <= event.at && shown.document && query.member(*shown.document).value_or(false);
    changes.push_back(change(query, resource, row.entity, shown, was));
  }
  for (Json& each : later) changes.push_back(std::move(each));
  Json view = query.plan();
  view["do"] = "view";
  view["kind"] = "list";
  view["id"] = resource.id;
  view["changes"] = std::move(changes);
  view["pending"] = pending;
  context.effect(std::move(view));
}

}  // namespace

void read(Context& context, const ReadEvent& event) {
  const auto found = route(context.config, event.url);
  if (!found || found->kind == RouteKind::kAction) return context.effect({{"do", "view"}, {"kind", "other"}, {"pending", 0}});
  const std::string user = context.session().user;
  if (found->kind == RouteKind::kItem) read_item(context, *found, user);
  else read_list(context, *found, user, event);
}

}  // namespace holdfast
