// A write is put together with what others have changed since it was made (docs/conflicts.md).
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

enum class Rebased {
  kReady,  ///< it can leave: as it was, or made anew upon what the server has
  kOver,   ///< it isn't to be sent now: nothing of it remains to be, a person decides, or a resolver is being asked
};

/// Puts a write together with what the server has. If an attempt may have been carried out unheard, a change that would
/// count twice is a person's decision. Where the app's own resolvers have to say something, the host asks them, and the
/// lane waits for that (`resolved`).
Rebased rebase(Context& context, const Resource& resource, Mutation& mutation, const Current& current);

/// A write was merged and turned away too often: a person decides, with what the server has now. Only where the resource
/// declares rules.
void give_up(Context& context, const Resource& resource, Mutation& mutation, const Current& current);

/// The app's resolvers have been asked; what they couldn't say is a person's decision.
void resolved(Context& context, const ResolvedEvent& event);

/// The same with what an earlier write of the lane has left behind, if that is known with its ETag.
Rebased catch_up(Context& context, const Resource& resource, Mutation& mutation);

/// A person decided a conflict: `retry` is mine wherever no rule could settle it, `merge` the suggestion, `edit` the body
/// that the write has by now.
/// @return false if that can't be written as a request of this kind
bool rebase_decided(Context& context, const Resource& resource, const InboxRow& entry, const std::string& action, Mutation& mutation);

}  // namespace holdfast
