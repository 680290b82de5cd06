#include "link/reading.hpp"

#include "link/ends.hpp"
#include "link/transports.hpp"
#include "link/wait.hpp"

namespace holdfast::link {
namespace {

Input input_of(const Turn& turn, End end) {
  switch (end) {
    case End::kLost: return Input::kLost;
    case End::kSilent: return Input::kSilent;
    case End::kAway: return Input::kAway;
    case End::kTrouble: return Input::kTrouble;
    case End::kLimited: return Input::kLimited;
    case End::kRefused: return Input::kRefused;
    case End::kUnauthorized: return turn.memory.refreshed ? Input::kStillUnauthorized : Input::kUnauthorized;
    case End::kGone: return Input::kGone;
  }
  return Input::kLost;
}

struct Reader {
  Turn& turn;

  Memory& memory() const { return turn.memory; }
  bool is_held() const { return held(turn.config, turn.memory, turn.now); }
  /// The event is about the connection that there is.
  bool present(std::int64_t attempt) const { return turn.memory.open() && turn.memory.attempt == attempt; }

  Input operator()(const Start& event) const {
    const bool fresh = event.life.empty() || event.life != memory().life;
    memory().life = event.life;
    // Credentials are in a worker's memory alone: the next one has none until it asks.
    if (fresh) memory().refreshed = false;
    if (!fresh && memory().state != State::kSuspended) return Input::kNothing;  // a further page
    if (!fresh && memory().hold == Hold::kGone) return Input::kStartInVain;
    if (memory().open()) return turn.now - memory().opened_at < turn.config.base_ms ? Input::kStartHeld : Input::kStart;
    return is_held() && memory().hold != Hold::kHint ? Input::kStartHeld : Input::kStart;
  }
  Input operator()(const Stop&) const { return Input::kStop; }
  Input operator()(const Offline&) const { return Input::kNoNetwork; }

  Input operator()(const Opened& event) const { return present(event.attempt) ? Input::kOpened : Input::kNothing; }
  Input operator()(const Welcome& event) const {
    turn.news.heartbeat_ms = event.heartbeat_ms;
    turn.news.window_ms = event.window_ms;
    return present(event.attempt) ? Input::kWelcome : Input::kNothing;
  }
  Input operator()(const Heard& event) const {
    turn.news.window_ms = event.window_ms;
    return present(event.attempt) ? Input::kHeard : Input::kNothing;
  }
  Input operator()(const CaughtUp& event) const { return present(event.attempt) ? Input::kCaughtUp : Input::kNothing; }
  Input operator()(const Behind& event) const { return present(event.attempt) ? Input::kBehind : Input::kNothing; }

  Input operator()(const Closed& event) const {
    turn.news.retry_after_ms = event.retry_after_ms;
    turn.news.code = event.code;
    return present(event.attempt) ? input_of(turn, end_of_close(event.code, event.reason)) : Input::kNothing;
  }
  Input operator()(const Refused& event) const {
    turn.news.retry_after_ms = event.retry_after_ms;
    turn.news.code = event.status;
    return present(event.attempt) ? input_of(turn, end_of_status(event.status)) : Input::kNothing;
  }

  Input operator()(const Tick&) const {
    const Millis now = turn.now;
    switch (memory().state) {
      case State::kConnecting: return now >= memory().opened_at + turn.config.connect_timeout_ms ? Input::kTimedOut : Input::kNothing;
      case State::kReplaying:
      case State::kLive:
        if (memory().asked_at != kNever && now >= memory().asked_at + memory().asked_for_ms) return Input::kDead;
        if (memory().asked_at == kNever && now >= memory().heard_at + quiet_ms(memory())) return Input::kQuiet;
        return memory().state == State::kLive && on_detour(turn.config, memory()) && now >= memory().return_at ? Input::kReturn : Input::kNothing;
      case State::kWaiting:
        if (is_held()) return Input::kNothing;
        return memory().hold == Hold::kCredentials ? Input::kRefreshTimedOut : Input::kDue;
      case State::kOffline: return memory().hold == Hold::kGone || is_held() ? Input::kNothing : Input::kDue;
      case State::kSuspended:
      case State::kNeedsAuth: break;
    }
    return Input::kNothing;
  }

  Input operator()(const Nudge& event) const {
    const bool call = event.how == "call";
    // What a person asks for follows as soon as the credentials are there.
    if (memory().hold == Hold::kCredentials) return Input::kNothing;
    if (call) return Input::kCall;
    return memory().hold == Hold::kGone ? Input::kNothing : Input::kNudge;
  }

  Input operator()(const Credentials& event) const {
    const bool awaited = memory().hold == Hold::kCredentials || memory().state == State::kNeedsAuth;
    if (!awaited) return Input::kNothing;
    return event.ok ? Input::kCredentials : Input::kNoCredentials;
  }
};

}  // namespace

Input read(Turn& turn, const Event& event) { return std::visit(Reader{turn}, event); }

}  // namespace holdfast::link
