#include "overlay/emptied.hpp"

#include <algorithm>

#include "naming/names.hpp"

namespace holdfast {
namespace {

/// Of a deletion that a query string narrows only the server can tell what it leaves.
std::optional<Route> emptying(Context& context, const Resource& resource, const Mutation& mutation) {
  if (mutation.method != "DELETE" || !mutation.whole_collection() || mutation.resource != resource.name) return std::nullopt;
  if (mutation.url.find('?') != std::string::npos) return std::nullopt;
  auto found = locate(context, mutation.user, mutation.url);
  return found && found->list == &resource.lists.front() ? found : std::nullopt;
}

}  // namespace

Emptied emptied(Context& context, const Resource& resource, const std::string& user, const std::string& parent) {
  Emptied emptied;
  if (!context.barriers(user).list.empty()) {
    const std::string lane = lane_name(user, resource, "");
    const Range range{Mutation::kStore, "lane", Json::array({lane, 0}), Json::array({lane, kNever}), kShownMax};
    for (const Mutation& mutation : context.view.range<Mutation>(range)) {
      const auto found = emptying(context, resource, mutation);
      if (!found || found->parent != parent) continue;
      emptied.seq = std::max(emptied.seq, mutation.seq);
      emptied.pending += 1;
    }
  }
  if (context.counts(user).emptied > 0) {
    // Under the name that only the collection itself has.
    const auto row = context.view.get<Document>(Json::array({user, resource.name, parent}));
    if (row) emptied.at = row->at;
  }
  return emptied;
}

void note_emptied(Context& context, const Resource& resource, const Mutation& mutation) {
  const auto found = emptying(context, resource, mutation);
  if (!found) return;
  Document row;
  row.user = mutation.user;
  row.resource = resource.name;
  row.entity = found->parent;
  row.text = kDeleted;
  // What the feed told behind it isn't deleted with the rest.
  row.at = mutation.echo_at > 0 ? mutation.echo_at : context.now;
  context.put(row);
  Counts counts = context.counts(mutation.user);
  counts.emptied += 1;
  context.put(counts);
}

}  // namespace holdfast
