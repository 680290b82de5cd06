// A write that the server has carried out: what it told of the entity becomes the confirmed document.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

/// @param event the answer that confirms it; or, by its status and body, what tells as much
void settle_confirmed(Context& context, Mutation& mutation, const AnsweredEvent& event, const Resource& resource);

}  // namespace holdfast
