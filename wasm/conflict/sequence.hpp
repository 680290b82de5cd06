// Three-way comparison of sequences: what each of two sides changed, seen from what both began with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/limits.hpp"

namespace holdfast {

/// Elements by number: the caller gives equal ones the same number.
using Sequence = std::vector<std::uint32_t>;

enum class HunkKind {
  kSame,     ///< unchanged
  kMine,     ///< only mine changed it
  kTheirs,   ///< only theirs changed it
  kAgreed,   ///< both made the same change
  kOverlap,  ///< both changed it, differently
};

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool empty() const { return begin == end; }
};

struct Hunk {
  HunkKind kind = HunkKind::kSame;
  Span base;
  Span mine;
  Span theirs;
};

/// What a comparison may still cost. Each side has its own, so that exchanging the sides exchanges nothing else.
struct DiffBudget {
  std::int64_t mine = kDiffStepsMax;
  std::int64_t theirs = kDiffStepsMax;
};

/// Khanna, Kunal, Pierce, "A Formal Investigation of Diff3", FSTTCS 2007. The hunks cover all three sequences, in
/// order; of two neighbours exactly one is kSame, so changes that touch each other are one hunk. Sides that differ from
/// the base beyond the budget count, where they do, as changed in one piece.
std::vector<Hunk> diff3(const Sequence& base, const Sequence& mine, const Sequence& theirs);

/// The same, where several comparisons share one budget.
std::vector<Hunk> diff3(const Sequence& base, const Sequence& mine, const Sequence& theirs, DiffBudget& budget);

}  // namespace holdfast
