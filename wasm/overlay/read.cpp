#include "overlay/read.hpp"

#include <set>

#include "overlay/optimistic.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

void read_item(Context& context, const Route& found, const std::string& user, const std::string& url) {
  const std::string lane = lane_name(user, *found.resource, found.entity);
  Optimistic shown = optimistic(context, *found.resource, user, lane, found.entity, url, nullptr);
  context.effect({{"do", "view"},
                  {"known", shown.known},
                  {"gone", shown.gone},
                  {"pending", shown.pending},
                  {"document", shown.document ? std::move(*shown.document) : Json(nullptr)}});
}

std::string item_url(const std::string& collection, const std::string& entity) {
  const std::string plain = collection.substr(0, collection.find_first_of("?#"));
  return plain + (plain.ends_with('/') ? "" : "/") + entity;
}

void read_collection(Context& context, const Route& found, const std::string& user, const std::string& url) {
  const Resource& resource = *found.resource;
  const Range lanes{Lane::kStore, "resource", Json::array({user, resource.name, 0}),
                    Json::array({user, resource.name, kNever}), kRangeMax};
  Json changes = Json::array();
  std::int64_t pending = 0;
  for (const Lane& lane : context.view.range<Lane>(lanes)) {
    // A shared lane holds writes of several entities; each is shown by itself, in order of its first write.
    const Range writes{Mutation::kStore, "lane", Json::array({lane.lane, 0}), Json::array({lane.lane, kNever}),
                       kRangeMax};
    std::set<std::string> seen;
    for (const Mutation& mutation : context.view.range<Mutation>(writes)) {
      if (mutation.resource != resource.name || !seen.insert(mutation.entity).second) continue;
      Optimistic shown = optimistic(context, resource, user, lane.lane, mutation.entity,
                                    item_url(url, mutation.entity), nullptr);
      pending += shown.pending;
      if (!shown.known) continue;
      changes.push_back({{"entity", mutation.entity},
                         {"document", shown.document && !shown.gone ? std::move(*shown.document) : Json(nullptr)}});
    }
  }
  context.effect({{"do", "view"}, {"changes", std::move(changes)}, {"pending", pending},
                  {"resource", resource.name}, {"idField", resource.id_field}});
}

}  // namespace

void read(Context& context, const ReadEvent& event) {
  const auto found = route(context.config, event.url);
  if (!found || found->kind == RouteKind::kAction) return context.effect({{"do", "view"}, {"pending", 0}});
  const std::string user = context.session().user;
  if (found->kind == RouteKind::kItem) read_item(context, *found, user, event.url);
  else read_collection(context, *found, user, event.url);
}

}  // namespace holdfast
