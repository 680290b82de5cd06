#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "base/random.hpp"
#include "conflict/sequence.hpp"

using namespace holdfast;

namespace {

/// Letters as elements.
Sequence letters(const std::string& text) { return {text.begin(), text.end()}; }

struct Case {
  std::string base, mine, theirs;
};

std::string part(const std::string& text, const Span& span) { return text.substr(span.begin, span.end - span.begin); }

/// Hunks as text: `ab`, `mine(b>x)`, `theirs(b>x)`, `agreed(b>x)`, `overlap(b>x|y)`.
std::string show(const Case& sides, const std::vector<Hunk>& hunks) {
  std::string shown;
  for (const Hunk& hunk : hunks) {
    const std::string from = part(sides.base, hunk.base);
    const std::string mine = part(sides.mine, hunk.mine), theirs = part(sides.theirs, hunk.theirs);
    if (!shown.empty()) shown += ' ';
    switch (hunk.kind) {
      case HunkKind::kSame: shown += from; break;
      case HunkKind::kMine: shown += "mine(" + from + ">" + mine + ")"; break;
      case HunkKind::kTheirs: shown += "theirs(" + from + ">" + theirs + ")"; break;
      case HunkKind::kAgreed: shown += "agreed(" + from + ">" + mine + ")"; break;
      case HunkKind::kOverlap: shown += "overlap(" + from + ">" + mine + "|" + theirs + ")"; break;
    }
  }
  return shown;
}

std::vector<Hunk> diff3(const Case& sides) {
  return holdfast::diff3(letters(sides.base), letters(sides.mine), letters(sides.theirs));
}

std::vector<Hunk> diff3(const Case& sides, DiffBudget& budget) {
  return holdfast::diff3(letters(sides.base), letters(sides.mine), letters(sides.theirs), budget);
}

std::string compared(const std::string& base, const std::string& mine, const std::string& theirs) {
  const Case sides{base, mine, theirs};
  return show(sides, diff3(sides));
}

std::string print(const Case& sides) {
  return "base '" + sides.base + "' mine '" + sides.mine + "' theirs '" + sides.theirs + "'";
}

std::string random_text(Random& random, Millis most, char last) {
  std::string text;
  for (Millis n = random.up_to(most); n > 0; --n) text += static_cast<char>('a' + random.up_to(last - 'a'));
  return text;
}

/// A few random edits.
std::string edited(std::string text, Random& random, char last) {
  for (Millis n = random.up_to(3); n > 0; --n) {
    const auto at = static_cast<std::size_t>(random.up_to(static_cast<Millis>(text.size())));
    const auto length = static_cast<std::size_t>(random.up_to(2));
    text.replace(at, length, random_text(random, 2, last));
  }
  return text;
}

/// Few letters make many equal elements, so that one change can be read in several ways.
Case random_case(Random& random) {
  const auto last = static_cast<char>('b' + random.up_to(6));
  Case sides;
  sides.base = random_text(random, 14, last);
  const bool unrelated = random.up_to(4) == 0;
  sides.mine = unrelated ? random_text(random, 14, last) : edited(sides.base, random, last);
  sides.theirs = unrelated ? random_text(random, 14, last) : edited(sides.base, random, last);
  return sides;
}

/// Everything that the hunks of any comparison must be. Empty if they are.
std::string fault(const Case& sides, const std::vector<Hunk>& hunks) {
  const auto follows = [](const Span& before, const Span& span, const std::string& text) {
    return span.begin == before.end && span.begin <= span.end && span.end <= text.size();
  };
  Hunk at;
  bool first = true;
  for (const Hunk& hunk : hunks) {
    if (!follows(at.base, hunk.base, sides.base)) return "a gap in the base";
    if (!follows(at.mine, hunk.mine, sides.mine)) return "a gap in mine";
    if (!follows(at.theirs, hunk.theirs, sides.theirs)) return "a gap in theirs";
    const std::string base = part(sides.base, hunk.base);
    const std::string mine = part(sides.mine, hunk.mine), theirs = part(sides.theirs, hunk.theirs);
    if (base.empty() && mine.empty() && theirs.empty()) return "an empty hunk";
    HunkKind kind = mine == theirs ? HunkKind::kAgreed : HunkKind::kOverlap;
    if (base == mine) kind = base == theirs ? HunkKind::kSame : HunkKind::kTheirs;
    else if (base == theirs) kind = HunkKind::kMine;
    if (hunk.kind != kind) return "the wrong kind";
    if (!first && (hunk.kind == HunkKind::kSame) == (at.kind == HunkKind::kSame)) return "neighbours that are one";
    first = false;
    at = hunk;
  }
  if (at.base.end != sides.base.size() || at.mine.end != sides.mine.size()) return "an end is missing";
  return at.theirs.end == sides.theirs.size() ? "" : "an end is missing";
}

/// Length of a longest common subsequence (Wagner, Fischer, "The String-to-String Correction Problem", JACM 1974).
std::size_t common(const std::string& one, const std::string& other) {
  std::vector<std::vector<std::size_t>> longest(one.size() + 1, std::vector<std::size_t>(other.size() + 1));
  for (std::size_t i = 1; i <= one.size(); ++i) {
    for (std::size_t j = 1; j <= other.size(); ++j) {
      const bool equal = one[i - 1] == other[j - 1];
      longest[i][j] = equal ? longest[i - 1][j - 1] + 1 : std::max(longest[i - 1][j], longest[i][j - 1]);
    }
  }
  return longest[one.size()][other.size()];
}

std::vector<Hunk> exchanged(std::vector<Hunk> hunks) {
  for (Hunk& hunk : hunks) {
    std::swap(hunk.mine, hunk.theirs);
    if (hunk.kind == HunkKind::kMine) hunk.kind = HunkKind::kTheirs;
    else if (hunk.kind == HunkKind::kTheirs) hunk.kind = HunkKind::kMine;
  }
  return hunks;
}

}  // namespace

