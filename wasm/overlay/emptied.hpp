// `DELETE` of a whole collection, as reads show it.
#pragma once

#include "engine/context.hpp"
#include "routing/route.hpp"

namespace holdfast {

struct Emptied {
  std::int64_t seq = 0;      ///< of the newest pending deletion of all; 0: there is none
  std::int64_t pending = 0;  ///< how many there are
  Millis at = 0;             ///< when the last one was confirmed: what was told before is no more
};

/// What has become of the collection whose entities' names begin with `parent`.
Emptied emptied(Context& context, const Resource& resource, const std::string& user, const std::string& parent);

/// The deletion of all was confirmed.
void note_emptied(Context& context, const Resource& resource, const Mutation& mutation);

}  // namespace holdfast
