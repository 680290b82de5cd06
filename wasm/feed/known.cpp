#include "feed/known.hpp"

#include <algorithm>

#include "codec/pointer.hpp"
#include "overlay/optimistic.hpp"

namespace holdfast {
namespace {

std::int64_t declared(const Resource& resource, const Json& document) {
  const Json* version = resource.version.empty() ? nullptr : find_part(document, resource.version);
  return version != nullptr && version->is_number_integer() ? version->get<std::int64_t>() : 0;
}

}  // namespace

Known known_of(Context& context, const Resource& resource, const std::string& user, const std::string& entity) {
  const Feed feed = context.feed(user);
  Known known;
  known.row = context.view.get<Document>(Json::array({user, resource.name, entity}));
  const bool since = known.row && known.row->at > feed.anew_at;
  if (since) known.version = known.row->version;
  const Json* kept = context.view.find("base", base_key(context, resource, user, entity));
  const bool read = kept != nullptr && kept->is_object();
  // Answers from before are read again as long as the gap is open; rows are not.
  const bool counts_anew = feed.gap_at > 0 && feed.gap_at == feed.anew_at;
  if (read ? !counts_anew : since) known.document = confirmed(context, resource, user, entity).document;
  return known;
}

void note_counting(Context& context, const Resource& resource, const std::string& user, const Json& document, std::int64_t told) {
  // All counts begin alike.
  if (told < 2 || resource.version.empty()) return;
  Feed feed = context.feed(user);
  const auto at = std::find(feed.counted.begin(), feed.counted.end(), resource.name);
  const bool same = declared(resource, document) == told;
  if (same == (at != feed.counted.end())) return;
  if (same) feed.counted.push_back(resource.name);
  else feed.counted.erase(at);
  context.put(feed);
}

std::int64_t counted(Context& context, const Resource& resource, const std::string& user, const std::optional<Json>& document) {
  if (!document) return 0;
  const Feed feed = context.feed(user);
  const bool same = std::find(feed.counted.begin(), feed.counted.end(), resource.name) != feed.counted.end();
  return same ? std::max<std::int64_t>(0, declared(resource, *document)) : 0;
}

}  // namespace holdfast
