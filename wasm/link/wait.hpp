// How long the next attempt waits, and whether it still does.
#pragma once

#include "link/turn.hpp"

namespace holdfast::link {

/// Exponential backoff with full jitter; in a crowd the range is at least the window, up to the cap, since attempts that
/// are all drawn from one second would come as one.
Millis backoff_ms(Turn& turn);

/// The first wait of a crowd: uniform in the window, however long, since that is how long the server needs for all.
/// Where the link hadn't been live for long before, at least what the backoff would be: a server that falls over as
/// soon as its clients are back isn't helped by a short window.
Millis window_wait_ms(Turn& turn);

/// A time that the server named, and a part of it more, so that those who were told the same time don't meet; those of a
/// crowd were all told it, and spread over the window. Not shorter than the base: "after 0 seconds" would be a loop.
Millis named_wait_ms(Turn& turn, bool crowd);

/// The present wait lies ahead. One that is longer than any of its kind can be is a clock that jumped: it is over.
bool held(const Config& config, const Memory& memory, Millis now);

/// How long the other side may be silent, and how long it may take to answer when it is asked.
Millis quiet_ms(const Memory& memory);
Millis answer_ms(const Memory& memory);

/// When to step next if nothing else happens; kNever: an event has to.
Millis wake_at(const Config& config, const Memory& memory, Millis now);

}  // namespace holdfast::link
