// What was decided, as pages, inboxes and servers read it (Decision in js/protocol/messages.ts).
#pragma once

#include "conflict/merge.hpp"

namespace holdfast {

/// {path, policy, verdict, reason, base?, mine?, theirs?, result?}; `path` is a JSON Pointer
Json record_of(const Decision& decision);

}  // namespace holdfast
