// Who uses the app, and what brings the next attempt forward.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

void session(Context& context, const SessionEvent& event);
void tick(Context& context, const TickEvent& event);

}  // namespace holdfast
