#include <doctest/doctest.h>

#include <algorithm>

#include "retry/backoff.hpp"

using namespace holdfast;

namespace {

/// The largest of many draws, so that the ceiling shows.
Millis ceiling(Millis base, Millis cap, std::int64_t n) {
  Random random("c0ffee");
  Millis most = 0;
  for (int i = 0; i < 4000; ++i) {
    const Millis wait = full_jitter(base, cap, n, random);
    CHECK(wait >= 0);
    most = std::max(most, wait);
  }
  return most;
}

constexpr Millis kNow = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT

}  // namespace

TEST_CASE("Promise 6: the wait doubles from 1 s up to 30 s") {
  const Millis expected[] = {1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000};
  for (int n = 1; n <= 7; ++n) {
    const Millis most = ceiling(1'000, 30'000, n);
    CHECK(most <= expected[n - 1]);
    CHECK(most > expected[n - 1] * 98 / 100);
  }
}

TEST_CASE("Promise 6: full jitter reaches down to nothing, so clients spread over the whole span") {
  Random random("beef");
  Millis least = kNever;
  for (int i = 0; i < 2000; ++i) least = std::min(least, full_jitter(1'000, 30'000, 5, random));
  CHECK(least < 100);
}

TEST_CASE("A count of failures without end overflows nothing") {
  CHECK(ceiling(1'000, 30'000, 9'007'199'254'740'991) <= 30'000);
  CHECK(ceiling(50, 10, 1) <= 10);
  CHECK(ceiling(1, 86'400'000, 1'000'000) <= 86'400'000);
}

TEST_CASE("Retry-After (RFC 9110, section 10.2.3)") {
  SUBCASE("in seconds") {
    CHECK(parse_retry_after("120", kNow) == 120'000);
    CHECK(parse_retry_after(" 0 ", kNow) == 0);
    CHECK(parse_retry_after("99999999999999999999", kNow) == kNever);
  }
  SUBCASE("as IMF-fixdate, the preferred form of section 5.6.7") {
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:07 GMT", kNow) == 30'000);
  }
  SUBCASE("as an obsolete RFC 850 date") {
    CHECK(parse_retry_after("Sunday, 06-Nov-94 08:50:07 GMT", kNow) == 30'000);
  }
  SUBCASE("as an obsolete asctime date") {
    CHECK(parse_retry_after("Sun Nov  6 08:50:07 1994", kNow) == 30'000);
  }
  SUBCASE("a date that has passed means now") {
    CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", kNow + 5'000) == 0);
  }
  SUBCASE("a leap day, a turn of the year, a leap second") {
    CHECK(parse_retry_after("Thu, 29 Feb 2024 00:00:00 GMT", 1'709'164'799'000) == 1'000);
    CHECK(parse_retry_after("Mon, 01 Jan 2024 00:00:00 GMT", 1'704'067'199'000) == 1'000);
    CHECK(parse_retry_after("Sat, 31 Dec 2016 23:59:60 GMT", 1'483'228'799'000) == 1'000);
  }
  SUBCASE("a two-digit year is never more than fifty years ahead") {
    const Millis in_2026 = 1'790'000'000'000;
    CHECK(*parse_retry_after("Friday, 01-Jan-27 00:00:00 GMT", in_2026) > 0);
    CHECK(parse_retry_after("Sunday, 06-Nov-94 08:49:37 GMT", in_2026) == 0);
  }
  SUBCASE("anything else says nothing") {
    for (const char* text : {"", "soon", "-5", "1.5", "12 s", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994",
                             "Sun, 06 Nov 1994 25:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", ",", "Sun,", " , "}) {
      CAPTURE(text);
      CHECK_FALSE(parse_retry_after(text, kNow).has_value());
    }
  }
}
