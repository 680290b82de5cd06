// What the server turns out to have of the document that a write changes: told with a refusal, or asked for before the
// write leaves (outbox/rebase.hpp says what becomes of it then).
#pragma once

#include <optional>

#include "engine/context.hpp"
#include "model/events.hpp"

namespace holdfast {

/// The server has none of it, or no longer (RFC 9110, sections 15.5.5 and 15.5.11).
bool is_gone(const AnsweredEvent& event);

/// When the server last changed a document, by this device's clock: as the document says (`changedAt`), or Last-Modified
/// (RFC 9110, section 8.8.2), put right by what Date (section 6.6.1) shows of the difference between the clocks. To a
/// second, since that is what Date has. 0: not known.
Millis changed_at(const Resource& resource, const Json& document, const Headers& headers, Millis now);

/// The server has another document than the write was made upon, and says so (412), shows it (409), or has none any
/// more. The write was not carried out; now, or once the document has been asked for, it is merged and leaves anew.
/// @return false where it can't be merged, or was too often
bool merge_later(Context& context, const AnsweredEvent& event, const std::optional<Send>& send, Mutation& mutation, const Resource& resource);

/// The answer to a lookup that asked for the document: the write is compared with it, and leaves.
/// @return false where the answer doesn't tell
bool take_current(Context& context, const AnsweredEvent& event, const Send& send, Mutation& mutation, const Resource& resource);

}  // namespace holdfast
