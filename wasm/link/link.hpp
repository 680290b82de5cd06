// The live connection's state machine, text in and text out. It keeps its configuration and nothing else: what it
// remembers goes out with each step, and comes back with the next.
#pragma once

#include <string>

#include "link/state.hpp"

namespace holdfast {

class Link {
 public:
  /// @param json {transports?: ["websocket", "sse"], connectTimeoutMs?, baseMs?, capMs?, stableMs?, heartbeatMs?}; the
  ///        first transport is the preferred one. Defaults are in base/limits.hpp
  /// @return {"ok": true} or {"ok": false, errors: [{field, message}…]}
  std::string configure(const std::string& json);

  /// One step.
  /// @param json {state, event, now, entropy}; `state` as the last step returned it, or null. One that can't be read, or
  ///        that a newer version wrote, counts as null: all that is lost is a wait. Events are in link/events.hpp, with
  ///        their names in lower case and hyphens as `type`.
  /// @return {state, effects}, or {refused: {code, message}} for what can't be read. Of the state a host reads `name`
  ///         (suspended, offline, connecting, replaying, live, waiting, needs-auth), `attempt`, `transport`, `failures`,
  ///         and `wakeAt`: when to step with `tick` (ms since the epoch), or null. Effects, in order:
  ///         {do: "open", attempt, transport}, {do: "close", attempt}, {do: "ping", attempt},
  ///         {do: "refresh-credentials"}, {do: "problem", code, message}, {do: "changed", from, to, reason}
  std::string step(const std::string& json) const;

 private:
  link::Config config_;
};

}  // namespace holdfast
