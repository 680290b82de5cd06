// Decisions about writes that wait for a person.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

/// A write leaves its lane for the inbox, with the status and the server's words that are the reason.
void move_to_inbox(Context& context, const Mutation& mutation, const char* reason, std::int64_t status, const std::string& answer);

void decided(Context& context, const DecidedEvent& event);

}  // namespace holdfast
