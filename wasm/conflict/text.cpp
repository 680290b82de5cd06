#include "conflict/text.hpp"

#include <memory>
#include <optional>

#include "conflict/elements.hpp"
#include "conflict/sequence.hpp"

namespace holdfast {
namespace {

struct Texts {
  std::string_view base, mine, theirs;

  std::size_t size() const { return base.size() + mine.size() + theirs.size(); }
};

using Cut = std::vector<std::size_t> (*)(std::string_view);

/// A text in pieces.
class Pieces {
 public:
  Pieces(std::string_view text, Cut cut) : text_(text), ends_(cut(text)) {}

  std::size_t size() const { return ends_.size(); }

  std::string_view part(const Span& span) const {
    return text_.substr(start(span.begin), start(span.end) - start(span.begin));
  }

  Sequence numbered(Numbering& numbering) const {
    Sequence numbers;
    numbers.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) numbers.push_back(numbering.number_of(part({i, i + 1})));
    return numbers;
  }

 private:
  std::size_t start(std::size_t piece) const { return piece == 0 ? 0 : ends_[piece - 1]; }

  std::string_view text_;
  std::vector<std::size_t> ends_;
};

/// What a region of all three texts is, and its text in each.
struct Region {
  HunkKind kind;
  Texts sides;
};

std::vector<Region> compare(const Texts& sides, Cut cut, DiffBudget& budget) {
  const Pieces base(sides.base, cut), mine(sides.mine, cut), theirs(sides.theirs, cut);
  auto numbering = std::make_unique<Numbering>(base.size() + mine.size() + theirs.size());
  const Sequence of_base = base.numbered(*numbering);
  const Sequence of_mine = mine.numbered(*numbering);
  const Sequence of_theirs = theirs.numbered(*numbering);
  numbering.reset();  // it takes more memory than what follows
  const std::vector<Hunk> hunks = diff3(of_base, of_mine, of_theirs, budget);
  std::vector<Region> regions;
  regions.reserve(hunks.size());
  for (const Hunk& hunk : hunks) {
    regions.push_back({hunk.kind, {base.part(hunk.base), mine.part(hunk.mine), theirs.part(hunk.theirs)}});
  }
  return regions;
}

std::string_view chosen(const Region& region) {
  return region.kind == HunkKind::kTheirs ? region.sides.theirs : region.sides.mine;
}

/// Overlapping lines, merged word by word; nothing if words overlap, too.
std::optional<std::string> merge_words(const Texts& lines, DiffBudget& budget) {
  if (lines.size() > kWordsBytesMax) return std::nullopt;
  std::string merged;
  for (const Region& region : compare(lines, word_ends, budget)) {
    if (region.kind == HunkKind::kOverlap) return std::nullopt;
    merged += chosen(region);
  }
  return merged;
}

/// The markers' own line end is the texts'.
std::string_view line_end(const Texts& texts) {
  for (const std::string_view text : {texts.base, texts.mine, texts.theirs}) {
    const std::size_t end = text.find('\n');
    if (end != std::string_view::npos) return end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
  }
  return "\n";
}

constexpr const char* kLastMarker = ">>>>>>> theirs";

void set_out(std::string& text, const Texts& lines, std::string_view end) {
  const auto part = [&](std::string_view marker, std::string_view content) {
    text.append(marker).append(end).append(content);
    if (!content.empty() && content.back() != '\n') text += end;
  };
  part("<<<<<<< mine", lines.mine);
  part("||||||| base", lines.base);
  part("=======", lines.theirs);
  part(kLastMarker, {});
}

bool is_ended(std::string_view text) { return text.empty() || text.back() == '\n'; }

/// A last line that isn't ended is the same line as one that is: else whoever adds a line would have changed two.
std::string ended(std::string_view text, std::string_view end) {
  std::string whole(text);
  if (!is_ended(text)) whole.append(end);
  return whole;
}

TextMerge merge_lines(const Texts& texts) {
  DiffBudget for_lines;
  DiffBudget for_words;  // of all overlaps together
  TextMerge merge;
  for (const Region& region : compare(texts, line_ends, for_lines)) {
    if (region.kind != HunkKind::kOverlap) {
      merge.text += chosen(region);
    } else if (const auto merged = merge_words(region.sides, for_words)) {
      merge.text += *merged;
    } else {
      merge.overlaps = true;
      set_out(merge.text, region.sides, line_end(texts));
    }
  }
  return merge;
}

/// Whether the merged text's last line is ended: as the side has it that changed that.
bool ends(const Texts& texts) {
  if (texts.mine.empty() || texts.theirs.empty()) return is_ended(texts.mine.empty() ? texts.theirs : texts.mine);
  return is_ended(is_ended(texts.mine) == is_ended(texts.base) ? texts.theirs : texts.mine);
}

}  // namespace

TextMerge merge_text(std::string_view base, std::string_view mine, std::string_view theirs) {
  const Texts texts{base, mine, theirs};
  const std::string_view end = line_end(texts);
  const std::string all[] = {ended(base, end), ended(mine, end), ended(theirs, end)};
  TextMerge merge = merge_lines({all[0], all[1], all[2]});
  const bool marked = merge.overlaps && merge.text.ends_with(kLastMarker + std::string(end));
  if (!marked && !ends(texts) && merge.text.ends_with(end)) merge.text.resize(merge.text.size() - end.size());
  return merge;
}

}  // namespace holdfast
