// Which resource and entity a request belongs to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.hpp"

namespace holdfast {

enum class RouteKind { kCollection, kItem, kAction };

struct Route {
  const Resource* resource = nullptr;
  RouteKind kind = RouteKind::kItem;
  std::string entity;  ///< decoded; empty for a collection
};

/// scheme://host[:port] of an absolute URL, as `URL.origin` prints it.
std::string origin_of(std::string_view url);

/// The parts of a URL's path, still encoded; query and fragment left out.
std::vector<std::string> path_segments(std::string_view url);

/// Decodes %XX (RFC 3986, section 2.1); what isn't such a triplet stays as it is, and so does the whole text if it
/// would decode to something that isn't UTF-8.
std::string percent_decode(std::string_view text);

/// Finds the resource that a request belongs to. An item's sub-path (`/orders/42/cancel`) is an action on the item.
/// @param url absolute
std::optional<Route> route(const Config& config, std::string_view url);

/// The name of the lane that an entity's writes wait in. Lanes are per user, since no write leaves as another user's.
std::string lane_name(const std::string& user, const Resource& resource, const std::string& entity);

}  // namespace holdfast
