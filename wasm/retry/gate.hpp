// The gate of one origin: circuit breaker and link in one. While it is closed, one probe at a time leaves.
//
// Three kinds of news move it differently:
//  - silence (no answer at all) closes it at once, because the link is one for all lanes, and opens it again with the
//    first sign of life. The wait counts from the *start* of the silent attempt: one that hung has paid already, one
//    that was refused within a millisecond has not.
//  - answers that say "later" close it after `breaker_failures` in a row; only time opens it to the next probe.
//  - a person who acts, or a phone that says "online", brings the next probe forward after silence, not after an
//    answer: a server in trouble doesn't get better because somebody taps.
#pragma once

#include "base/random.hpp"
#include "model/config.hpp"
#include "model/rows.hpp"

namespace holdfast {

/// How strongly something asks for the next probe.
enum class Nudge {
  kAct,     ///< a person wrote something: not more often than once in base_ms
  kSignal,  ///< the browser says that the network may be back
  kCall,    ///< hf.sync(): somebody asks outright, so that even a server in trouble gets one probe
};

bool gate_closed(const Origin& origin, const RetryConfig& config);

void note_success(Origin& origin, Millis now);
void note_trouble(Origin& origin, Millis started_at, Millis now, const RetryConfig& config, Random& random);
void note_silence(Origin& origin, Millis started_at, Millis now, const RetryConfig& config, Random& random);
void note_probe(Origin& origin, Millis now, const RetryConfig& config);
void nudge(Origin& origin, Nudge how, Millis now, const RetryConfig& config);

}  // namespace holdfast
