#include <doctest/doctest.h>

#include "../simulate/storm.hpp"

using namespace holdfast::test;

TEST_CASE("Storm: five people, every policy, and all see the same afterwards; nothing counts twice or gives way unsaid") {
  Tally tally;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const Tally one = Storm(seed).run();
    for (const std::string& what : one.wrong) CHECK_MESSAGE(false, "seed ", seed, ": ", what, "\n  replay: npm run simulate -- conflicts --seed ", seed, " --verbose");
    tally.add(one);
  }
  // Nothing is proven by a storm in which nobody met anybody.
  CHECK(tally.acts > 30 * 20);
  CHECK(tally.merged > tally.acts / 20);
  CHECK(tally.overruled > 10);
  CHECK(tally.asked > 10);
}
