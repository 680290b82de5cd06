// The diagram and the tables of docs/link.md are drawn from the machine's own. After a change of those:
//   HOLDFAST_DRAW=1 build/native/native_tests -tc="Link: the documentation*"
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "link/machine.hpp"

using namespace holdfast::link;

namespace {

const std::filesystem::path kFile = std::filesystem::path(HOLDFAST_SCENARIOS).parent_path().parent_path() / "docs" / "link.md";
const std::string kBegin = "<!-- drawn from wasm/link/table.cpp -->\n";
const std::string kEnd = "<!-- end -->\n";

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// All that leads from one state to another, in the table's order.
std::string inputs_between(State from, State to) {
  std::string list;
  for (const Row& row : table()) {
    if (row.from == from && row.to == to) list += (list.empty() ? "" : " · ") + std::string(name_of(row.on));
  }
  return list;
}

template <class Visit> void each_pair(Visit visit) {
  for (std::size_t from = 0; from < kStates.size(); ++from) {
    for (std::size_t to = 0; to < kStates.size(); ++to) {
      const std::string inputs = inputs_between(static_cast<State>(from), static_cast<State>(to));
      if (!inputs.empty()) visit(std::string(kStates[from]), std::string(kStates[to]), inputs);
    }
  }
}

/// Mermaid takes no hyphen in a state's id.
std::string id_of(std::string name) {
  for (char& c : name) if (c == '-') c = '_';
  return name;
}

std::string drawn() {
  std::string text = "\n```mermaid\nstateDiagram-v2\n";
  for (const char* name : kStates) if (id_of(name) != name) text += "  state \"" + std::string(name) + "\" as " + id_of(name) + "\n";
  text += "  [*] --> suspended\n";
  each_pair([&](const std::string& from, const std::string& to, const std::string& inputs) {
    if (from != to) text += "  " + id_of(from) + " --> " + id_of(to) + " : " + inputs + "\n";
  });
  text += "```\n\n| in | on | goes to |\n|---|---|---|\n";
  std::string last;
  each_pair([&](const std::string& from, const std::string& to, const std::string& inputs) {
    text += "| " + (from == last ? "" : "**" + from + "**") + " | " + inputs + " | " + (from == to ? "*stays*" : to) + " |\n";
    last = from;
  });
  return text + "\n";
}

}  // namespace

TEST_CASE("Link: the documentation shows the table as it is") {
  const std::string text = text_of(kFile);
  const auto begin = text.find(kBegin), end = text.find(kEnd);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto from = begin + kBegin.size();
  if (std::getenv("HOLDFAST_DRAW") != nullptr) {
    std::ofstream(kFile, std::ios::binary) << text.substr(0, from) + drawn() + text.substr(end);
    return;
  }
  CHECK_MESSAGE(text.substr(from, end - from) == drawn(), "Draw it anew: HOLDFAST_DRAW=1 build/native/native_tests -tc=\"Link: the documentation*\"");
}
