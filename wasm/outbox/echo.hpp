// The feed tells everybody of a change, also whoever made it. That is as good as the answer to the write, and may come
// before it, or instead of it: the answer may be lost in a tunnel.
#pragma once

#include <optional>
#include <string>

#include "engine/context.hpp"

namespace holdfast {

struct Echo {
  Json id;                  ///< by which the server knows the entity: a text or a whole number
  std::string document;     ///< JSON text; kDeleted
  std::string etag;         ///< strong, or empty
  std::int64_t version = 0; ///< by the feed's count
};

/// The user's pending write with this key. Of several, which only an app that names its keys itself can have, one that
/// was sent.
std::optional<Mutation> write_of_key(Context& context, const std::string& user, const std::string& key);

/// The server has carried a write out. While an attempt of it is under way its page is to get the server's own answer, so
/// that is waited for; until then the change is shown as the pending write that it is, and not twice.
/// @param told what came of it
void note_echo(Context& context, Mutation& mutation, const Resource& resource, const Echo& told);

/// The answer won't come, or says something else: the write is confirmed by what the feed told.
void settle_echo(Context& context, Mutation& mutation, const Resource& resource);

}  // namespace holdfast
