// What the live link is told, and what it wants done. Events are decoded like the engine's (codec/fields.hpp). What is
// told about a connection names its attempt; news of an earlier one is ordinary, and no news.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "link/state.hpp"

namespace holdfast::link {

/// The server named no time.
inline constexpr Millis kUnnamed = -1;

/// Pages are there and want to be live. Also the first event of a fresh worker, with the state of a dead one.
struct Start {
  std::string life;  ///< the worker's; without it each start counts as a fresh worker's
  template <class Visitor> void fields(Visitor& v) { v("life", life); }
};
/// Nobody wants to be live any more.
struct Stop {
  template <class Visitor> void fields(Visitor&) {}
};
/// The transport stands: nothing that the server has said yet.
struct Opened {
  std::int64_t attempt = 0;
  template <class Visitor> void fields(Visitor& v) { v("attempt", attempt); }
};
struct Welcome {
  std::int64_t attempt = 0;
  Millis heartbeat_ms = kUnnamed;
  Millis window_ms = kUnnamed;
  template <class Visitor> void fields(Visitor& v) { v("attempt", attempt), v("heartbeatMs", heartbeat_ms), v("windowMs", window_ms); }
};
/// Any message.
struct Heard {
  std::int64_t attempt = 0;
  Millis window_ms = kUnnamed;
  template <class Visitor> void fields(Visitor& v) { v("attempt", attempt), v("windowMs", window_ms); }
};
/// The first batch behind which there is no more.
struct CaughtUp {
  std::int64_t attempt = 0;
  template <class Visitor> void fields(Visitor& v) { v("attempt", attempt); }
};
/// A batch behind which there is more.
struct Behind {
  std::int64_t attempt = 0;
  template <class Visitor> void fields(Visitor& v) { v("attempt", attempt); }
};
/// The connection is over, with what the server's `bye` said, if it said one.
struct Closed {
  std::int64_t attempt = 0;
  std::int64_t code = 1006;  ///< of the WebSocket (RFC 6455, section 7.4); 1006 for a network error on any transport
  std::string reason;
  Millis retry_after_ms = kUnnamed;
  template <class Visitor> void fields(Visitor& v) { v("attempt", attempt), v("code", code), v("reason", reason), v("retryAfterMs", retry_after_ms); }
};
/// The server answered with something else than a connection.
struct Refused {
  std::int64_t attempt = 0;
  std::int64_t status = 0;
  Millis retry_after_ms = kUnnamed;
  template <class Visitor> void fields(Visitor& v) { v("attempt", attempt), v("status", status), v("retryAfterMs", retry_after_ms); }
};
/// Time has passed.
struct Tick {
  template <class Visitor> void fields(Visitor&) {}
};
/// The network may be back.
struct Nudge {
  std::string how;  ///< online, page-shown, request-succeeded; or call: a person asks outright
  template <class Visitor> void fields(Visitor& v) { v("how", how); }
};
/// The browser says that there is no network.
struct Offline {
  template <class Visitor> void fields(Visitor&) {}
};
/// What came of `refresh-credentials`, or somebody signed in.
struct Credentials {
  bool ok = false;
  template <class Visitor> void fields(Visitor& v) { v("ok", ok); }
};

using Event = std::variant<Start, Stop, Opened, Welcome, Heard, CaughtUp, Behind, Closed, Refused, Tick, Nudge, Offline, Credentials>;

struct OpenEffect {
  std::int64_t attempt;
  Transport transport;
  bool operator==(const OpenEffect&) const = default;
};
/// Whatever becomes of that connection from now on is no news.
struct CloseEffect {
  std::int64_t attempt;
  bool operator==(const CloseEffect&) const = default;
};
struct PingEffect {
  std::int64_t attempt;
  bool operator==(const PingEffect&) const = default;
};
struct RefreshEffect {
  bool operator==(const RefreshEffect&) const = default;
};
/// For whoever runs the app: what to do next.
struct ProblemEffect {
  std::string code;
  std::string message;
  bool operator==(const ProblemEffect&) const = default;
};
struct ChangedEffect {
  State from;
  State to;
  std::string reason;  ///< as the table has it
  bool operator==(const ChangedEffect&) const = default;
};

using Effect = std::variant<OpenEffect, CloseEffect, PingEffect, RefreshEffect, ProblemEffect, ChangedEffect>;

}  // namespace holdfast::link
