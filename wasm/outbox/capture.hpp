// A page's write becomes a row.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

void capture(Context& context, const CaptureEvent& event);

/// A write of the outbox's own, as the user whose earlier write is the reason for it: JSON, posted to a declared collection.
void capture_own(Context& context, const Mutation& reason, const std::string& url, const Json& body);

}  // namespace holdfast
