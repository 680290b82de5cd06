// Which transport an attempt takes.
//
// What last got a welcome is used again; before any did, the preferred one. Where that fails twice in a row without a
// word from the server, the others are tried in turns: a network that breaks WebSockets mostly lets server-sent events
// through. Nothing here can tell such a network from none at all, so a detour may have been the end of a tunnel: the
// preferred transport is tried again after a minute, and then ever more rarely, as the next attempt or, where the link
// is live, instead of it. If that fails the detour goes on as if nothing had been, so the link never goes to and fro
// between two of which one works.
#pragma once

#include "link/turn.hpp"

namespace holdfast::link {

/// The link's transport isn't the preferred one.
bool on_detour(const Config& config, const Memory& memory);

/// Sets the transport of the next attempt.
void choose_transport(Turn& turn);

/// The attempt got a welcome.
void note_welcome(Turn& turn);

/// The attempt ended without one.
/// @param heard the server said so itself: that was no matter of the transport
void note_miss(Turn& turn, bool heard);

}  // namespace holdfast::link
