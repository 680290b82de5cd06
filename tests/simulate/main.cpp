// simulate conflicts <first seed> <seeds> [verbose]: storms, one after the other. What they came to is one line of JSON.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "storm.hpp"

using namespace holdfast::test;

int main(int count, char** words) {
  if (count < 4 || std::strcmp(words[1], "conflicts") != 0) {
    std::fprintf(stderr, "usage: simulate conflicts <first seed> <seeds> [verbose]\n");
    return 2;
  }
  const std::uint64_t first = std::strtoull(words[2], nullptr, 10);
  const std::uint64_t seeds = std::strtoull(words[3], nullptr, 10);
  const bool loud = count > 4 && std::strcmp(words[4], "verbose") == 0;
  Tally tally;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const Tally one = Storm(seed, loud).run();
    for (const std::string& what : one.wrong) std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed), what.c_str());
    tally.add(one);
  }
  const Json figures{{"seeds", tally.seeds}, {"steps", tally.steps}, {"acts", tally.acts}, {"confirmed", tally.confirmed}, {"merged", tally.merged},
                     {"overruled", tally.overruled}, {"asked", tally.asked}, {"diverged", tally.diverged}, {"lost_deltas", tally.lost_deltas},
                     {"silent", tally.silent}, {"wrong", tally.wrong.size()}};
  std::printf("%s\n", figures.dump().c_str());
  return tally.wrong.empty() ? 0 : 1;
}
