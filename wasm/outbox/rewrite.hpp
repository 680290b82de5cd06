// A write as what it makes of a document, and a document as the write that makes it.
#pragma once

#include <optional>
#include <string>

#include "engine/context.hpp"

namespace holdfast {

/// Documents as rows have them; nothing: kDeleted.
std::string text_of(const std::optional<Json>& document);
std::optional<Json> document_of(const std::string& text);

bool same(const std::optional<Json>& one, const std::optional<Json>& other);

/// What a write makes of a document. Nothing: it deletes it, or there is none.
std::optional<Json> applied(Context& context, const Resource& resource, const Mutation& mutation, const std::optional<Json>& document);

/// A JSON Patch is applied whole or not at all (RFC 6902, section 5).
bool applies(const Mutation& mutation, const std::optional<Json>& document);

/// Writes a request of the same kind that makes `result` of `theirs`. @return false if there is none
bool rewrite(const Resource& resource, Mutation& mutation, const std::optional<Json>& theirs, const std::optional<Json>& result);

/// Whether two bodies are the same JSON.
bool says_the_same(const Body& one, const Body& other);

/// Whether the body names the version that it was made upon, as some servers compare it instead of an ETag.
bool names_version(const Resource& resource, const Mutation& mutation);

/// The bytes change, or those with the earlier key were turned away: every attempt so far is over.
void renew_key(Context& context, Mutation& mutation);

}  // namespace holdfast
