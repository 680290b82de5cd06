// What a write is made upon: noted at the capture, and kept true while it waits.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conflict/merge.hpp"
#include "engine/context.hpp"

namespace holdfast {

/// @return the ETag if it is a strong one, which alone If-Match can use (RFC 9110, section 13.1.1); else nothing
std::string strong(const std::string& etag);

/// Whether a write can be merged by the resource's rules: a change of one item in JSON, or its deletion, without a
/// precondition of the app's own.
bool is_mergeable(const Context& context, const Resource& resource, const Mutation& mutation);

/// Notes what a write is made upon, if it can be merged and the document is known.
void note_base(Context& context, const Resource& resource, Mutation& mutation);

/// Notes which version it is made upon, for what can't be merged and conflicts as a whole.
void note_version(Context& context, const Resource& resource, Mutation& mutation);

/// The row of an entity's confirmed document, unless an answer that was kept is newer.
std::optional<Document> newest_row(Context& context, const Resource& resource, const Mutation& mutation);

/// What the user had not seen counts as being what the server has: a write that names it has set it, whatever it was.
void fill_in(Json& base, const Json& theirs);

/// Whether the server has to be asked what it has before the write may leave: there is no ETag by which it could tell
/// by itself that others have changed the document.
bool awaits_current(const Mutation& mutation, Millis now);

/// Whether the server told nothing new of the entity since the write was made.
bool still_upon_base(Context& context, const Resource& resource, const Mutation& mutation);

/// What stands behind a write in its lane was made upon a document that turned out another: it is made anew upon that.
/// @param from the document that it was taken for
void move_bases(Context& context, const Resource& resource, const Mutation& first, const std::optional<Json>& from, const std::optional<Json>& to);

/// A write isn't carried out: what follows it in its lane was made upon a document with its change, and is made anew upon
/// the one without. What it adds to a counter, a set, a list or a text is added there.
void take_out(Context& context, const Resource& resource, const Mutation& gone);

/// Parts of a write gave way. Whoever repeats the same wish behind it, and wishes nothing else there, was made upon what
/// never came to be: upon what was there before, the wish is one again, and is settled as the first one was.
void take_back(Context& context, const Resource& resource, const Mutation& overruled, const std::vector<Decision>& decisions);

/// A write was carried out upon what it was made upon, so whatever the server's document has besides is the server's own
/// doing, and no change of others: what follows in the lane is made anew upon it.
void carry_over(Context& context, const Resource& resource, const Mutation& done, const Json& told);

/// An answer that has only what the write itself named, or its id, is no whole document: the rest is as it was made.
/// @return whether anything was filled in
bool fill_partial(Context& context, const Resource& resource, const Mutation& done, Json& told);

}  // namespace holdfast
