// Joining writes that were never attempted, where the resource declares it.
#pragma once

#include "engine/context.hpp"
#include "outbox/lanes.hpp"

namespace holdfast {

enum class Joined {
  kNo,        ///< the write stands for itself
  kMerged,    ///< the tail now carries it too; the tail has to be stored
  kVanished,  ///< it and the creation before it undo each other
};

/// @param tail the newest write of the lane; changed if the answer is kMerged
Joined coalesce(Context& context, const Resource& resource, Mutation& tail, const Mutation& write);

}  // namespace holdfast
