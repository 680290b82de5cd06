// A declared follow-up: a write that was overruled is reported to the app's own server, as a write like any other.
#pragma once

#include "engine/context.hpp"

namespace holdfast {

/// Puts the report into the outbox, if the resource declares where to (`conflicts.overruled`) and the write was overruled.
/// In the step that settles the write, so that it is there once, whatever happens in between.
void report_overruled(Context& context, const Resource& resource, const Mutation& mutation);

}  // namespace holdfast
