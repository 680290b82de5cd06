// The engine: a function from an event and the rows it touches to rows and effects. It keeps the compiled
// configuration and nothing else; every fact is a row, every effect happens after the rows are committed.
#pragma once

#include <string>

#include "model/config.hpp"

namespace holdfast {

class Engine {
 public:
  /// @param json {origin, resources, retry}; every resource's `path` may be relative to `origin`
  /// @return {"ok": true, origins, resolvers} or {"ok": false, errors: [{field, message}…]}
  std::string configure(const std::string& json);

  /// One step.
  /// @param json {event, now, entropy, life, rows, ranges}
  /// @return {need} if rows are missing: bring them and step again; else {puts, deletes, effects}, or
  ///         {refused: {code, message}} for an event or a row that can't be read
  std::string step(const std::string& json) const;

  /// Which resource a URL belongs to, without touching any row: decides whether a request is captured at all.
  /// @return {"declared": false} or {"declared": true, resource, kind, entity, parent, id, envelope, rows, lane, timeoutMs, bodyBytesMax};
  ///         id, envelope and rows are pointers
  std::string route(const std::string& url) const;

 private:
  Config config_;
};

}  // namespace holdfast
