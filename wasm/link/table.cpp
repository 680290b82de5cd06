#include "link/table.hpp"

#include <algorithm>

namespace holdfast::link {
namespace {

using enum State;
using enum Input;

constexpr Row kTable[] = {
    {kSuspended, kStart, kConnecting, open_next},
    {kSuspended, kStartHeld, kWaiting, resume},
    {kSuspended, kStartInVain, kOffline, stay},

    {kConnecting, kStart, kConnecting, open_next},  // it died with its worker
    {kConnecting, kStartHeld, kWaiting, rest},
    {kConnecting, kStop, kSuspended, leave},
    {kConnecting, kNoNetwork, kOffline, go_dark},
    {kConnecting, kOpened, kConnecting, stay},
    {kConnecting, kWelcome, kReplaying, welcome},
    {kConnecting, kLost, kWaiting, wait_in_silence},
    {kConnecting, kSilent, kWaiting, wait_in_silence},
    {kConnecting, kTimedOut, kWaiting, abandon_attempt},
    {kConnecting, kAway, kWaiting, wait_for_others},
    {kConnecting, kTrouble, kWaiting, wait_for_server},
    {kConnecting, kLimited, kWaiting, wait_for_limit},
    {kConnecting, kRefused, kWaiting, wait_for_change},
    {kConnecting, kUnauthorized, kWaiting, refresh},
    {kConnecting, kStillUnauthorized, kNeedsAuth, ask_to_sign_in},
    {kConnecting, kGone, kOffline, give_up},

    {kReplaying, kStart, kConnecting, open_next},
    {kReplaying, kStartHeld, kWaiting, rest},
    {kReplaying, kStop, kSuspended, leave},
    {kReplaying, kNoNetwork, kOffline, go_dark},
    {kReplaying, kWelcome, kReplaying, hear},
    {kReplaying, kHeard, kReplaying, hear},
    {kReplaying, kBehind, kReplaying, hear},
    {kReplaying, kCaughtUp, kLive, go_live},
    {kReplaying, kQuiet, kReplaying, ask},
    {kReplaying, kNudge, kReplaying, probe},
    {kReplaying, kCall, kReplaying, probe},
    {kReplaying, kDead, kWaiting, abandon_connection},
    {kReplaying, kSilent, kWaiting, wait_for_own_network},
    {kReplaying, kLost, kWaiting, wait_for_others},
    {kReplaying, kAway, kWaiting, wait_for_others},
    {kReplaying, kTrouble, kWaiting, wait_for_server},
    {kReplaying, kLimited, kWaiting, wait_for_limit},
    {kReplaying, kRefused, kWaiting, wait_for_change},
    {kReplaying, kUnauthorized, kWaiting, refresh},
    {kReplaying, kStillUnauthorized, kNeedsAuth, ask_to_sign_in},
    {kReplaying, kGone, kOffline, give_up},

    {kLive, kStart, kConnecting, open_next},
    {kLive, kStartHeld, kWaiting, rest},
    {kLive, kStop, kSuspended, leave},
    {kLive, kNoNetwork, kOffline, go_dark},
    {kLive, kWelcome, kLive, hear},
    {kLive, kHeard, kLive, hear},
    {kLive, kCaughtUp, kLive, hear},
    {kLive, kBehind, kReplaying, hear},
    {kLive, kQuiet, kLive, ask},
    {kLive, kNudge, kLive, probe},
    {kLive, kCall, kLive, probe},
    {kLive, kReturn, kConnecting, open_next},
    {kLive, kDead, kWaiting, abandon_connection},
    {kLive, kSilent, kWaiting, wait_for_own_network},
    {kLive, kLost, kWaiting, wait_for_others},
    {kLive, kAway, kWaiting, wait_for_others},
    {kLive, kTrouble, kWaiting, wait_for_server},
    {kLive, kLimited, kWaiting, wait_for_limit},
    {kLive, kRefused, kWaiting, wait_for_change},
    {kLive, kUnauthorized, kWaiting, refresh},
    {kLive, kStillUnauthorized, kNeedsAuth, ask_to_sign_in},
    {kLive, kGone, kOffline, give_up},

    {kWaiting, kStart, kConnecting, open_next},
    {kWaiting, kStartHeld, kWaiting, resume},
    {kWaiting, kStop, kSuspended, leave},
    {kWaiting, kNoNetwork, kOffline, go_dark},
    {kWaiting, kNudge, kWaiting, hurry},
    {kWaiting, kCall, kConnecting, open_next},
    {kWaiting, kDue, kConnecting, open_next},
    {kWaiting, kCredentials, kConnecting, open_next},
    {kWaiting, kNoCredentials, kNeedsAuth, ask_to_sign_in},
    {kWaiting, kRefreshTimedOut, kNeedsAuth, ask_to_sign_in},

    {kOffline, kStart, kConnecting, open_next},
    {kOffline, kStartHeld, kWaiting, resume},
    {kOffline, kStop, kSuspended, leave},
    {kOffline, kNudge, kWaiting, hurry},
    {kOffline, kCall, kConnecting, open_next},
    {kOffline, kDue, kConnecting, open_next},  // the browser may be wrong about the network

    {kNeedsAuth, kStart, kConnecting, open_next},
    {kNeedsAuth, kStop, kSuspended, leave},
    {kNeedsAuth, kCall, kConnecting, open_next},
    {kNeedsAuth, kCredentials, kConnecting, open_next},
};

}  // namespace

std::span<const Row> table() { return kTable; }

const Row* find_row(State from, Input on) {
  const auto found = std::find_if(std::begin(kTable), std::end(kTable), [&](const Row& row) { return row.from == from && row.on == on; });
  return found == std::end(kTable) ? nullptr : found;
}

}  // namespace holdfast::link
