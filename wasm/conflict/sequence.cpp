#include "conflict/sequence.hpp"

#include <algorithm>
#include <optional>

namespace holdfast {
namespace {

/// Signed, since a diagonal is the difference of two places.
using Index = std::ptrdiff_t;

/// Elements that are the same on both sides: `length` of them from `base` and from `side` on. One run may end where the
/// next one begins.
struct Run {
  std::size_t base = 0;
  std::size_t side = 0;
  std::size_t length = 0;
};

/// The parts of both sequences that are still to be compared.
struct Box {
  Index base_begin = 0, base_end = 0;
  Index side_begin = 0, side_end = 0;

  bool either_empty() const { return base_begin == base_end || side_begin == side_end; }
};

struct Point {
  Index base = 0, side = 0;
};

/// How far paths with so many edits reach on each diagonal, which is the set of points with the same base - side.
class Frontier {
 public:
  Frontier() = default;
  Frontier(const Frontier&) = delete;

  Index& operator[](Index diagonal) { return reach_[diagonal]; }
  Index low() const { return low_; }
  Index high() const { return high_; }
  bool has(Index diagonal) const { return low_ <= diagonal && diagonal <= high_; }

  void start(const Box& box, const Point& at) {
    least_ = box.base_begin - box.side_end;
    most_ = box.base_end - box.side_begin;
    if (room_.empty()) {  // the first box has all others in it; at each end there is one diagonal more
      room_.resize(static_cast<std::size_t>(most_ - least_ + 3));
      reach_ = room_.data() - (least_ - 1);
    }
    low_ = high_ = at.base - at.side;
    reach_[low_] = at.base;
  }

  /// A path has come to the box's edge on this diagonal, and goes on along the edge. On the far side of the diagonal
  /// nothing shorter can be found any more. Without this a short sequence against a long one would have the cost of two
  /// long ones.
  void none_above(Index diagonal) { most_ = std::min(most_, diagonal); }
  void none_below(Index diagonal) { least_ = std::max(least_, diagonal); }

  /// One more edit leads to the neighbours of the diagonals reached so far.
  /// @param unreached worse than any place in the box
  void widen(Index unreached) {
    low_ = std::max(low_, least_);
    high_ = std::min(high_, most_);
    if (low_ > least_) reach_[--low_ - 1] = unreached;
    else ++low_;
    if (high_ < most_) reach_[++high_ + 1] = unreached;
    else --high_;
  }

 private:
  std::vector<Index> room_;
  Index* reach_ = nullptr;
  Index low_ = 0, high_ = 0;    ///< every other diagonal between these is reached
  Index least_ = 0, most_ = 0;  ///< where a shortest path may still be
};

/// Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1986, in the linear space of section 4b:
/// paths grow from both corners of a box until they meet, and the two boxes that are left are compared likewise.
class Comparison {
 public:
  Comparison(const Sequence& base, const Sequence& side, std::int64_t& budget)
      : base_(base.data()), side_(side.data()), budget_(budget) {
    compare({0, static_cast<Index>(base.size()), 0, static_cast<Index>(side.size())});
  }

  std::vector<Run> take() { return std::move(runs_); }

 private:
  /// The depth of this recursion is about the logarithm of the number of edits, as each half has half of them.
  void compare(Box box) {
    const Point begin{box.base_begin, box.side_begin};
    while (!box.either_empty() && base_[box.base_begin] == side_[box.side_begin]) {
      ++box.base_begin;
      ++box.side_begin;
    }
    add(begin, box.base_begin - begin.base);
    const Index end = box.base_end;
    while (!box.either_empty() && base_[box.base_end - 1] == side_[box.side_end - 1]) {
      --box.base_end;
      --box.side_end;
    }
    if (!box.either_empty()) {
      // There are at least two edits left, so that neither half is the whole.
      if (const auto middle = meet(box)) {
        compare({box.base_begin, middle->base, box.side_begin, middle->side});
        compare({middle->base, box.base_end, middle->side, box.side_end});
      }
    }
    add({box.base_end, box.side_end}, end - box.base_end);
  }

  void add(const Point& at, Index length) {
    if (length == 0) return;
    runs_.push_back({static_cast<std::size_t>(at.base), static_cast<std::size_t>(at.side),
                     static_cast<std::size_t>(length)});
  }

  /// A point in the middle of a shortest path; none if the budget ends before.
  std::optional<Point> meet(const Box& box) {
    forward_.start(box, {box.base_begin, box.side_begin});
    backward_.start(box, {box.base_end, box.side_end});
    // Each edit leads to a neighbouring diagonal. With as many edits from either corner, paths are on the same
    // diagonals only if the corners' own are an even number apart; else those from the first meet others with one less.
    const bool odd = ((forward_.low() - backward_.low()) & 1) != 0;
    std::optional<Point> met;
    while (!met && budget_ > 0) {
      forward_.widen(-1);
      met = grow_forward(box, odd);
      if (met || budget_ <= 0) break;
      backward_.widen(box.base_end + 1);
      met = grow_backward(box, !odd);
    }
    return met;
  }

