#include <doctest/doctest.h>

#include "codec/time.hpp"

using namespace holdfast;

TEST_CASE("A time with its offset (RFC 3339)") {
  const struct { const char* text; Millis at; } kTable[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1994-11-06T08:49:37Z", 784'111'777'000},
      {"1994-11-06T08:49:37.25Z", 784'111'777'250},
      {"1994-11-06t08:49:37.123456789z", 784'111'777'123},
      {"1994-11-06 09:49:37+01:00", 784'111'777'000},
      {"1994-11-05T23:19:37-09:30", 784'111'777'000},
      {"1985-04-12T23:20:50.52Z", 482'196'050'520},   // RFC 3339, section 5.8, as the next two
      {"1996-12-19T16:39:57-08:00", 851'042'397'000},
      {"1937-01-01T12:00:27.87+00:20", -1'041'337'172'130},
  };
  for (const auto& row : kTable) {
    CHECK_MESSAGE(parse_timestamp(row.text) == row.at, row.text);
    CHECK_MESSAGE(parse_timestamp(format_timestamp(row.at)) == row.at, row.text);
  }
  CHECK(format_timestamp(784'111'777'250) == "1994-11-06T08:49:37.250Z");
  CHECK(format_timestamp(951'782'400'000) == "2000-02-29T00:00:00.000Z");
}

TEST_CASE("What is no time with its offset is none, whatever it is") {
  for (const char* text : {"", "1994", "1994-11-06", "1994-11-06T08:49:37", "1994-13-06T08:49:37Z", "1994-11-32T08:49:37Z", "1994-11-06T24:49:37Z",
                           "1994-11-06T08:49:37Zulu", "1994-11-06T08:49:37+1:0:0", "1994-11-06T08:49:37+0100", "0000-01-01T00:00:00Z", "99999-01-01T00:00:00Z", "yesterday"}) {
    CHECK_MESSAGE(!parse_timestamp(text), text);
  }
}
