// What is done on the way from one state to the next. None of these says which one that is: the table does.
#pragma once

#include "link/turn.hpp"

namespace holdfast::link {

void stay(Turn& turn);

// --- Towards a connection
/// Opens the next attempt; a connection that is still there, or died with its worker, is closed before.
void open_next(Turn& turn);
/// A worker that died within a moment of its attempt may die of the next one, too: not more often than once in a base.
void rest(Turn& turn);
/// A wait goes on; credentials that a dead worker was fetching are fetched anew.
void resume(Turn& turn);
/// A wait that followed silence ends soon.
void hurry(Turn& turn);
void leave(Turn& turn);
void go_dark(Turn& turn);

// --- On a connection
void welcome(Turn& turn);
void hear(Turn& turn);
void go_live(Turn& turn);
/// Nothing was heard for a heartbeat and a bit.
void ask(Turn& turn);
/// Something has happened that connections often don't survive unnoticed.
void probe(Turn& turn);

// --- Behind its end
void wait_in_silence(Turn& turn);
/// The same, of an attempt that hasn't ended: whatever still comes of it is no news.
void abandon_attempt(Turn& turn);
/// The connection was found half open, on either side.
void wait_for_own_network(Turn& turn);
void abandon_connection(Turn& turn);
/// All others may have lost theirs at the same moment.
void wait_for_others(Turn& turn);
void wait_for_server(Turn& turn);
void wait_for_limit(Turn& turn);
void wait_for_change(Turn& turn);
void refresh(Turn& turn);
void ask_to_sign_in(Turn& turn);
void give_up(Turn& turn);

}  // namespace holdfast::link
