// A batch of the server's changes, as it comes over the wire (docs/protocol.md, "The change feed").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/fields.hpp"

namespace holdfast {

struct Change {
  std::string resource;
  std::string id;           ///< below other entities with theirs before it: ann/42; empty for a single document
  std::int64_t version = 0; ///< grows with each change of the entity, across its deletion too; 0: not told
  bool deleted = false;
  Json document;            ///< without its envelope; null for a deletion
  std::string etag;         ///< strong, or empty
  std::string key;          ///< Idempotency-Key of the user's own write that made it, or empty
};

struct Batch {
  std::string after;        ///< the cursor that it goes on from
  std::string cursor;
  std::vector<Change> changes;
};

/// @return nothing if it isn't one: then none of it may be applied, or its cursor would stand for what isn't there
std::optional<Batch> decode_batch(const std::string& text);

}  // namespace holdfast
