// Values that an app declared and that are made up when they are needed: `now`, `url`, `increment`, `given`, `from`.
#pragma once

#include <string>

#include "engine/context.hpp"
#include "model/rows.hpp"

namespace holdfast {

/// What a declared value is made from.
struct Making {
  Context& context;
  const Mutation& write;
  const Json& body;     ///< the write's own JSON, or null
  std::string url;      ///< of the item
};

/// A created document: what was declared, with the app's own members over it.
Json with_defaults(const std::string& declared, Json document, const Making& making);

/// Changes a document as a declared effect says: a JSON Merge Patch (RFC 7396) with values that are made up.
void apply_effect(const std::string& declared, Json& document, const Making& making);

/// ISO 8601 in UTC with milliseconds, as `Date.prototype.toISOString` prints it (ECMA-262, 21.4.4.36).
std::string iso_time(Millis time);

}  // namespace holdfast
