#include "conflict/elements.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

namespace holdfast {
namespace {

enum class Kind { kBlank, kBreak, kWord, kMark, kOwn };

struct Range {
  std::uint32_t first, last;
};

/// Beyond ASCII, what is no part of a word: punctuation and blanks (but for U+2019, the apostrophe), and the scripts
/// that are written without blanks and whose code points mean something by themselves. In order.
constexpr Range kOwn[] = {
    {0x00A0, 0x00A1}, {0x00AB, 0x00AB}, {0x00BB, 0x00BB}, {0x00BF, 0x00BF},  // no-break space, ¡ « » ¿
    {0x2000, 0x200A}, {0x2012, 0x2018}, {0x201A, 0x2029}, {0x202F, 0x205F},  // General Punctuation
    {0x2E80, 0x3029}, {0x3030, 0x3098}, {0x309B, 0x309F},                    // radicals, CJK punctuation, Hiragana
    {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xF900, 0xFAFF},                    // Han
    {0xFF01, 0xFF0F}, {0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65},  // fullwidth punctuation
    {0x20000, 0x3FFFF},                                                      // Han of planes 2 and 3
};

/// Combining marks, variation selectors and joiners: they belong to what stands before them.
constexpr Range kExtend[] = {
    {0x0300, 0x036F}, {0x200C, 0x200D}, {0x20D0, 0x20FF}, {0x302A, 0x302F},
    {0x3099, 0x309A}, {0xFE00, 0xFE0F}, {0xE0100, 0xE01EF},
};

template <std::size_t count> bool is_in(const Range (&ranges)[count], std::uint32_t code) {
  const auto found = std::lower_bound(std::begin(ranges), std::end(ranges), code,
                                      [](const Range& range, std::uint32_t wanted) { return range.last < wanted; });
  return found != std::end(ranges) && found->first <= code;
}

struct CodePoint {
  std::uint32_t code = 0;
  std::size_t length = 1;
};

/// The code point at a place; a byte that is no UTF-8 stands for itself.
CodePoint code_point(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t lead = byte(at);
  const std::size_t length = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
  if (length == 1 || at + length > text.size()) return {lead, 1};
  std::uint32_t code = lead & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {lead, 1};
    code = code << 6 | (byte(at + i) & 0x3Fu);
  }
  return {code, length};
}

bool is_digit(std::uint32_t code) { return code >= '0' && code <= '9'; }

Kind kind_of(const CodePoint& point) {
  const std::uint32_t code = point.code;
  if (point.length > 1) return is_in(kOwn, code) ? Kind::kOwn : Kind::kWord;
  if (code == '\n') return Kind::kBreak;
  if (code <= ' ') return Kind::kBlank;
  const bool letter = (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z') || is_digit(code) || code >= 0x80;
  return letter ? Kind::kWord : Kind::kMark;
}

/// Whether a mark holds together what stands on both sides of it.
bool is_joint(std::uint32_t before, char mark, const CodePoint& after) {
  if (kind_of(after) != Kind::kWord) return false;
  if (mark == ',') return is_digit(before) && is_digit(after.code);
  return std::string_view("'.:-/_@").find(mark) != std::string_view::npos;
}

/// From a word's first code point to its end.
std::size_t word_end(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const CodePoint point = code_point(text, at);
    if (kind_of(point) != Kind::kWord) break;
    at += point.length;
    if (at + 1 < text.size() && is_joint(point.code, text[at], code_point(text, at + 1))) ++at;
  }
  return at;
}

std::size_t element_end(std::string_view text, std::size_t at) {
  const CodePoint first = code_point(text, at);
  if (text.substr(at, 2) == "\r\n") return at + 2;
  switch (kind_of(first)) {
    case Kind::kBreak:
      return at + 1;
    case Kind::kWord:
      return word_end(text, at);
    case Kind::kBlank:
      while (at < text.size() && kind_of(code_point(text, at)) == Kind::kBlank && text.substr(at, 2) != "\r\n") ++at;
      return at;
    case Kind::kMark:
    case Kind::kOwn:
      break;
  }
  at += first.length;
  while (at < text.size()) {
    const CodePoint point = code_point(text, at);
    if (point.length == 1 || !is_in(kExtend, point.code)) break;
    at += point.length;
  }
  return at;
}

/// FNV-1a, its bits then mixed, since only the lowest choose a slot.
std::uint64_t hash_of(std::string_view piece) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : piece) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9ULL;
  return hash ^ (hash >> 31);
}

/// Slots that are looked at for one piece. Half full, a table needs more for hardly any.
constexpr std::size_t kProbes = 8;

}  // namespace

std::vector<std::size_t> line_ends(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t found = text.find('\n', at);
    at = found == std::string_view::npos ? text.size() : found + 1;
    ends.push_back(at);
  }
  return ends;
}

std::vector<std::size_t> word_ends(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t at = 0; at < text.size();) {
    at = element_end(text, at);
    ends.push_back(at);
  }
  return ends;
}

Numbering::Numbering(std::size_t most) : slots_(std::bit_ceil(2 * most + kProbes)) {}

std::uint32_t Numbering::number_of(std::string_view piece) {
  const std::uint64_t hash = hash_of(piece);
  const auto next = static_cast<std::uint32_t>(pieces_.size());
  for (std::size_t probe = 0; probe < kProbes; ++probe) {
    std::uint32_t& slot = slots_[(hash + probe) & (slots_.size() - 1)];
    if (slot == 0) {
      pieces_.push_back(piece);
      slot = next + 1;
      return next;
    }
    if (pieces_[slot - 1] == piece) return slot - 1;
  }
  const auto [found, is_new] = others_.try_emplace(piece, next);
  if (is_new) pieces_.push_back(piece);
  return found->second;
}

}  // namespace holdfast
