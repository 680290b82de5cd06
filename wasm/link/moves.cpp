#include "link/moves.hpp"

#include <algorithm>

#include "link/transports.hpp"
#include "link/wait.hpp"

namespace holdfast::link {
namespace {

void close(Turn& turn) {
  if (turn.memory.open()) turn.effects.push_back(CloseEffect{turn.memory.attempt});
}

void hold(Turn& turn, Hold why, Millis wait_ms) {
  turn.memory.hold = why;
  turn.memory.due = turn.now + wait_ms;
}

/// The window decides when this client may come, and no nudge: everybody's phone is picked up at the same news.
bool window_governs(const Turn& turn) { return turn.memory.crowd && turn.memory.window_ms > turn.config.base_ms; }

/// @param heard the server said so itself
void note_end(Turn& turn, bool heard) {
  turn.memory.failures += 1;
  if (turn.memory.state == State::kConnecting) note_miss(turn, heard);
}

/// One of many, perhaps: whatever ends a connection without saying for how long may have ended all of them.
void wait_in_crowd(Turn& turn, Hold why, bool heard) {
  const bool connected = turn.memory.connected();
  note_end(turn, heard);
  if (connected) turn.memory.crowd = turn.memory.window_ms > 0;
  if (turn.news.retry_after_ms >= 0) return hold(turn, Hold::kNamed, named_wait_ms(turn, true));
  if (why == Hold::kSilence && window_governs(turn)) why = Hold::kWindow;
  hold(turn, why, connected && turn.memory.crowd ? window_wait_ms(turn) : backoff_ms(turn));
}

void note_window(Turn& turn) {
  if (turn.news.window_ms >= 0) turn.memory.window_ms = std::min(turn.news.window_ms, kLinkWindowMaxMs);
}

void problem(Turn& turn, const char* code, std::string message) { turn.effects.push_back(ProblemEffect{code, std::move(message)}); }

std::string told(const Turn& turn) { return "(" + std::to_string(turn.news.code) + ")"; }

}  // namespace

void stay(Turn&) {}

void open_next(Turn& turn) {
  Memory& memory = turn.memory;
  close(turn);
  memory.attempt += 1;
  memory.hold = Hold::kNone;
  memory.due = 0;
  memory.opened_at = turn.now;
  memory.live_at = kNever;
  choose_transport(turn);
  turn.effects.push_back(OpenEffect{memory.attempt, memory.transport});
}

void rest(Turn& turn) {
  close(turn);
  hold(turn, Hold::kSilence, turn.memory.opened_at + turn.config.base_ms - turn.now);
}

void resume(Turn& turn) {
  if (turn.memory.hold == Hold::kCredentials) refresh(turn);
}

void hurry(Turn& turn) {
  Memory& memory = turn.memory;
  const Millis earliest = std::max(turn.now, memory.opened_at + turn.config.base_ms);
  const bool ordinary = memory.hold == Hold::kSilence;
  if (!ordinary && memory.hold != Hold::kHint) return;
  // One that is due soon isn't drawn again: of many draws the least would be none.
  if (ordinary && memory.due <= earliest + turn.config.base_ms) return;
  memory.hold = Hold::kSilence;
  memory.due = earliest + turn.random.up_to(turn.config.base_ms);
}

void leave(Turn& turn) {
  Memory& memory = turn.memory;
  close(turn);
  // A wait goes on: a page that is loaded anew must not be a way around it. But nobody waits for credentials any more.
  if (memory.hold != Hold::kCredentials) return;
  memory.refreshed = false;
  memory.hold = Hold::kNone;
}

void go_dark(Turn& turn) {
  Memory& memory = turn.memory;
  close(turn);
  // Then it was this device's own network, and not everybody's connection.
  memory.crowd = false;
  if (memory.hold == Hold::kCredentials) memory.refreshed = false;  // no wonder that none came
  const bool servers = memory.hold == Hold::kNamed || memory.hold == Hold::kRefused || memory.hold == Hold::kTrouble;
  // Wherever the browser is wrong, and no sign comes that it is, an attempt now and then finds out.
  if (!servers) hold(turn, Hold::kHint, turn.config.cap_ms + turn.random.up_to(turn.config.cap_ms));
}

void welcome(Turn& turn) {
  const Millis heartbeat = turn.news.heartbeat_ms >= 0 ? turn.news.heartbeat_ms : turn.config.heartbeat_ms;
  turn.memory.heartbeat_ms = std::clamp(heartbeat, kLinkHeartbeatMinMs, kLinkHeartbeatMaxMs);
  note_welcome(turn);
  hear(turn);
}

void hear(Turn& turn) {
  turn.memory.heard_at = turn.now;
  turn.memory.asked_at = kNever;
  note_window(turn);
}

void go_live(Turn& turn) {
  hear(turn);
  if (turn.memory.live_at == kNever) turn.memory.live_at = turn.now;
}

void ask(Turn& turn) {
  // From now, not from when something was last heard: a device that slept for an hour has not listened for an hour.
  turn.memory.asked_at = turn.now;
  turn.memory.asked_for_ms = answer_ms(turn.memory);
  // Nobody can be asked over server-sent events. There the wait is all there is, and the server's next ping is due in it.
  if (turn.memory.transport == Transport::kWebSocket) turn.effects.push_back(PingEffect{turn.memory.attempt});
}

void probe(Turn& turn) {
  Memory& memory = turn.memory;
  const bool known = turn.now - memory.heard_at < turn.config.base_ms;
  if (known || memory.asked_at != kNever || memory.transport != Transport::kWebSocket) return;
  ask(turn);
  // As long as a new connection would be given.
  memory.asked_for_ms = std::min(memory.asked_for_ms, turn.config.connect_timeout_ms);
}

void wait_in_silence(Turn& turn) { wait_in_crowd(turn, Hold::kSilence, false); }

void abandon_attempt(Turn& turn) {
  close(turn);
  wait_in_silence(turn);
}

void wait_for_own_network(Turn& turn) {
  turn.memory.crowd = false;
  note_end(turn, false);
  hold(turn, Hold::kSilence, backoff_ms(turn));
}

void abandon_connection(Turn& turn) {
  close(turn);
  wait_for_own_network(turn);
}

void wait_for_others(Turn& turn) { wait_in_crowd(turn, Hold::kSilence, true); }

void wait_for_server(Turn& turn) { wait_in_crowd(turn, Hold::kTrouble, true); }

void wait_for_limit(Turn& turn) {
  note_end(turn, true);
  const bool named = turn.news.retry_after_ms >= 0;
  hold(turn, named ? Hold::kNamed : Hold::kTrouble, named ? named_wait_ms(turn, false) : backoff_ms(turn));
}

void wait_for_change(Turn& turn) {
  note_end(turn, true);
  const bool named = turn.news.retry_after_ms >= 0;
  const Millis wait = kLinkRefusedMs + turn.random.up_to(kLinkRefusedMs / kLinkSpreadParts);
  hold(turn, named ? Hold::kNamed : Hold::kRefused, named ? named_wait_ms(turn, false) : wait);
  const bool forbidden = turn.news.code == 4403 || turn.news.code == 403;
  if (forbidden) {
    return problem(turn, "link-forbidden", "The server doesn't allow this user live changes " + told(turn) + ". Allow it there; it is tried again every ten minutes, and at hf.sync().");
  }
  problem(turn, "link-refused", "The server doesn't understand this client's live link " + told(turn) + ". Check that both speak the same version of the protocol; it is tried again every ten minutes, and at hf.sync().");
}

void refresh(Turn& turn) {
  if (turn.memory.state == State::kConnecting) note_miss(turn, true);
  turn.memory.refreshed = true;
  hold(turn, Hold::kCredentials, kLinkRefreshMs);
  turn.effects.push_back(RefreshEffect{});
}

void ask_to_sign_in(Turn& turn) {
  if (turn.memory.state == State::kConnecting) note_miss(turn, true);
  turn.memory.hold = Hold::kNone;
  turn.memory.due = 0;
  problem(turn, "link-needs-auth", "The live link has no credentials that the server accepts. Sign in again, or let `authorize` set fresh ones.");
}

void give_up(Turn& turn) {
  if (turn.memory.state == State::kConnecting) note_miss(turn, true);
  turn.memory.hold = Hold::kGone;
  turn.memory.due = 0;
  problem(turn, "link-gone", "There is no live feed at the declared path " + told(turn) + ". Correct the path, or leave it out if the server has none; it is tried again when the app is started anew.");
}

}  // namespace holdfast::link
