#include "retry/gate.hpp"

#include <algorithm>

#include "retry/backoff.hpp"

namespace holdfast {
namespace {

/// The longest wait after this many silences.
Millis ceiling(const RetryConfig& config, std::int64_t silences) {
  Millis most = config.silent_base_ms;
  for (std::int64_t i = 1; i < silences && most < config.cap_ms; ++i) most = std::min(most * 2, config.cap_ms);
  return most;
}

}  // namespace

bool gate_closed(const Origin& origin, const RetryConfig& config) {
  return origin.silences > 0 || origin.failures >= config.breaker_failures;
}

std::int64_t window(const Origin& origin, Millis now, const RetryConfig& config) {
  if (origin.failures >= config.breaker_failures) return 1;
  if (now - origin.last_success_at <= kFlowingMs) return config.sends_max;
  const std::int64_t halvings = std::clamp<std::int64_t>(origin.silences - 1, 0, 8);
  return std::max<std::int64_t>(1, std::min(config.sends_max, kProbesMax) >> halvings);
}

void note_success(Origin& origin, Millis now) {
  origin.silences = 0;
  origin.failures = 0;
  origin.refusals = 0;
  origin.blocked = false;
  origin.due = 0;
  origin.last_success_at = now;
}

void note_refusal(Origin& origin, bool answers, Millis started_at, Millis now) {
  if (origin.blocked) return;
  if (!answers) origin.refusals = 0;
  else if (origin.refusals == 0 || started_at >= origin.refused_at) origin.refusals += 1;
  origin.blocked = origin.refusals >= kRefusalsMax;
  origin.refused_at = now;
}

void note_read(Origin& origin, Millis now, const RetryConfig& config) {
  if (origin.blocked) return;  // Then reads succeed all the time.
  origin.last_success_at = now;
  origin.silences = 0;
  if (origin.failures < config.breaker_failures) origin.due = 0;
}

void note_trouble(Origin& origin, Millis started_at, Millis now, const RetryConfig& config, Random& random) {
  origin.silences = 0;  // It answered, so the link works, and the answer could be read.
  origin.refusals = 0;
  origin.blocked = false;
  origin.due = 0;
  // Five attempts that were under way together and fail together are one piece of news while the gate is closed.
  if (origin.failures < config.breaker_failures || started_at >= origin.last_failure_at) origin.failures += 1;
  origin.last_failure_at = now;
  const std::int64_t beyond = origin.failures - config.breaker_failures + 1;
  if (beyond > 0) origin.due = now + full_jitter(config.base_ms, config.cap_ms, beyond, random);
}

void note_silence(Origin& origin, bool broke, Millis started_at, Millis now, const RetryConfig& config, Random& random) {
  // A link that worked moments ago and hangs is a link in a tunnel, and promptness is worth its price. One that only
  // hangs and breaks is a server that does; then these count like any silence.
  const Millis hung = now - started_at;
  origin.silent_at = now;
  const bool paid = broke && hung >= config.silent_base_ms && hung >= ceiling(config, origin.silences);
  if (paid && now - origin.last_success_at <= config.send_timeout_ms) {
    origin.silences = std::max<std::int64_t>(1, origin.silences);
    origin.last_failure_at = now;
    origin.due = now;
    return;
  }
  // Attempts that were under way together and are cut off together by one tunnel are one piece of news.
  if (origin.silences > 0 && started_at < origin.last_failure_at) return;
  origin.silences += 1;
  origin.last_failure_at = now;
  const Millis wait = full_jitter(config.silent_base_ms, config.cap_ms, origin.silences, random);
  origin.due = std::clamp(started_at + wait, now, now + config.cap_ms);
}

void note_reopened(Origin& origin, Millis now, const RetryConfig& config) {
  origin.silent_at = now;
  if (origin.failures < config.breaker_failures) origin.due = std::min(origin.due, now);
}

void note_probe(Origin& origin, Millis now, const RetryConfig& config) {
  // If this probe only hangs, the next one leaves beside it after this long: a connection that was opened in the dark
  // can stay dead in the light. The cap, doubled with each silence like any backoff.
  Millis wait = kPageTimeoutMs;
  for (std::int64_t i = 1; i < origin.silences && wait < config.cap_ms; ++i) wait = std::min(wait * 2, config.cap_ms);
  origin.due = now + wait;
}

void nudge(Origin& origin, Nudge how, Millis now, const RetryConfig& config) {
  const bool trouble = origin.failures >= config.breaker_failures;
  if (trouble && how != Nudge::kCall) return;
  const Millis earliest = how == Nudge::kAct ? std::max(now, origin.last_failure_at + config.base_ms) : now;
  origin.due = std::min(origin.due, earliest);
}

}  // namespace holdfast
