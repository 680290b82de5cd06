// The record of conflicts: what each side had, what was decided, and what became of it. It outlives the outcome, within a
// budget, and an app can show or export it.
#pragma once

#include <optional>
#include <string>

#include "engine/context.hpp"

namespace holdfast {

/// What both sides had when a write met another document; null: it isn't there. The first base and what was made of it
/// stay, however often the write is merged.
void note_sides(Mutation& mutation, const std::optional<Json>& base, const std::optional<Json>& mine, const std::optional<Json>& theirs, Millis theirs_at);

/// Writes the record of a write that met a conflict, or brings it up to date; the oldest make room.
/// @param state and document of the write's outcome
void record_conflict(Context& context, const Mutation& mutation, const std::string& state, std::int64_t status, const std::string& document);

}  // namespace holdfast
