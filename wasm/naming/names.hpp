// Names. An entity goes by the first name that it was known by: the id that the app, or holdfast, made for it. Once the
// server names its own id, or another one (a slug that changed with its title), requests may use any of them: what
// arrives is brought back to the first name, and what leaves gets the newest. So neither rows nor lanes ever move.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/context.hpp"
#include "routing/route.hpp"

namespace holdfast {

/// Like `route`, for a request that uses any of the names: the entity and its parent by their first names, the path's
/// parameters by those that the server uses.
std::optional<Route> locate(Context& context, const std::string& user, const std::string& url);

/// The URL that the server knows.
std::string current_url(Context& context, const std::string& user, const std::string& url);

/// The name that the server knows an entity by.
std::string current_name(Context& context, const Resource& resource, const std::string& user, const std::string& entity);

/// The ids that an entity had before its present one, as they may still stand in answers.
std::vector<std::string> former_ids(Context& context, const Resource& resource, const std::string& user, const std::string& entity);

/// A write as it is to be shown and sent: with the server's names in its URL, its document's id and its references.
/// One that may have reached the server stays as it left: a key belongs to one payload.
Mutation renamed(Context& context, Mutation mutation);

/// What a write has to do with entities that don't exist yet.
struct Standing {
  bool orphaned = false;          ///< the creation of one that it names has failed
  std::int64_t awaits = 0;        ///< number of the pending creation that it has to wait for, or 0
};
Standing standing_of(Context& context, const Mutation& mutation);

/// Whether an entity that the write's path lies below may just be getting another name, by a write that was attempted
/// and whose outcome isn't known.
bool name_in_flux(Context& context, const Mutation& mutation);

/// Whether something in the URL's path is yet to be created, so that the server knows nothing below it.
bool below_unsent(Context& context, const std::string& user, const std::string& url);

/// Remembers that an entity is yet to be created, if anything can refer to it meanwhile.
void note_creation(Context& context, const Resource& resource, const Mutation& creation);

/// The creation was turned down: what refers to its entity has nothing to refer to.
void note_failed_creation(Context& context, const Resource& resource, const Mutation& creation);

/// The server has named an entity.
/// @param id a text or a whole number
void note_name(Context& context, const Resource& resource, const Mutation& write, const Json& id);

}  // namespace holdfast
