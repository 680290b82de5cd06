#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "scenario.hpp"

using namespace holdfast::test;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("Every scenario holds") {
  const fs::path folder = HOLDFAST_SCENARIOS;
  const fs::path transcripts = folder.parent_path().parent_path() / "build" / "transcripts";
  std::error_code error;
  fs::remove_all(transcripts, error);
  fs::create_directories(transcripts, error);

  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() > 0);

  std::set<std::string> names;
  for (const fs::path& file : files) {
    const std::string name = file.filename().string();
    CAPTURE(name);
    const Json scenario = Json::parse(read(file), nullptr, false);
    REQUIRE_MESSAGE(!scenario.is_discarded(), name, " is no JSON");
    CHECK(scenario["name"].is_string());
    CHECK(names.insert(scenario["name"]).second);
    std::vector<std::string> transcript;
    const std::string failures = run_scenario(scenario, transcript);
    CHECK_MESSAGE(failures.empty(), name, ": ", scenario["name"].get<std::string>(), "\n", failures);

    // Input and output of every call, line by line: the module must give the same bytes.
    std::ofstream out(transcripts / (file.stem().string() + ".txt"), std::ios::binary);
    for (const std::string& line : transcript) out << line << '\n';
  }
  MESSAGE(files.size() << " scenarios");
}

TEST_CASE("A scenario that is not as it says fails") {
  std::vector<std::string> transcript;
  const Json capture{{"capture", {{"method", "PATCH"}, {"path", "/api/orders/1"}, {"json", {{"a", 1}}}}}, {"as", "x"}};
  const auto with = [&](const Json& more) {
    Json step = capture;
    step.update(more);
    return run_scenario({{"name", "x"}, {"steps", Json::array({step})}}, transcript);
  };
  CHECK(with({{"sendCount", 1}}) == "");
  CHECK(with({{"sendCount", 2}}) != "");
  CHECK(with({{"sends", Json::array()}}) != "");
  CHECK(with({{"rows", {{"mutations", 0}}}}) != "");
  CHECK(with({{"rows", {{"mutations", Json::array({{{"state", "queued"}}})}}}}) != "");
  CHECK(with({{"never", Json::array({{{"do", "send"}}})}}) != "");
  CHECK(with({{"effects", Json::array({{{"do", "problem"}}})}}) != "");
  CHECK(with({{"wakeIn", nullptr}}) != "");
}
