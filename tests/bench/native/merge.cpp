// The merge by itself, natively and against the clock: `merge_bench <rules> <input>`, both files. It answers with the merge
// of the input; then for each line on stdin, a number, with the milliseconds that so many merges took.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "engine/conflicts.hpp"

namespace {

std::string content(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) return 2;
  holdfast::Conflicts conflicts;
  if (conflicts.configure(content(arguments[1])) != R"({"ok":true})") return 2;
  const std::string input = content(arguments[2]);
  std::cout << conflicts.merge(input) << std::endl;
  std::size_t bytes = 0;
  for (int times = 0; std::cin >> times;) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) bytes += conflicts.merge(input).size();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    std::cout << took.count() << std::endl;
  }
  return bytes == 0;  // what nobody uses need not be computed
}
