#include <doctest/doctest.h>

#include <set>

#include "base/random.hpp"

using namespace holdfast;

TEST_CASE("The same entropy gives the same numbers, another gives others") {
  Random one("00ff"), same("00ff"), other("00fe");
  const auto first = one.next();
  CHECK(first == same.next());
  CHECK(first != other.next());
}

TEST_CASE("SplitMix64 gives its published numbers") {
  // An empty entropy leaves FNV's offset basis as the seed; computed with the reference C code for that seed.
  std::uint64_t state = 0xcbf29ce484222325ULL;
  Random random("");
  for (int i = 0; i < 5; ++i) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    CHECK(random.next() == (z ^ (z >> 31)));
  }
}

TEST_CASE("A drawn wait lies in its bounds, both ends included") {
  Random random("5eed");
  std::set<Millis> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.up_to(3));
  CHECK(seen == std::set<Millis>{0, 1, 2, 3});
  CHECK(random.up_to(0) == 0);
  CHECK(random.up_to(-5) == 0);
}

TEST_CASE("A UUIDv7 has the form of RFC 9562, section 5.7") {
  Random random("a1");
  const std::string id = uuid_v7(0x017f22e279b0, random);  // the time of the RFC's appendix A.6
  REQUIRE(id.size() == 36);
  CHECK(id.substr(0, 13) == "017f22e2-79b0");
  CHECK(id[14] == '7');
  CHECK(std::string("89ab").find(id[19]) != std::string::npos);
  for (const std::size_t dash : {8u, 13u, 18u, 23u}) CHECK(id[dash] == '-');
}

TEST_CASE("UUIDv7s sort by their time") {
  Random random("77");
  std::string last;
  for (Millis now = 1'700'000'000'000; now < 1'700'000'000'100; ++now) {
    const std::string id = uuid_v7(now, random);
    CHECK(id > last);
    last = id;
  }
}

TEST_CASE("A clock before 1970 still gives a UUID") {
  Random random("1");
  CHECK(uuid_v7(-1, random).substr(0, 13) == "00000000-0000");
}
