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

void decided(Context& context, const DecidedEvent& event);

}  // namespace holdfast