  std::optional<Point> grow_forward(const Box& box, bool may_meet) {
    budget_ -= 1;
    for (Index diagonal = forward_.high(); diagonal >= forward_.low() && budget_ > 0; diagonal -= 2) {
      const Index start = std::max(forward_[diagonal - 1] + 1, forward_[diagonal + 1]);
      Index at = start;
      while (at < box.base_end && at - diagonal < box.side_end && base_[at] == side_[at - diagonal]) ++at;
      budget_ -= 1 + at - start;
      forward_[diagonal] = at;
      if (may_meet && backward_.has(diagonal) && backward_[diagonal] <= at) return Point{at, at - diagonal};
      if (at == box.base_end) forward_.none_above(diagonal);
      if (at - diagonal == box.side_end) forward_.none_below(diagonal);
    }
    return std::nullopt;
  }

  std::optional<Point> grow_backward(const Box& box, bool may_meet) {
    budget_ -= 1;
    for (Index diagonal = backward_.high(); diagonal >= backward_.low() && budget_ > 0; diagonal -= 2) {
      const Index start = std::min(backward_[diagonal - 1], backward_[diagonal + 1] - 1);
      Index at = start;
      while (at > box.base_begin && at - diagonal > box.side_begin && base_[at - 1] == side_[at - diagonal - 1]) --at;
      budget_ -= 1 + start - at;
      backward_[diagonal] = at;
      if (may_meet && forward_.has(diagonal) && at <= forward_[diagonal]) return Point{at, at - diagonal};
      if (at == box.base_begin) backward_.none_below(diagonal);
      if (at - diagonal == box.side_begin) backward_.none_above(diagonal);
    }
    return std::nullopt;
  }

  const std::uint32_t* base_;
  const std::uint32_t* side_;
  std::int64_t& budget_;
  Frontier forward_;
  Frontier backward_;
  std::vector<Run> runs_;
};

bool equal(const Sequence& one, const Span& here, const Sequence& other, const Span& there) {
  return std::equal(one.begin() + here.begin, one.begin() + here.end, other.begin() + there.begin,
                    other.begin() + there.end);
}

class Hunks {
 public:
  Hunks(const Sequence& base, const Sequence& mine, const Sequence& theirs)
      : base_(base), mine_(mine), theirs_(theirs) {}

  /// What lies between here and there was changed; by whom, the content tells.
  void change_until(std::size_t base, std::size_t mine, std::size_t theirs) {
    const Hunk hunk = until(base, mine, theirs);
    const bool kept_by_mine = equal(base_, hunk.base, mine_, hunk.mine);
    const bool kept_by_theirs = equal(base_, hunk.base, theirs_, hunk.theirs);
    if (kept_by_mine && kept_by_theirs) push(hunk, HunkKind::kSame);  // nothing lies in between
    else if (kept_by_theirs) push(hunk, HunkKind::kMine);
    else if (kept_by_mine) push(hunk, HunkKind::kTheirs);
    else push(hunk, equal(mine_, hunk.mine, theirs_, hunk.theirs) ? HunkKind::kAgreed : HunkKind::kOverlap);
  }

  void keep(std::size_t length) {
    push(until(at_.base.end + length, at_.mine.end + length, at_.theirs.end + length), HunkKind::kSame);
  }

  std::vector<Hunk> take() { return std::move(hunks_); }

 private:
  Hunk until(std::size_t base, std::size_t mine, std::size_t theirs) const {
    return {HunkKind::kSame, {at_.base.end, base}, {at_.mine.end, mine}, {at_.theirs.end, theirs}};
  }

  void push(Hunk hunk, HunkKind kind) {
    hunk.kind = kind;
    at_ = hunk;
    if (hunk.base.empty() && hunk.mine.empty() && hunk.theirs.empty()) return;
    if (hunks_.empty() || hunks_.back().kind != kind) {
      hunks_.push_back(hunk);
      return;
    }
    hunks_.back().base.end = hunk.base.end;
    hunks_.back().mine.end = hunk.mine.end;
    hunks_.back().theirs.end = hunk.theirs.end;
  }

  const Sequence& base_;
  const Sequence& mine_;
  const Sequence& theirs_;
  Hunk at_;  ///< the hunk before: where it ends the next one begins
  std::vector<Hunk> hunks_;
};

}  // namespace

std::vector<Hunk> diff3(const Sequence& base, const Sequence& mine, const Sequence& theirs, DiffBudget& budget) {
  const std::vector<Run> with_mine = Comparison(base, mine, budget.mine).take();
  const std::vector<Run> with_theirs = Comparison(base, theirs, budget.theirs).take();
  Hunks hunks(base, mine, theirs);
  // Stable is what both sides kept, one after the other in each.
  auto one = with_mine.begin();
  auto other = with_theirs.begin();
  while (one != with_mine.end() && other != with_theirs.end()) {
    const std::size_t begin = std::max(one->base, other->base);
    const std::size_t one_end = one->base + one->length;
    const std::size_t other_end = other->base + other->length;
    const std::size_t end = std::min(one_end, other_end);
    if (begin < end) {
      hunks.change_until(begin, one->side + (begin - one->base), other->side + (begin - other->base));
      hunks.keep(end - begin);
    }
    if (one_end == end) ++one;
    if (other_end == end) ++other;
  }
  hunks.change_until(base.size(), mine.size(), theirs.size());
  return hunks.take();
}

std::vector<Hunk> diff3(const Sequence& base, const Sequence& mine, const Sequence& theirs) {
  DiffBudget budget;
  return diff3(base, mine, theirs, budget);
}

}  // namespace holdfast
