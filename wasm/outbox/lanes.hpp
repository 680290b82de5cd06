// Lanes: the mutations of one entity, strictly in order. A lane that is empty has no row.
#pragma once

#include <string>

#include "engine/context.hpp"
#include "routing/route.hpp"

namespace holdfast {

/// Whether a lane has to wait for something that isn't known to end within moments.
bool waits(const Lane& lane);

/// Gives a lane its next head, due now and with nothing held against it.
void start_anew(Context& context, Lane& lane, const View::Place& head);

/// Stores a new mutation at the end of its lane and counts it.
void append(Context& context, Mutation& mutation, std::optional<Lane> lane);

/// Takes a mutation out of its lane and out of the store, with its bytes, and brings the next one forward.
void remove(Context& context, const Mutation& mutation);

/// The write may leave again at once.
/// @param state of it from now on
void requeue(Context& context, Mutation& mutation, const std::string& state);

/// Its lane waits, with full jitter.
/// @param n 1 for the first failure
void back_off(Context& context, Lane& lane, std::int64_t n);

/// Takes an attempt off the list of those under way. @return it, or nothing if it wasn't on the list
std::optional<Send> end_send(Context& context, const std::string& id, std::int64_t attempt);

/// Answers the page's fetch with the optimistic document, and notes on the mutation that it was answered.
void respond_queued(Context& context, Mutation& mutation, const Resource& resource);

/// Answers it with the server's own answer, if the host has one.
void respond_answer(Context& context, const Mutation& mutation, bool conflict);

/// Remembers what finally became of a write, and tells the pages.
void conclude(Context& context, const Mutation& mutation, const std::string& state, std::int64_t status,
              const std::string& document);

}  // namespace holdfast
