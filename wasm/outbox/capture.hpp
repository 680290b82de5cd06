// A page's write becomes a row.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

void capture(Context& context, const CaptureEvent& event);

}  // namespace holdfast
