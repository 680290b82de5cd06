// The merge by itself, text in and text out: for a server that merges on its side by the rules that its clients have,
// to the same bytes.
#pragma once

#include <string>

#include "model/rules.hpp"

namespace holdfast {

class Conflicts {
 public:
  /// @param json as a resource declares `conflicts`: {default, fields}
  /// @return {"ok": true} or {"ok": false, errors: [{field, message}…]}
  std::string configure(const std::string& json);

  /// @param json {base, mine, theirs, times: {mine, theirs, now}}; a document that is missing isn't there: it was deleted,
  ///        or, as the base, not made yet. A time is {wall, count, node} with `wall` in ms since the epoch, and may be
  ///        missing where it isn't known; `now` is by the clock of whoever merges.
  /// @return {document, changed, decisions}; no `document`: it is deleted. `changed`: it differs from theirs. Of input that
  ///         can't be read: {refused: {code, message}}
  std::string merge(const std::string& json) const;

 private:
  Rules rules_;
};

}  // namespace holdfast
