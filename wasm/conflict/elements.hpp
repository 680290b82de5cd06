// Texts as sequences: cut into lines or into words, and the pieces known by number.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "conflict/sequence.hpp"

namespace holdfast {

/// Where each line ends: behind its \n. The last one may have none.
std::vector<std::size_t> line_ends(std::string_view text);

/// Where each element of a line ends: a word, a run of blanks, a line's end (\n or \r\n), or a single mark. No code
/// point is ever cut.
///
/// A word is a run of letters and digits, and of nearly all that lies beyond ASCII: the letters of Cyrillic or Thai and
/// the code points of one emoji are no words by themselves, and half of one with half of another would be neither.
/// A mark within it belongs to it, as in 10:30, 3.50, don't or 2026-05-01 (in the spirit of UAX #29, rules WB6, WB7,
/// WB11 and WB12): nobody wrote the 11:45 that 11:30 and 10:45 would make.
/// Han and Hiragana are written without blanks, so that each code point is an element of its own. Words of two still
/// come to no harm, as changes that touch each other are one.
std::vector<std::size_t> word_ends(std::string_view text);

/// Numbers for pieces of text, the same for equal ones. The pieces must stay where they are.
class Numbering {
 public:
  /// @param most pieces that may come
  explicit Numbering(std::size_t most);

  std::uint32_t number_of(std::string_view piece);

 private:
  /// 0: free; else a number plus one. Open addressing, at most half full: a node for each piece would take more memory
  /// than the texts themselves.
  std::vector<std::uint32_t> slots_;
  std::vector<std::string_view> pieces_;
  /// What found its slots taken. Texts can be made up so that all hashes are the same, and cost no more here.
  std::map<std::string_view, std::uint32_t> others_;
};

}  // namespace holdfast
