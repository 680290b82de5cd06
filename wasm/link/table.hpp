// The state machine: everything that moves the live link from one state to another stands in the table of table.cpp, and
// docs/link.md draws its diagram from it.
#pragma once

#include <array>
#include <span>

#include "link/moves.hpp"

namespace holdfast::link {

/// What an event means at this moment (reading.hpp).
enum class Input {
  kNothing,
  kStart, kStartHeld, kStartInVain, kStop, kNoNetwork,
  kOpened, kWelcome, kHeard, kCaughtUp, kBehind,
  kLost, kSilent, kAway, kTrouble, kLimited, kRefused, kUnauthorized, kStillUnauthorized, kGone,
  kTimedOut, kQuiet, kDead, kReturn, kDue, kRefreshTimedOut,
  kNudge, kCall, kCredentials, kNoCredentials,
};
inline constexpr std::array kInputs{
    "nothing",
    "start", "start, but not yet", "start, in vain", "stop", "offline",
    "opened", "welcome", "heard", "caught-up", "behind",
    "lost", "silent", "going-away", "trouble", "limited", "refused", "unauthorized", "still unauthorized", "gone",
    "timed out", "quiet", "dead", "preferred transport again", "due", "refresh timed out",
    "nudge", "call", "credentials", "no credentials",
};
constexpr const char* name_of(Input input) { return kInputs[static_cast<std::size_t>(input)]; }

struct Row {
  State from;
  Input on;
  State to;
  void (*move)(Turn&);
};

std::span<const Row> table();

/// @return nothing where the input is no news in that state
const Row* find_row(State from, Input on);

}  // namespace holdfast::link
