// Three-way merge of texts.
#pragma once

#include <string>
#include <string_view>

namespace holdfast {

struct TextMerge {
  std::string text;
  bool overlaps = false;  ///< both sides changed one place differently: the text has markers, for a person to choose
};

/// Merges what two sides made of one text: line by line, and word by word where lines overlap. Nothing is invented:
/// without an overlap, each element next to another is so in one of the sides, too. Where words overlap as well, the
/// lines of both sides and of the base are set out as diff3 does, each marker on a line of its own:
/// `<<<<<<< mine`, `||||||| base`, `=======`, `>>>>>>> theirs`.
TextMerge merge_text(std::string_view base, std::string_view mine, std::string_view theirs);

}  // namespace holdfast
