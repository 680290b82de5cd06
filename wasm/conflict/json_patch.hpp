// JSON Patch (RFC 6902). JSON Merge Patch (RFC 7396) is merge_patch() in overlay/optimistic.hpp.
#pragma once

#include <optional>
#include <string>

#include "codec/fields.hpp"

namespace holdfast {

/// Applies all operations of a patch, in order, or none (RFC 6902, section 5).
///
/// Stricter than parse_pointer(): a pointer is empty or begins with a slash (RFC 6901, section 3). The root can't be removed, as nothing would be left to be a document. A result is nested no
/// deeper than kJsonDepthMax, and larger than document and patch together by no more than kPatchBytesMax.
///
/// @param document nested no deeper than kJsonDepthMax, as parse_json() sees to; the same for the patch
/// @param error which operation failed, counted from 1, and why; empty if none did
std::optional<Json> apply_json_patch(const Json& document, const Json& patch, std::string& error);

}  // namespace holdfast
