#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "simulator.hpp"

using namespace holdfast::test;

namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// @return how many writes were left to a person
int live(const Json& idempotency, std::uint64_t worlds) {
  const std::uint64_t only_one = setting("HOLDFAST_SEED", 0);
  const std::uint64_t seeds = setting("HOLDFAST_SEEDS", worlds);
  std::uint64_t failed = 0;
  int unsure = 0;
  for (std::uint64_t seed = only_one > 0 ? only_one : 1; seed <= (only_one > 0 ? only_one : seeds); ++seed) {
    World world(seed, only_one > 0, idempotency);
    const std::string failure = world.run();
    unsure += world.unsure;
    if (failure.empty()) continue;
    CHECK_MESSAGE(failure.empty(), "seed ", seed, ", idempotency ", idempotency.dump(), ": ", failure,
                  "\n  replay: HOLDFAST_SEED=", seed, " build/native/native_tests -tc='Simulator:*'");
    if (++failed == 5) break;
  }
  return unsure;
}

}  // namespace

TEST_CASE("Simulator: whatever happens, each write arrives once and in order, and all drains once faults stop") {
  CHECK(live("header", 300) == 0);
}

TEST_CASE("Simulator: a server that knows no key; what can be looked up is neither doubled nor lost") {
  CHECK(live({{"verify", "act"}}, 60) == 0);
}

TEST_CASE("Simulator: a server that knows no key and can't be asked; nothing is doubled, and what is unsure is left to a person") {
  CHECK(live("none", 60) > 0);
}

TEST_CASE("Simulator: a few worlds leave transcripts, for the module to replay") {
  const std::filesystem::path folder = std::filesystem::path(HOLDFAST_SCENARIOS).parent_path().parent_path() / "build" / "transcripts";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    World world(seed, false);
    world.device.recording = true;
    world.run();
    std::ofstream out(folder / ("simulator-" + std::to_string(seed) + ".txt"), std::ios::binary);
    for (const std::string& line : world.device.lines) out << line << '\n';
  }
}
