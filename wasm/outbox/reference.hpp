// Writes that refer to an entity which is yet to be created: they wait for that creation, wherever their lanes are,
// and are set aside with the reason if it is turned down.
#pragma once

#include "engine/context.hpp"

namespace holdfast {

/// Holds a lane whose head has to wait for a creation.
void hold_for(Context& context, Lane& lane, std::int64_t creation);

/// A write has left its lane: whoever waited for it is looked at again.
void release_waiting(Context& context, const Mutation& mutation);

/// Lets every lane of an origin that waits for a creation look again, should one have been missed.
void release_all(Context& context, const std::string& user, const std::string& origin);

/// A write that refers to something that will not be: into the inbox. The page, if it still waits, is told 424 (Failed
/// Dependency; RFC 4918, section 11.4).
void set_orphan_aside(Context& context, Mutation mutation);

}  // namespace holdfast
