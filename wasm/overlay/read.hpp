// What a read has to show beyond what the server told.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

/// Effect `view` for an item: {document, gone, known, pending}. For a collection: {changes: [{entity, document or
/// null}…], pending}: the host splices just these rows, the others never cross into the engine.
void read(Context& context, const ReadEvent& event);

}  // namespace holdfast