TEST_CASE("Three-way comparison: who changed what") {
  CHECK(compared("", "", "") == "");
  CHECK(compared("abc", "abc", "abc") == "abc");
  CHECK(compared("abc", "axc", "abc") == "a mine(b>x) c");
  CHECK(compared("abc", "abc", "axc") == "a theirs(b>x) c");
  CHECK(compared("abc", "axc", "axc") == "a agreed(b>x) c");
  CHECK(compared("abc", "axc", "ayc") == "a overlap(b>x|y) c");
  CHECK(compared("abcde", "xbcde", "abcdy") == "mine(a>x) bcd theirs(e>y)");
  CHECK(compared("abc", "ac", "ac") == "a agreed(b>) c");
  CHECK(compared("abc", "", "") == "agreed(abc>)");
  CHECK(compared("", "x", "") == "mine(>x)");
  CHECK(compared("", "x", "x") == "agreed(>x)");
}

TEST_CASE("Three-way comparison: insertions at one place overlap, and so do changes that touch") {
  CHECK(compared("", "x", "y") == "overlap(>x|y)");
  CHECK(compared("ab", "axb", "ayb") == "a overlap(>x|y) b");
  CHECK(compared("ab", "axb", "abz") == "a mine(>x) b theirs(>z)");
  CHECK(compared("abcd", "axcd", "abyd") == "a overlap(bc>xc|by) d");
  CHECK(compared("abc", "ac", "abxc") == "a overlap(b>|bx) c");
  CHECK(compared("abc", "ac", "axc") == "a overlap(b>|x) c");
  // Something unchanged in between is enough.
  CHECK(compared("abcde", "axcde", "abcye") == "a mine(b>x) c theirs(d>y) e");
}

TEST_CASE("Three-way comparison: hunks are whole, in order and of the right kind, in any case") {
  Random random("hunks");
  int overlaps = 0, merges = 0;
  for (int i = 0; i < 5'000; ++i) {
    const Case sides = random_case(random);
    const auto hunks = diff3(sides);
    INFO(print(sides), ": ", show(sides, hunks));
    CHECK(fault(sides, hunks) == "");
    const auto has = [&](HunkKind kind) {
      return std::any_of(hunks.begin(), hunks.end(), [&](const Hunk& hunk) { return hunk.kind == kind; });
    };
    overlaps += has(HunkKind::kOverlap);
    merges += has(HunkKind::kMine) && has(HunkKind::kTheirs) && !has(HunkKind::kOverlap);
  }
  // The cases are of every sort.
  CHECK(overlaps > 500);
  CHECK(merges > 500);
}

