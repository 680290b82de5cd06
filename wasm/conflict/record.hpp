// What was decided, as pages, inboxes and servers read it (Decision in js/protocol/messages.ts).
#pragma once

#include "conflict/merge.hpp"

namespace holdfast {

/// {path, policy, verdict, reason, base?, mine?, theirs?, result?}; `path` is a JSON Pointer
Json record_of(Decision decision);

/// The same, printed, of a list that was merged, with its sides and the result as texts; without a base where it has none.
std::string print_list_record(const std::vector<std::string>& path, const std::string* base, const std::string& mine, const std::string& theirs, const std::string& result);

}  // namespace holdfast
