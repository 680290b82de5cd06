// Decides which mutations leave now. Runs at the end of a batch of events, and only in the one context that holds
// the sender's lock.
#pragma once

#include "engine/context.hpp"

namespace holdfast {

/// Turns every attempt of a dead life into "outcome unknown", to be sent again with its key.
void take_over(Context& context);

void pump(Context& context);

}  // namespace holdfast
