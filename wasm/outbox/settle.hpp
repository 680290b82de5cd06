// What becomes of a mutation when its attempt ends.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

void answered(Context& context, const AnsweredEvent& event);
void failed(Context& context, const FailedEvent& event);
void reopened(Context& context, const ReopenedEvent& event);
void waited(Context& context, const WaitedEvent& event);

}  // namespace holdfast
