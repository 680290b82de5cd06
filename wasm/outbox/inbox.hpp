// Decisions about writes that wait for a person.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

void decided(Context& context, const DecidedEvent& event);

}  // namespace holdfast
