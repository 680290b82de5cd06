// The engine: a function from an event and the rows it touches to rows and effects. It keeps the compiled
// configuration and nothing else; every fact is a row, every effect happens after the rows are committed.
#pragma once

#include <string>

#include "model/config.hpp"

namespace holdfast {

class Engine {
 public:
  /// @param json {resources, retry}; every resource's `path` may be relative to `origin`
  /// @return {"ok": true, prefixes, origins} or {"ok": false, errors: [{field, message}…]}
  std::string configure(const std::string& json);

  /// One step.
  /// @param json {event, now, entropy, life, rows, ranges}
  /// @return {need} if rows are missing: bring them and step again; else {puts, deletes, effects}, or
  ///         {refused: {code, message}} for an event or a row that can't be read
  std::string step(const std::string& json) const;

  /// Which lane a write would go to for a user, without touching any row: captures of one lane keep their order.
  /// @return {"declared": false} or {"declared": true, resource, kind, entity, timeoutMs, bodyBytesMax, queuedStatus}
  std::string route(const std::string& url) const;

 private:
  Config config_;
};

}  // namespace holdfast
