// The server's changes, taken into what is known of its documents.
//
// A batch and the cursor behind it are written in one step, and a batch is only taken where the last one ended. So a
// change is taken in once, however often it is delivered and by however many workers; and none is left out.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

/// Effects: `fed`, with `how`:
///   welcomed    the feed goes on from there; `gapAt`: what was read before is to be read again, or null
///   applied     a batch was taken in; `resources`: [{resource, ids, url}…] that show something else now; `url`: of
///               the entity, or of the list that the last of several is in
///   elsewhere   the batch doesn't follow what is known, or belongs to another user: ask for it anew, from `cursor`
///   unreadable  what the server sent is no batch
void feed(Context& context, const FeedEvent& event);

}  // namespace holdfast
