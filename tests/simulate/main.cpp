// simulate conflicts <first seed> <seeds> [verbose]: storms, one after the other. What they came to is one line of JSON.
// simulate herd <clients> <capacity> <seed>: a server's death under each strategy; one line of JSON for each.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "herd.hpp"
#include "storm.hpp"

using namespace holdfast::test;

namespace {

std::int64_t number(const char* word) { return std::strtoll(word, nullptr, 10); }

int conflicts(int count, char** words) {
  const auto first = static_cast<std::uint64_t>(number(words[2])), seeds = static_cast<std::uint64_t>(number(words[3]));
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

int herd(char** words) {
  HerdOptions options;
  options.clients = number(words[2]), options.capacity = number(words[3]), options.seed = words[4];
  for (const Strategy& strategy : strategies()) {
    const HerdResult result = run_herd(options, strategy);
    const Json figures{{"strategy", strategy.name}, {"seed", options.seed}, {"attempts", result.attempts}, {"arrivals", result.arrivals},
                       {"peak_over_uniform", result.peak_over_uniform}, {"death_peak_over_uniform", result.death_peak_over_uniform},
                       {"all_connected_s", result.all_connected_s < 0 ? Json(nullptr) : Json(result.all_connected_s)}};
    std::printf("%s\n", figures.dump().c_str());
  }
  return 0;
}

}  // namespace

int main(int count, char** words) {
  if (count > 3 && std::strcmp(words[1], "conflicts") == 0) return conflicts(count, words);
  if (count > 4 && std::strcmp(words[1], "herd") == 0) return herd(words);
  std::fprintf(stderr, "usage: simulate conflicts <first seed> <seeds> [verbose]\n       simulate herd <clients> <capacity> <seed>\n");
  return 2;
}
