// What the live link remembers from one step to the next, and what it can be told about itself.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.hpp"

namespace holdfast::link {

enum class State {
  kSuspended,   ///< nobody wants to be live
  kOffline,     ///< there is no network, or no feed at the other end
  kConnecting,  ///< an attempt is under way, and not welcome yet
  kReplaying,   ///< welcome; what was missed is on its way
  kLive,        ///< everything that has happened is known
  kWaiting,     ///< for the next attempt
  kNeedsAuth,   ///< for somebody to sign in
};
inline constexpr std::array kStates{"suspended", "offline", "connecting", "replaying", "live", "waiting", "needs-auth"};
constexpr const char* name_of(State state) { return kStates[static_cast<std::size_t>(state)]; }

enum class Transport { kWebSocket, kEvents };
inline constexpr std::array kTransports{"websocket", "sse"};
constexpr const char* name_of(Transport transport) { return kTransports[static_cast<std::size_t>(transport)]; }

/// What the next attempt waits for, which says who may bring it forward.
enum class Hold {
  kNone,         ///< for nothing
  kSilence,      ///< nobody answered, which may be this device's network: any sign that it is back ends the wait sooner
  kWindow,       ///< all clients come back at once, and this is the moment that was drawn for this one
  kTrouble,      ///< the server says that it can't
  kNamed,        ///< the server said when
  kRefused,      ///< it would be the same again, until somebody changes something
  kCredentials,  ///< fresh ones are being fetched
  kHint,         ///< the browser says that there is no network, which may be wrong
  kGone,         ///< there is no feed; nothing is waited for in this life
};
inline constexpr std::array kHolds{"", "silence", "window", "trouble", "named", "refused", "credentials", "hint", "gone"};
constexpr const char* name_of(Hold hold) { return kHolds[static_cast<std::size_t>(hold)]; }

struct Config {
  std::vector<Transport> transports{Transport::kWebSocket, Transport::kEvents};  ///< never empty; the preferred one first
  Millis connect_timeout_ms = kLinkConnectMs;
  Millis base_ms = kLinkBaseMs;
  Millis cap_ms = kLinkCapMs;
  Millis stable_ms = kLinkStableMs;
  Millis heartbeat_ms = kLinkHeartbeatMs;

  Transport preferred() const { return transports.front(); }
};

/// A state of another version means nothing to this code.
inline constexpr std::int64_t kVersion = 1;

/// All that the machine knows. Times are by the device's clock, which may be set in between.
struct Memory {
  State state = State::kSuspended;
  std::int64_t attempt = 0;    ///< number of the present attempt, or of the last one
  Transport transport = Transport::kWebSocket;  ///< its transport
  std::int64_t failures = 0;   ///< ends in a row without having been live for long
  std::string life;            ///< the worker's life that saw the last `start`
  Hold hold = Hold::kNone;
  Millis due = 0;              ///< when what is held may go on
  Millis opened_at = 0;        ///< when the attempt began
  Millis heard_at = 0;         ///< when something was last heard on it
  Millis asked_at = kNever;    ///< when the other side was last asked whether it is there; kNever: heard since
  Millis asked_for_ms = 0;     ///< how long the answer may take
  Millis live_at = kNever;     ///< when it first was live; kNever: not yet
  Millis heartbeat_ms = 0;     ///< as the server named it
  Millis window_ms = 0;        ///< likewise; 0: not told
  bool crowd = false;          ///< the connection ended in a way that all others may have ended in at the same moment
  bool refreshed = false;      ///< fresh credentials were had since the link was last live for long
  Transport home = Transport::kWebSocket;  ///< the transport that last got a welcome; the preferred one, before any did
  std::int64_t misses = 0;     ///< attempts in a row without a welcome or any other word
  bool returning = false;      ///< this attempt tries the preferred transport again
  std::int64_t returns = 0;    ///< such tries that failed, in a row
  Millis return_at = 0;        ///< when it is tried again

  bool connected() const { return state == State::kReplaying || state == State::kLive; }
  bool open() const { return connected() || state == State::kConnecting; }
};

}  // namespace holdfast::link
