#include "overlay/read.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "naming/names.hpp"
#include "overlay/emptied.hpp"
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
                  {"confirmedAt", std::max(row ? row->at : 0, emptied(context, *found.resource, user, parent_of(*found.resource, found.entity)).at)},
                  {"document", shown.document ? std::move(*shown.document) : Json(nullptr)}});
}

/// What the server's answer counted an entity as.
struct Told {
  Json document;      ///< null: the answer can't have counted it
  bool sure = false;  ///< it really was that, and not only probably
};

Told told_of(Context& context, const Resource& resource, const std::string& user, const std::string& entity, Millis answer_at) {
  const auto row = context.view.get<Document>(Json::array({user, resource.name, entity}));
  if (row && row->created_at > answer_at) return {};
  Json key = base_key(context, resource, user, entity);
  key.push_back(answer_at);
  const Json* seen = context.view.find("seen", key);
  if (seen != nullptr && seen->is_object()) return {*seen, true};
  const Optimistic last = confirmed(context, resource, user, entity);
  // What has become known only since is a guess: most changes leave an entity in the lists that it was in.
  return {last.document.value_or(Json(nullptr)), row && row->at <= answer_at};
}

/// What one entity means for a list.
Json change(Context& context, const Query& query, const Resource& resource, const std::string& user, const std::string& entity,
            const Optimistic& shown, const Told& told) {
  const bool exists = shown.document && !shown.gone;
  const bool was = told.document.is_object() && query.member(told.document).value_or(false);
  const auto member = exists ? query.member(*shown.document) : std::optional(false);
  return {{"id", id_of(resource, current_name(context, resource, user, entity))},
          {"formerIds", former_ids(context, resource, user, entity)},
          {"document", exists ? *shown.document : Json(nullptr)},
          {"member", member ? Json(*member) : Json(nullptr)},
          {"was", was},
          {"stays", was && told.sure && exists && query.same_place(told.document, *shown.document)}};
}

/// Documents that answers to the user's own writes have brought since the list was asked for, oldest first.
std::vector<Document> confirmed_since(Context& context, const Resource& resource, const std::string& user, Millis at) {
  return context.view.range<Document>({Document::kStore, "at", Json::array({user, resource.name, at + 1}),
                                       Json::array({user, resource.name, kNever}), kShownMax});
}

/// An entity's pending writes, in order.
struct Pending {
  std::string entity;
  std::vector<Mutation> writes;
};

/// Of a whole resource, by the order of each entity's first write: in one range, however many lanes there are.
std::vector<Pending> pending_of(Context& context, const Resource& resource, const std::string& user) {
  const Range all{Mutation::kStore, "resource", Json::array({user, resource.name, 0}), Json::array({user, resource.name, kNever}), kShownMax};
  std::vector<Pending> pending;
  std::map<std::string, std::size_t> places;
  for (Mutation& mutation : context.view.range<Mutation>(all)) {
    if (mutation.whole_collection()) continue;
    const auto [place, fresh] = places.try_emplace(mutation.entity, pending.size());
    if (fresh) pending.push_back({mutation.entity, {}});
    pending[place->second].writes.push_back(std::move(mutation));
  }
  return pending;
}

void read_list(Context& context, const Route& found, const std::string& user, const ReadEvent& event) {
  const Resource& resource = *found.resource;
  const Query query(found, event.url, [&](const Source& source) { return shown_part(context, user, source); });
  const auto concerns = [&](const std::string& entity) { return entity.size() > found.parent.size() && entity.starts_with(found.parent); };
  const Emptied all = emptied(context, resource, user, found.parent);
  Json changes = Json::array();
  Json later = Json::array();
  std::set<std::string> seen;
  std::int64_t pending = all.pending;
  for (const Pending& own : pending_of(context, resource, user)) {
    if (!concerns(own.entity)) continue;
    seen.insert(own.entity);
    const Optimistic shown = optimistic(context, resource, user, own.entity, own.writes, nullptr);
    pending += shown.pending - all.pending;
    if (!shown.known) continue;
    later.push_back(change(context, query, resource, user, own.entity, shown, told_of(context, resource, user, own.entity, event.at)));
  }
  for (const Document& row : confirmed_since(context, resource, user, event.at)) {
    if (!concerns(row.entity) || !seen.insert(row.entity).second) continue;
    const Optimistic shown = confirmed(context, resource, user, row.entity);
    if (!shown.known) continue;
    changes.push_back(change(context, query, resource, user, row.entity, shown, told_of(context, resource, user, row.entity, event.at)));
  }
  for (Json& each : later) changes.push_back(std::move(each));
  Json view = query.plan();
  view["do"] = "view";
  view["kind"] = "list";
  view["id"] = resource.id;
  view["changes"] = std::move(changes);
  view["pending"] = pending;
  view["emptied"] = all.seq > 0 || all.at > event.at;
  view["unsent"] = below_unsent(context, user, event.url);
  context.effect(std::move(view));
}

}  // namespace

void read(Context& context, const ReadEvent& event) {
  const std::string user = context.session().user;
  const auto found = locate(context, user, event.url);
  if (!found || found->kind == RouteKind::kAction) return context.effect({{"do", "view"}, {"kind", "other"}, {"pending", 0}});
  if (found->kind == RouteKind::kItem) read_item(context, *found, user);
  else read_list(context, *found, user, event);
}

void find_url(Context& context, const LocateEvent& event) {
  context.effect({{"do", "located"}, {"url", current_url(context, context.session().user, event.url)}});
}

}  // namespace holdfast
