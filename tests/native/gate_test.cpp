#include <doctest/doctest.h>

#include "model/rows.hpp"
#include "retry/gate.hpp"

using namespace holdfast;

namespace {
const RetryConfig kRetry;
constexpr Millis kNow = 1'700'000'000'000;
}  // namespace

TEST_CASE("Promise 6: the breaker opens at the fifth failure in a row, not before") {
  Origin origin;
  Random random("1");
  for (int i = 1; i <= 5; ++i) {
    CHECK_FALSE(gate_closed(origin, kRetry));
    note_trouble(origin, kNow, kNow + i, kRetry, random);
  }
  CHECK(gate_closed(origin, kRetry));
  note_success(origin, kNow + 10);
  CHECK_FALSE(gate_closed(origin, kRetry));
  CHECK(origin.failures == 0);
}

TEST_CASE("Attempts that were under way together and fail together are one failure of a breaker that is open") {
  Origin origin;
  Random random("2");
  for (int i = 0; i < 5; ++i) note_trouble(origin, kNow, kNow + 100, kRetry, random);
  CHECK(origin.failures == 5);
  note_trouble(origin, kNow + 50, kNow + 101, kRetry, random);
  CHECK(origin.failures == 5);
  note_trouble(origin, kNow + 200, kNow + 300, kRetry, random);
  CHECK(origin.failures == 6);
}

TEST_CASE("One silence closes the gate, one sign of life opens it") {
  Origin origin;
  Random random("3");
  note_silence(origin, true, kNow, kNow + 10, kRetry, random);
  CHECK(gate_closed(origin, kRetry));
  SUBCASE("an answer of any kind is a sign of life") {
    note_trouble(origin, kNow + 20, kNow + 30, kRetry, random);
    CHECK_FALSE(gate_closed(origin, kRetry));
  }
  SUBCASE("a success is one too") {
    note_success(origin, kNow + 30);
    CHECK_FALSE(gate_closed(origin, kRetry));
  }
}

TEST_CASE("The wait after silence counts from the start of the attempt") {
  Random random("4");
  SUBCASE("one that hung for ten seconds has paid already") {
    for (const bool broke : {false, true}) {
      Origin origin;
      note_silence(origin, broke, kNow, kNow + 10'000, kRetry, random);
      CHECK(origin.due == kNow + 10'000);
      CHECK(gate_closed(origin, kRetry));
    }
  }
  SUBCASE("one that was refused at once waits, at most the silent base") {
    Origin origin;
    note_silence(origin, true, kNow, kNow, kRetry, random);
    CHECK(origin.due >= kNow);
    CHECK(origin.due <= kNow + kRetry.silent_base_ms);
  }
  SUBCASE("five that one tunnel cut off are one piece of news") {
    Origin origin;
    for (int i = 0; i < 5; ++i) note_silence(origin, true, kNow, kNow + 100 + i, kRetry, random);
    CHECK(origin.silences == 1);
  }
}

TEST_CASE("How many may leave at once: all while answers flow, few when nothing is heard, one when that goes on") {
  RetryConfig retry;
  Origin origin;
  const auto now_window = [&] { return window(origin, kNow, retry); };
  SUBCASE("each silence halves it, down to a single probe") {
    const std::int64_t windows[] = {2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    for (origin.silences = 0; origin.silences <= 10; ++origin.silences) CHECK(now_window() == windows[origin.silences]);
    origin.silences = 9'007'199'254'740'991;
    CHECK(now_window() == 1);
  }
  SUBCASE("never more than the configuration allows") {
    retry.sends_max = 1;
    CHECK(now_window() == 1);
    origin.last_success_at = kNow;
    CHECK(now_window() == 1);
  }
  SUBCASE("an answer opens it, for a moment") {
    origin.last_success_at = kNow - 500;
    CHECK(now_window() == retry.sends_max);
    origin.last_success_at = kNow - 501;
    CHECK(now_window() == 2);
  }
  SUBCASE("a connection that hung and was opened anew is no answer, but the next probe may leave at once") {
    origin.silences = 2;
    origin.due = kNow + 5'000;
    note_reopened(origin, kNow, retry);
    CHECK(now_window() == 1);
    CHECK(origin.due == kNow);
  }
  SUBCASE("but not while the server is in trouble") {
    origin.failures = retry.breaker_failures;
    origin.due = kNow + 5'000;
    note_reopened(origin, kNow, retry);
    CHECK(now_window() == 1);
    CHECK(origin.due == kNow + 5'000);
  }
}

TEST_CASE("The time between probes doubles up to the cap") {
  Origin origin;
  origin.silences = 1;
  note_probe(origin, kNow, kRetry);
  CHECK(origin.due == kNow + 2'000);
  origin.silences = 3;
  note_probe(origin, kNow, kRetry);
  CHECK(origin.due == kNow + 8'000);
  origin.silences = 1'000'000'000;
  note_probe(origin, kNow, kRetry);
  CHECK(origin.due == kNow + kRetry.cap_ms);
}

TEST_CASE("What brings the next probe forward") {
  Origin origin;
  origin.due = kNow + 20'000;
  SUBCASE("after silence: a signal, at once") {
    origin.silences = 3;
    nudge(origin, Nudge::kSignal, kNow, kRetry);
    CHECK(origin.due == kNow);
  }
  SUBCASE("after silence: a person's act, but only once in a second") {
    origin.silences = 3;
    origin.last_failure_at = kNow - 400;
    nudge(origin, Nudge::kAct, kNow, kRetry);
    CHECK(origin.due == kNow + 600);
  }
  SUBCASE("a server in trouble does not get better because somebody taps") {
    origin.failures = kRetry.breaker_failures;
    nudge(origin, Nudge::kAct, kNow, kRetry);
    nudge(origin, Nudge::kSignal, kNow, kRetry);
    CHECK(origin.due == kNow + 20'000);
  }
  SUBCASE("hf.sync() gets its probe even then") {
    origin.failures = kRetry.breaker_failures;
    nudge(origin, Nudge::kCall, kNow, kRetry);
    CHECK(origin.due == kNow);
  }
  SUBCASE("nothing pushes a probe further away") {
    origin.due = kNow - 5;
    nudge(origin, Nudge::kCall, kNow, kRetry);
    CHECK(origin.due == kNow - 5);
  }
}
