// What a read has to show beyond what the server told.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

/// Effect `view` for an item: {kind: "item", document, gone, known, pending, envelope, confirmedAt}. For a list: {kind: "list",
/// id, changes: [{id, document or null, member: true, false or null, was, stays, formerIds}…], pending, unsent, emptied} and the query's plan
/// (overlay/query.hpp). The host carries it out on the rows (js/host/list.ts); those that nothing touches never cross
/// into the engine.
void read(Context& context, const ReadEvent& event);

/// Effect `located`: {url}, which the server knows.
void find_url(Context& context, const LocateEvent& event);

}  // namespace holdfast
