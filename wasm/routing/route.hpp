// Which resource and entity a request belongs to.
#pragma once

#include <map>
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
  std::string entity;          ///< see entity_name; empty for a list
  std::string parent;          ///< what the entities below this path have in common, with a slash behind it; or empty
  const List* list = nullptr;  ///< for kCollection
  std::map<std::string, std::string> parameters;  ///< of the path, decoded
  std::string action;          ///< the sub-path of an action, without its first slash
};

/// scheme://host[:port] of an absolute URL, as `URL.origin` prints it.
std::string origin_of(std::string_view url);

/// The parts of a URL's path, still encoded; query and fragment left out.
std::vector<std::string> path_segments(std::string_view url);

/// The path of a declaration or a URL, with `:name` for parameters; whatever stands before the path is left out.
Path parse_path(std::string_view text);

/// The id in an entity's name: all of it, but for what lies below other entities.
std::string id_of(const Resource& resource, const std::string& entity);

/// The rest of it: what its name begins with, or empty.
std::string parent_of(const Resource& resource, const std::string& entity);

/// The name of the entity with this id below a parent (`Route::parent`).
std::string named(const Resource& resource, const std::string& parent, const std::string& id);

/// An entity's own URL, by the resource's path.
std::string item_url(const Resource& resource, const std::string& entity);

/// That of the entity with this id in a list, or nothing if the list's path doesn't say what its entities lie below.
std::optional<std::string> item_below(const Route& list, const std::string& id);

/// Decodes %XX (RFC 3986, section 2.1); what isn't such a triplet stays as it is, and so does the whole text if it
/// would decode to something that isn't UTF-8.
std::string percent_decode(std::string_view text);

/// The other way, for one segment of a path: all but the unreserved characters (section 2.3) are encoded.
std::string percent_encode(std::string_view text);

/// Finds the resource that a request belongs to. An item's sub-path (`/orders/42/cancel`) is an action on the item.
/// Of several that fit, a fixed segment beats a parameter, and a longer pattern a shorter one.
///
/// An entity is named by the parameters of its resource's path: `42`; below another entity (`/users/:user/orders/:id`)
/// by all of them, `ann/42`, with a slash or a percent sign within one of them encoded.
/// @param url absolute
std::optional<Route> route(const Config& config, std::string_view url);

/// The name of the lane that an entity's writes wait in. Lanes are per user, since no write leaves as another user's.
std::string lane_name(const std::string& user, const Resource& resource, const std::string& entity);

}  // namespace holdfast