TEST_CASE("Three-way comparison: exchanging the sides exchanges nothing else") {
  Random random("exchange");
  for (int i = 0; i < 5'000; ++i) {
    const Case sides = random_case(random);
    DiffBudget budget;
    if (i % 2 == 1) budget = {random.up_to(60), random.up_to(60)};
    DiffBudget other{budget.theirs, budget.mine};
    const auto hunks = diff3(sides, budget);
    const auto back = exchanged(diff3({sides.base, sides.theirs, sides.mine}, other));
    INFO(print(sides));
    CHECK(show(sides, hunks) == show(sides, back));
    CHECK(budget.mine == other.theirs);
  }
}

TEST_CASE("Three-way comparison: a single change is that side's, and the same change is agreed") {
  Random random("itself");
  const auto only = [](const std::vector<Hunk>& hunks, HunkKind kind) {
    return std::all_of(hunks.begin(), hunks.end(), [&](const Hunk& hunk) {
      return hunk.kind == HunkKind::kSame || hunk.kind == kind;
    });
  };
  for (int i = 0; i < 2'000; ++i) {
    const Case sides = random_case(random);
    const std::string &base = sides.base, &mine = sides.mine;
    INFO("base '", base, "' changed '", mine, "'");
    CHECK(only(diff3({base, base, base}), HunkKind::kSame));
    CHECK(only(diff3({base, mine, base}), HunkKind::kMine));
    CHECK(only(diff3({base, base, mine}), HunkKind::kTheirs));
    CHECK(only(diff3({base, mine, mine}), HunkKind::kAgreed));
  }
}

TEST_CASE("Two-way comparison: nothing that could be kept is called changed (Myers's paths are shortest)") {
  Random random("shortest");
  for (int i = 0; i < 5'000; ++i) {
    const Case sides = random_case(random);
    std::size_t kept = 0;
    for (const Hunk& hunk : diff3({sides.base, sides.mine, sides.base})) {
      if (hunk.kind == HunkKind::kSame) kept += hunk.base.end - hunk.base.begin;
    }
    INFO(print(sides));
    CHECK(kept == common(sides.base, sides.mine));
  }
}

TEST_CASE("Two-way comparison: a short sequence is found in a long one, in whichever of them it is") {
  const std::string text(20'000, '.');
  const std::string longer = text + "note" + text;
  CHECK(compared("note", longer, "note").size() == longer.size() - 4 + std::string("mine(>) note mine(>)").size());
  CHECK(compared(longer, "note", longer).size() == longer.size() - 4 + std::string("mine(>) note mine(>)").size());
}

TEST_CASE("A comparison whose budget ends calls the rest changed, and is sound") {
  const Case one{"[--abcdefgh--]", "[++axcdyfgh++]", "[--abcdefgh--]"};
  DiffBudget none{0, 0};
  CHECK(show(one, diff3(one, none)) == "[ mine(--abcdefgh-->++axcdyfgh++) ]");

  Random random("budget");
  int poorer = 0;
  for (int i = 0; i < 5'000; ++i) {
    const Case sides = random_case(random);
    DiffBudget budget{random.up_to(40), random.up_to(40)};
    const auto hunks = diff3(sides, budget);
    const std::string shown = show(sides, hunks);
    INFO(print(sides), ": ", shown);
    CHECK(fault(sides, hunks) == "");
    poorer += shown != compared(sides.base, sides.mine, sides.theirs);
  }
  CHECK(poorer > 500);
}

TEST_CASE("Long sequences without anything in common cost no more than the budget") {
  Sequence base, mine, theirs;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    base.push_back(i);
    mine.push_back(1'000'000 + i);
    theirs.push_back(i == 50'000 ? 7 : i);
  }
  DiffBudget budget;
  const auto hunks = holdfast::diff3(base, mine, theirs, budget);
  REQUIRE(hunks.size() == 1);
  CHECK(hunks[0].kind == HunkKind::kOverlap);
  CHECK(budget.mine <= 0);
  CHECK(budget.mine > -static_cast<std::int64_t>(base.size()));
  CHECK(budget.theirs > kDiffStepsMax - 10);
}
