// The gate of one origin: circuit breaker and link in one.
//
// Three kinds of news move it differently:
//  - silence (no answer at all) is the link's matter, which is one for all lanes. The wait counts from the *start* of
//    the silent attempt: one that hung for seconds until its connection broke has paid already, and that it broke is
//    news that something changed; one that was refused within a millisecond has not. Each further silence halves how
//    many may leave at once, down to a single probe; the first sign of life opens the gate for all.
//  - answers that say "later" close it after `breaker_failures` in a row; then one probe at a time leaves, and only
//    time brings the next.
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

/// Whether anything but success was the last news: then pages are answered from what is known, at once.
bool gate_closed(const Origin& origin, const RetryConfig& config);

/// How many attempts may be under way to an origin; while its gate is closed, apart from those that only hang.
std::int64_t window(const Origin& origin, Millis now, const RetryConfig& config);

void note_success(Origin& origin, Millis now);
/// A request that changes nothing got through: that proves the link, and nothing about a server that turned writes away.
void note_read(Origin& origin, Millis now, const RetryConfig& config);
/// An attempt failed without an answer. A server that gives a sign of life right afterwards is there, so the browser may
/// have kept the answer back: for want of CORS headers, which to `fetch` looks like silence. A flaky link does that too,
/// now and then; but then the next attempt is answered, or the sign of life fails too, and either clears the suspicion.
/// Attempts that were under way together are one piece of news.
void note_refusal(Origin& origin, bool answers, Millis started_at, Millis now);
void note_trouble(Origin& origin, Millis started_at, Millis now, const RetryConfig& config, Random& random);
/// @param broke the connection broke, rather than that the attempt's own time limit ended it
void note_silence(Origin& origin, bool broke, Millis started_at, Millis now, const RetryConfig& config, Random& random);
/// A connection that hung broke, and the host opened it anew within its attempt: perhaps a tunnel has ended.
void note_reopened(Origin& origin, Millis now, const RetryConfig& config);
void note_probe(Origin& origin, Millis now, const RetryConfig& config);
void nudge(Origin& origin, Nudge how, Millis now, const RetryConfig& config);

}  // namespace holdfast
