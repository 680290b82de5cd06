// Decisions about writes that wait for a person.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

/// Of a conflict: the documents that a person decides between, as rows have them (InboxRow).
struct Sight {
  std::string mine;
  std::string theirs;
  std::string etag;
  std::string suggested;
  Millis at = 0;
};

/// A write leaves its lane for the inbox, with the status and the server's words that are the reason.
void move_to_inbox(Context& context, const Mutation& mutation, const char* reason, std::int64_t status, const std::string& answer,
                   const Sight& sight = {});

/// The user's entry whose write has this key.
std::optional<InboxRow> entry_of_key(Context& context, const std::string& user, const std::string& key);

/// The server has carried out what was set aside: someone on the way had turned it down, or nobody could tell.
/// @param id by which the server knows the entity
/// @param document that came of it, as JSON text; kDeleted
void carried_out(Context& context, const InboxRow& entry, const Resource& resource, const Json& id, const std::string& document);

void decided(Context& context, const DecidedEvent& event);

}  // namespace holdfast
