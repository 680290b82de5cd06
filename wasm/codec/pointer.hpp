// JSON Pointer (RFC 6901): its text, and the part of a document that it leads to.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "codec/fields.hpp"
#include "model/config.hpp"

namespace holdfast {

/// @param text a pointer, or a member's plain name: `/author/name`, `status`
Pointer parse_pointer(std::string_view text);

/// The text of a pointer: `/author/name`.
std::string print_pointer(const Pointer& pointer);

/// The element of an array that a step names: digits without leading zeros (RFC 6901, section 4). Nothing else is one.
std::optional<std::size_t> index_of(std::string_view step);

/// The part of a document, or null if there is none.
const Json* find_part(const Json& document, const Pointer& pointer);
inline Json* find_part(Json& document, const Pointer& pointer) {
  return const_cast<Json*>(find_part(static_cast<const Json&>(document), pointer));
}

/// The part of a document to write to; objects are made on the way, and whatever stands in it gives way.
Json& make_part(Json& document, const Pointer& pointer);

}  // namespace holdfast
