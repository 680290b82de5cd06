// Every limit and every default of the engine, each with its reason.
#pragma once

#include <cstdint>

namespace holdfast {

/// Milliseconds since the Unix epoch, or a span in milliseconds. Stays under 2^53, since it crosses to JavaScript.
using Millis = std::int64_t;

/// The largest time that JavaScript's Date can hold (ECMA-262, 21.4.1.1): "never", as a number that sorts last.
inline constexpr Millis kNever = 8'640'000'000'000'000;

/// Later than never: lanes that stand at a barrier. They may be many, and nothing that looks for a time finds them.
inline constexpr Millis kBarred = kNever + 1;

/// And later than those: lanes whose head refers to something that is yet to be created, at this time plus the number
/// of that creation, by which they are found again.
inline constexpr Millis kAwaiting = kBarred + 1;

/// The largest number that JavaScript holds exactly, and so the last of all times (ECMA-262, Number.MAX_SAFE_INTEGER).
inline constexpr Millis kLast = 9'007'199'254'740'991;

/// The newest version of any row that this code can read. A row with a higher one is kept and reported, never changed.
inline constexpr std::int64_t kRowVersion = 1;

// --- Sending -----------------------------------------------------------------------------------------------------

/// Browsers open six HTTP/1.1 connections an origin and queue what goes beyond; a few that queue there keep them busy
/// while a transaction decides what leaves next.
inline constexpr std::int64_t kSendsMax = 10;
/// As long as nothing has come from the network for a moment, fewer: each one that hangs in a tunnel was sent for
/// nothing.
inline constexpr std::int64_t kProbesMax = 2;
/// That moment: several round trips of a mobile network. On a shaky link it is also how long an attempt of which nothing
/// has been heard keeps the next one back.
inline constexpr Millis kFlowingMs = 500;
/// How long a link counts as shaky after an attempt that met silence. Stations lie a minute or two apart.
inline constexpr Millis kShakyMs = 300'000;
/// While the gate is closed, with those that have hung for long and don't count as probes any more: of the browser's
/// six connections, half are left for reads.
inline constexpr std::int64_t kHangingMax = 3;
/// First ceiling of the wait after an answer such as 503; it doubles with each further one.
inline constexpr Millis kRetryBaseMs = 1'000;
/// No computed wait is longer: a person looks at a phone again within half a minute.
inline constexpr Millis kRetryCapMs = 30'000;
/// First ceiling of the wait after silence (no answer at all). Counted from the start of the attempt, so that a
/// connection that hung has paid already; shorter than kRetryBaseMs, since silence says nothing about the server.
inline constexpr Millis kSilentBaseMs = 250;
/// A Retry-After beyond one hour is taken for a mistake or for a clock that jumped.
inline constexpr Millis kRetryAfterMaxMs = 3'600'000;
/// Failures in a row on one origin until its circuit breaker opens.
inline constexpr std::int64_t kBreakerFailures = 5;
/// Writes in a row that fail without an answer while the server answers right afterwards, until that is taken for a CORS
/// mistake: once is how a tunnel ends, twice a short light between two; a third time with nothing else in between isn't.
inline constexpr std::int64_t kRefusalsMax = 3;
/// An attempt without an answer is given up after this. Ten seconds are twice a slow mobile round trip with retries.
inline constexpr Millis kSendTimeoutMs = 10'000;
/// A body is allowed this many more milliseconds for each KiB: 16 KiB/s is a poor 2G uplink.
inline constexpr Millis kSendTimeoutPerKibMs = 62;
/// How long a page's fetch waits for the server's own answer before it is told that its write is queued.
inline constexpr Millis kPageTimeoutMs = 2'000;

// --- The live link -----------------------------------------------------------------------------------------------

/// A connection that hasn't been welcomed by then is given up: TCP, TLS and the server's own ten seconds for `hello`
/// overlap, and a slow mobile network does all of it in four.
inline constexpr Millis kLinkConnectMs = 10'000;
/// First ceiling of the wait between two attempts, and the last: as for writes.
inline constexpr Millis kLinkBaseMs = kRetryBaseMs;
inline constexpr Millis kLinkCapMs = kRetryCapMs;
/// Live for so long, and earlier failures are forgotten. As long as the cap: a server that falls over again whenever all
/// its clients are back isn't met with short waits once more.
inline constexpr Millis kLinkStableMs = kLinkCapMs;
/// Until a server names its own. Carriers forget an idle connection after 30 s at the earliest.
inline constexpr Millis kLinkHeartbeatMs = 25'000;
/// What a server may name: more often would be most of the traffic, more rarely would find nothing.
inline constexpr Millis kLinkHeartbeatMinMs = 100;
inline constexpr Millis kLinkHeartbeatMaxMs = 600'000;
/// A ping may be late by this part of a heartbeat before the client asks by itself; the rest of the second heartbeat is
/// for the answer.
inline constexpr Millis kLinkLateParts = 5;
/// A reconnect window beyond this is a server that needs more processes: nobody believes an app that shows old news for
/// longer than five minutes.
inline constexpr Millis kLinkWindowMaxMs = 300'000;
/// Of a time that the server named, this part is added at most, so that those who were told the same time don't meet.
inline constexpr Millis kLinkSpreadParts = 10;
/// After a refusal that would be the same again (not allowed, not understood): somebody has to change something first,
/// and ten minutes after they did is soon enough.
inline constexpr Millis kLinkRefusedMs = 600'000;
/// How long fresh credentials are waited for: the app's own function may ask a server for them, and a person may have
/// to wait for that one.
inline constexpr Millis kLinkRefreshMs = 30'000;
/// Attempts in a row without a welcome until another transport is tried in turns: one failure is any tunnel's end.
inline constexpr std::int64_t kLinkMissesMax = 2;
/// The preferred transport is tried again so long after another one got the welcome: the first time soon, since a tunnel
/// may have been all that was wrong with it; ...
inline constexpr Millis kLinkReturnFirstMs = 60'000;
/// ... then rarely, since where a proxy swallows WebSockets each try costs up to kLinkConnectMs without live changes
/// (a sixtieth of the time at this), and twice as rarely after each further one; ...
inline constexpr Millis kLinkReturnMs = 600'000;
/// ... but within the hour: by then a phone has come to another network.
inline constexpr Millis kLinkReturnMaxMs = 3'600'000;

// --- Sizes -------------------------------------------------------------------------------------------------------

/// A larger body isn't captured: it goes to the network as it is.
inline constexpr std::int64_t kBodyBytesMax = 16 * 1024 * 1024;
/// Writes that one user may have waiting; far beyond any ride, but not without end.
inline constexpr std::int64_t kPendingMax = 1'000'000;
/// Rows that one step may ask for in one range: what a single transaction does comfortably.
inline constexpr std::int64_t kRangeMax = 500;
/// Writes of one lane, or lanes of one resource, that a read looks at; what lies beyond is not shown.
inline constexpr std::int64_t kShownMax = 10'000;
/// Writes under one key of the app's own that are looked at when the feed tells of it.
inline constexpr std::int64_t kSharedKeyMax = 16;
/// Depth of a JSON document that the engine looks into; a deeper one is kept as opaque text.
inline constexpr int kJsonDepthMax = 200;
/// Characters kept of a server's answer as evidence in the inbox.
inline constexpr std::size_t kEvidenceMax = 16 * 1024;
/// Outcomes remembered, so that a redelivered request or a late settled() is still answered.
inline constexpr std::int64_t kOutcomesMax = 1'000;
/// How long an entity's former names are understood after they were last of use: a page may stay open for weeks.
inline constexpr Millis kNameKeptMs = 30LL * 24 * 3'600'000;
/// Outcomes and names are trimmed a few at a time: a write's cost must not depend on how many there are.
inline constexpr std::int64_t kTrim = 4;

// --- Conflicts ---------------------------------------------------------------------------------------------------

/// How far a device's clock may be ahead of the server's and still be believed. Phones that set their clock by the
/// network differ by seconds; the rest is for those that were set by hand.
inline constexpr Millis kSkewMax = 60'000;
/// Steps that the comparison of two sequences may take. It needs about half the square of the number of elements that
/// were added or removed: this is enough for 2,800 of them, and takes a fraction of a second.
inline constexpr std::int64_t kDiffStepsMax = 4'000'000;
/// Bytes of lines that overlap, of all three sides together, until they aren't compared word by word any more: where
/// this much was written twice, a person has to read it, and each word costs several times its size in memory.
inline constexpr std::size_t kWordsBytesMax = 256 * 1024;
/// Operations of one JSON Patch: far beyond what a form or an editor sends at once.
inline constexpr std::size_t kPatchOperationsMax = 10'000;
/// What the operations of one JSON Patch may copy and move about, roughly in bytes of JSON text: as much as a body may
/// have. A document grows by no more than this and the patch itself, however often a copy doubles it.
inline constexpr std::int64_t kPatchBytesMax = kBodyBytesMax;
/// Bytes of the document that a write was made upon, kept with it; a larger one isn't kept, and a conflict about it is a
/// person's matter. A megabyte would be parsed and printed several times at each step.
inline constexpr std::size_t kBaseBytesMax = 256 * 1024;
/// How long a look at the document is good for: a write that leaves later looks again.
inline constexpr Millis kCheckedMs = 5'000;
/// Times that one write is merged and sent again, until a person has to look at what changes so fast.
inline constexpr std::int64_t kMergesMax = 8;
/// Conflicts remembered for each user: a year of a courier's tunnels.
inline constexpr std::int64_t kRecordEntries = 1'000;
/// And their bytes, with both documents of each.
inline constexpr std::int64_t kRecordBytes = 4 * 1024 * 1024;
/// Parts that one merge decides about; beyond them the document is a person's matter as a whole.
inline constexpr std::size_t kDecisionsMax = 1'000;

}  // namespace holdfast
