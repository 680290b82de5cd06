// What is known of an entity, as far as it can be compared with what the server tells now.
//
// A server that came back from a backup counts on from there, lower than before, and doesn't know the cursor any more that
// it gave out. So what was known before such a gap never outranks what is told behind it.
#pragma once

#include <optional>
#include <string>

#include "engine/context.hpp"

namespace holdfast {

struct Known {
  std::optional<Document> row;
  std::optional<Json> document; ///< its declared version says how new it is; nothing: whatever is told now is newer
  std::int64_t version = 0;     ///< by the feed's count; 0: not known
};

Known known_of(Context& context, const Resource& resource, const std::string& user, const std::string& entity);

/// Takes in how a version by the feed's count (`told`) and the one that the document itself declares go together.
void note_counting(Context& context, const Resource& resource, const std::string& user, const Json& document, std::int64_t told);

/// The declared version of a document, where the feed counts the same; else 0.
std::int64_t counted(Context& context, const Resource& resource, const std::string& user, const std::optional<Json>& document);

}  // namespace holdfast
