// What has been decided about a write so far, as its row has it.
#pragma once

#include <vector>

#include "conflict/merge.hpp"
#include "model/rows.hpp"

namespace holdfast {

/// The reason of a decision that a person took; what was decided before it no longer counts.
inline constexpr const char* kByPerson = "decided by a person";

void note_decisions(Mutation& mutation, const std::vector<Decision>& decisions);

/// What resolvers have settled of it.
Resolved resolved_in(const Mutation& mutation);

/// Whether a conflict waits about words that both sides have changed: what is suggested has them set out, with markers.
bool overlaps(const Mutation& mutation);

/// The outcome of a write that the server has accepted: confirmed, merged or overruled.
const char* outcome_of(const Mutation& mutation);

}  // namespace holdfast
