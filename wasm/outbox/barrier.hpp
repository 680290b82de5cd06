// Barriers: a write to a whole collection (`DELETE /orders`) waits for all earlier writes to the resource, and all
// later ones wait for it. Lanes know nothing of each other, so the few barriers that are pending are listed by user,
// and only while there are any does the pump ask.
#pragma once

#include <string>

#include "engine/context.hpp"

namespace holdfast {

/// Lists a write as a barrier, if it is one.
void raise_barrier(Context& context, const Mutation& mutation);

/// A write has left its lane: whoever stood at a barrier because of it is looked at again.
void note_departure(Context& context, const Mutation& mutation);

/// Whether a lane's head has to wait: behind a barrier, or, being one, for earlier writes.
bool barred(Context& context, const Mutation& head);

/// Whether two writes have a barrier between them, and so can't become one.
bool barrier_since(Context& context, const Mutation& earlier);

/// Whether a new write to the resource stands behind a barrier that itself can't leave now.
bool behind_waiting_barrier(Context& context, const std::string& user, const std::string& resource);

/// Lets go the lanes that waited for barriers which have left since, a batch at a time.
/// @return whether there were any, which this step's ranges don't show as due
bool lift_barriers(Context& context, const std::string& user);

}  // namespace holdfast
