// A write and the document that it was made upon: what it takes to put it together with what others have changed
// meanwhile (docs/conflicts.md). It is noted at the capture, compared before the write leaves, and merged once the
// server has another one.
#pragma once

#include <optional>
#include <string>

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

/// What the server has of an entity.
struct Current {
  std::optional<Json> document;  ///< nothing: it was deleted
  std::string etag;              ///< a strong one (RFC 9110, section 8.8.1), or empty
  Millis changed_at = 0;         ///< when it came to that, by this device's clock; 0: not known
};

/// @return the ETag if it is a strong one, which alone If-Match can use (RFC 9110, section 13.1.1); else nothing
std::string strong(const std::string& etag);

/// Whether the body names the version that it was made upon, as some servers compare it instead of an ETag.
bool names_version(const Resource& resource, const Mutation& mutation);

/// Notes what a write is made upon, if the resource declares rules and the write can be merged by them: a change of one
/// item in JSON, or its deletion, without a precondition of the app's own, upon a document that is known.
void note_base(Context& context, const Resource& resource, Mutation& mutation);

/// Whether the server has to be asked what it has before the write may leave: there is no ETag by which it could tell
/// by itself that others have changed the document.
bool awaits_current(const Mutation& mutation, Millis now);

/// Whether the server told nothing new of the entity since the write was made.
bool still_upon_base(Context& context, const Resource& resource, const Mutation& mutation);

/// A write isn't carried out: what follows it in its lane was made upon a document with its change, and is made anew upon
/// the one without. What it adds to a counter, a set, a list or a text is added there.
void take_out(Context& context, const Resource& resource, const Mutation& gone);

/// A write was carried out upon what it was made upon, so whatever the server's document has besides is the server's own
/// doing, and no change of others: what follows in the lane is made anew upon it.
void carry_over(Context& context, const Resource& resource, const Mutation& done, const Json& told);

/// An answer that has only what the write itself named, or its id, is no whole document: the rest is as it was made.
/// @return whether anything was filled in
bool fill_partial(Context& context, const Resource& resource, const Mutation& done, Json& told);

/// The bytes change, or those with the earlier key were turned away: every attempt so far is over.
void renew_key(Context& context, Mutation& mutation);

enum class Rebased {
  kReady,  ///< it can leave: as it was, or made anew upon what the server has
  kOver,   ///< it isn't to be sent now: nothing of it remains to be, a person decides, or a resolver is being asked
};

/// Puts a write together with what the server has. If an attempt may have been carried out unheard, a change that would
/// count twice is a person's decision. Where the app's own resolvers have to say something, the host asks them, and the
/// lane waits for that (`resolved`).
Rebased rebase(Context& context, const Resource& resource, Mutation& mutation, const Current& current);

/// A write was merged and turned away too often: a person decides, with what the server has now.
void give_up(Context& context, const Resource& resource, Mutation& mutation, const Current& current);

/// The app's resolvers have been asked; what they couldn't say is a person's decision.
void resolved(Context& context, const ResolvedEvent& event);

/// The same with what an earlier write of the lane has left behind, if that is known with its ETag.
Rebased catch_up(Context& context, const Resource& resource, Mutation& mutation);

/// A person decided a conflict: `retry` is mine wherever no rule could settle it, `merge` the suggestion, `edit` the body
/// that the write has by now.
/// @return false if that can't be written as a request of this kind
bool rebase_decided(Context& context, const Resource& resource, const InboxRow& entry, const std::string& action, Mutation& mutation);

/// Whether a conflict waits about words that both sides have changed: what is suggested has them set out, with markers.
bool overlaps(const Mutation& mutation);

/// The outcome of a write that the server has accepted: confirmed, merged or overruled.
const char* outcome_of(const Mutation& mutation);

}  // namespace holdfast
