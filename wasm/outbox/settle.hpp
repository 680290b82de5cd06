// What becomes of a mutation when its attempt ends.
#pragma once

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

void answered(Context& context, const AnsweredEvent& event);
void failed(Context& context, const FailedEvent& event);
void diagnosed(Context& context, const DiagnosedEvent& event);
void reopened(Context& context, const ReopenedEvent& event);
/// A write whose outcome is unknown, that must not be sent again by itself and can't be looked up, waits for a person.
/// The writes behind it go on, as behind one that was rejected: each is the quickest way to learn whether the entity is
/// there, and joins it in the inbox, in order, if the server says that it isn't. Holding the lane instead would hold
/// back everything about an order because of one lost answer.
/// @param evidence the answer that left it open, or nothing
void set_aside_unknown(Context& context, Mutation& mutation, const Resource& resource, const AnsweredEvent& evidence);

void waited(Context& context, const WaitedEvent& event);

}  // namespace holdfast
