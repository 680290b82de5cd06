// The merge of documents that are still text. What nobody changed is never parsed: a field is merged as if it were alone
// (docs/conflicts.md), so it can be left out and printed beside what came of the others.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/outline.hpp"
#include "conflict/merge.hpp"

namespace holdfast {

/// What became of the documents, and the records of what was decided, as texts.
struct Printed {
  std::string document;
  std::vector<std::string> decisions;
  bool changed = false;
};

/// The three documents, as parts of a text.
struct Versions {
  Outline::Index base = 0;
  Outline::Index mine = 0;
  Outline::Index theirs = 0;
};

/// The same as merge() of the parsed documents, printed. Nothing if not all three are there and objects.
std::optional<Printed> merge_outlined(const Rules& rules, const Outline& outline, const Versions& versions, const Times& times);

}  // namespace holdfast
