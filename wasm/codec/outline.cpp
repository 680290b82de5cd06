#include "codec/outline.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "codec/text.hpp"

namespace holdfast {
namespace {

/// Digits of an integer that surely fits into 64 bits.
constexpr int kDigitsMax = 18;
/// Of so many digits, with the point, a double is never rounded to a whole number.
constexpr std::size_t kDecimalsMax = 16;
/// So many members may have been left out since the version before. Looking further for each one that is new would take
/// the square of their number.
constexpr int kAhead = 4;

/// Bytes that a part has on average, at the least, beyond the first so many parts: else documents would take less memory.
constexpr std::size_t kPartBytes = 4;
constexpr std::size_t kPartsFree = 1'000;

/// What stands for itself within a text: neither its end, nor an escape, nor forbidden, nor beyond ASCII.
constexpr auto kLetters = [] {
  std::array<bool, 256> letters{};
  for (int c = 0x20; c < 0x80; ++c) letters[c] = c != '"' && c != '\\';
  return letters;
}();

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' ' && (c == ' ' || c == '\n' || c == '\r' || c == '\t'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// What may stand behind a value. A number could go on.
bool ends_value(char c) { return c == ',' || c == '}' || c == ']' || is_blank(c); }

/// As memcmp, but eight bytes at a time: in WebAssembly the library's takes them one by one.
bool same_bytes(const char* one, const char* other, std::size_t size) {
  for (; size >= 8; one += 8, other += 8, size -= 8) {
    std::uint64_t here, there;
    std::memcpy(&here, one, 8);
    std::memcpy(&there, other, 8);
    if (here != there) return false;
  }
  return std::equal(one, one + size, other);
}

/// How long the code point beyond ASCII is, or 0 if it is none (RFC 3629, section 4).
int utf8_length(const unsigned char* at) {
  const auto within = [&](int i, int low, int high) { return at[i] >= low && at[i] <= high; };
  const auto tail = [&](int i) { return within(i, 0x80, 0xBF); };
  const int lead = at[0];
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) return within(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF) && tail(2) ? 3 : 0;
  if (lead >= 0xF0 && lead <= 0xF4) return within(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF) && tail(2) && tail(3) ? 4 : 0;
  return 0;
}

/// A decimal of so few digits, with the point, that they and the power of ten by which they are to be divided are exact as
/// doubles, and so is rounded only once (Clinger, "How to Read Floating Point Numbers Accurately", PLDI 1990).
std::optional<double> short_decimal(std::string_view text) {
  static constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos || text.size() > kDecimalsMax) return std::nullopt;
  std::int64_t digits = 0;
  for (const char c : text) {
    if (c == '.') continue;
    if (!is_digit(c)) return std::nullopt;
    digits = digits * 10 + (c - '0');
  }
  const double value = static_cast<double>(digits) / kPowers[text.size() - point - 1];
  return negative ? -value : value;
}

void put_name(std::string_view name, Sink& out) {
  out.put('"');
  out.put(name);
  out.put("\":");
}

void reprint(std::string_view text, Sink& out) {
  const auto decimal = short_decimal(text);
  if (!decimal) return out.put(print_json(*parse_json(text)));
  char digits[64];  // what prints doubles in print_json, without making a document of each
  const char* end = nlohmann::detail::to_chars(digits, digits + sizeof digits, *decimal);
  out.put({digits, static_cast<std::size_t>(end - digits)});
}

/// Whether a name comes before another one, by its bytes. Names are short, and a call for each would take longer.
bool is_before(std::string_view one, std::string_view other) {
  return std::lexicographical_compare(one.begin(), one.end(), other.begin(), other.end(), [](unsigned char a, unsigned char b) { return a < b; });
}

}  // namespace

/// Reads from the left. The text's end is a NUL, which fits nowhere.
class OutlineReader {
 public:
  using Index = Outline::Index;

  OutlineReader(const char* at, std::size_t size, std::vector<Outline::Part>& parts) : at_(at), end_(at + size), parts_max_(size / kPartBytes + kPartsFree), parts_(parts) {}

  bool whole() {
    blanks();
    const Index whole = add({});
    if (!value(whole, 0, 1)) return false;
    blanks();
    return at_ == end_;
  }

 private:
  Index add(std::string_view name) {
    parts_.push_back({.name = name});
    return static_cast<Index>(parts_.size() - 1);
  }

  bool blanks() {
    if (!is_blank(*at_)) return false;
    while (is_blank(*at_)) ++at_;
    return true;
  }

  bool take(char c) { return *at_ == c && (++at_, true); }

  /// Whether the same text stands here, too.
  bool again(std::string_view text) const {
    return text.size() < static_cast<std::size_t>(end_ - at_) && same_bytes(at_, text.data(), text.size()) && ends_value(at_[text.size()]);
  }

  /// @param like the same part in the version before, or 0
  /// @param depth with this one
  bool value(Index index, Index like, int depth) {
    const char* begin = at_;
    if (like != 0 && again(parts_[like].text)) {
      at_ += parts_[like].text.size();
      copy(index, like);
      return true;
    }
    bool in_order = false;
    bool must_parse = false;
    bool is_json = false;
    if (*at_ == '{') {
      parts_[index].is_object = true;
      is_json = depth <= kJsonDepthMax && object(index, like, depth, in_order, must_parse);
    } else if (*at_ == '[') {
      is_json = depth <= kJsonDepthMax && array(index, depth, in_order);
    } else {
      is_json = scalar(in_order);
      must_parse = !in_order;
    }
    if (parts_.size() > parts_max_) return false;
    Outline::Part& part = parts_[index];
    part.text = {begin, static_cast<std::size_t>(at_ - begin)};
    part.in_order = in_order;
    part.must_parse = must_parse;
    return is_json;
  }

  void copy(Index index, Index like) {
    const auto [name, next] = std::pair(parts_[index].name, parts_[index].next);
    parts_[index] = parts_[like];
    parts_[index].name = name;
    parts_[index].next = next;
  }

  bool object(Index index, Index like, int depth, bool& in_order, bool& must_parse) {
    ++at_;
    in_order = !blanks();
    if (take('}')) return true;
    Index before = 0;  // the member before this one
    Index there = like != 0 && parts_[like].is_object ? parts_[like].first : 0;  // the next one of the version before
    do {
      in_order &= !blanks();
      if (!take('"')) return false;
      const char* name_begin = at_;
      bool as_is = true;
      escaped_ = false;
      if (!text(as_is)) return false;
      const std::string_view name(name_begin, static_cast<std::size_t>(at_ - 1 - name_begin));
      must_parse |= escaped_;
      in_order = in_order && (before == 0 || parts_[before].name < name);
      in_order &= !blanks();
      if (!take(':')) return false;
      in_order &= !blanks();
      const Index member = add(name);
      (before == 0 ? parts_[index].first : parts_[before].next) = member;
      before = member;
      const Index same = named(there, name);
      if (same != 0) there = parts_[same].next;
      // What the outermost object has are the versions.
      if (!value(member, depth == 1 ? previous_ : same, depth + 1)) return false;
      if (depth == 1) previous_ = member;
      in_order &= parts_[member].in_order;
      in_order &= !blanks();
    } while (take(','));
    in_order &= !must_parse;
    return take('}');
  }

  Index named(Index member, std::string_view name) const {
    for (int i = 0; member != 0 && i < kAhead; ++i, member = parts_[member].next) {
      const std::string_view other = parts_[member].name;
      if (other.size() == name.size() && same_bytes(other.data(), name.data(), name.size())) return member;
    }
    return 0;
  }

  bool array(Index index, int depth, bool& in_order) {
    ++at_;
    in_order = !blanks();
    if (take(']')) return true;
    Index before = 0;
    do {
      in_order &= !blanks();
      const Index element = add({});
      (before == 0 ? parts_[index].first : parts_[before].next) = element;
      before = element;
      if (!value(element, 0, depth + 1)) return false;
      in_order &= parts_[element].in_order;
      in_order &= !blanks();
    } while (take(','));
    return take(']');
  }

  bool scalar(bool& in_order) {
    in_order = true;
    switch (*at_) {
      case '"': return ++at_, text(in_order);
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      default: return number(in_order);
    }
  }

  bool word(std::string_view word) {
    if (std::strncmp(at_, word.data(), word.size()) != 0) return false;
    at_ += word.size();
    return true;
  }

  /// Behind its opening quote.
  bool text(bool& as_is) {
    while (true) {
      while (kLetters[static_cast<unsigned char>(*at_)]) ++at_;
      if (take('"')) return true;
      if (take('\\')) {
        if (!escape(as_is)) return false;
      } else {
        const int length = utf8_length(reinterpret_cast<const unsigned char*>(at_));
        if (length == 0) return false;
        at_ += length;
      }
    }
  }

  /// Behind its backslash. The short ones but for \/ are those that are printed.
  bool escape(bool& as_is) {
    escaped_ = true;
    const char c = *at_++;
    if (c == 'u') {
      as_is = false;
      const char* begin = at_;
      while (at_ - begin < 4 && std::isxdigit(static_cast<unsigned char>(*at_))) ++at_;
      // Whether two of them make one code point is parse_json's to say.
      return at_ - begin == 4 && !is_surrogate(begin);
    }
    as_is &= c != '/';
    return c != '\0' && std::strchr("\"\\/bfnrt", c) != nullptr;
  }

  static bool is_surrogate(const char* hex) { return (hex[0] == 'd' || hex[0] == 'D') && hex[1] > '7'; }

  bool digits() {
    const char* begin = at_;
    while (is_digit(*at_)) ++at_;
    return at_ != begin;
  }

  /// Only numbers of which no other one has the same value and is printed in another way.
  bool number(bool& in_order) {
    const char* begin = at_;
    const bool negative = take('-');
    const char* whole = at_;
    if (!digits() || (*whole == '0' && at_ - whole > 1)) return false;
    const bool has_fraction = take('.');
    if (has_fraction && !digits()) return false;
    const bool has_exponent = take('e') || take('E');
    if (has_exponent) {
      if (!take('+')) take('-');
      if (!digits()) return false;
    }
    in_order = !has_fraction && !has_exponent;
    if (in_order) return at_ - whole <= kDigitsMax && !(negative && *whole == '0');
    if (!has_exponent && at_[-1] != '0' && static_cast<std::size_t>(at_ - whole) <= kDecimalsMax) return true;
    const auto parsed = parse_json({begin, static_cast<std::size_t>(at_ - begin)});
    return parsed && std::trunc(parsed->get<double>()) != parsed->get<double>();
  }

  const char* at_;
  const char* end_;
  std::size_t parts_max_;
  std::vector<Outline::Part>& parts_;
  Index previous_ = 0;     ///< the version before
  bool escaped_ = false;   ///< there was an escape in the text that was read last
};

std::optional<Outline> Outline::of(const std::string& text) {
  Outline outline;
  outline.parts_.reserve(text.size() / 64 + 16);
  OutlineReader reader(text.data(), text.size(), outline.parts_);
  if (!reader.whole()) return std::nullopt;
  return outline;
}

bool Outline::sort_members(std::vector<Index>& members, std::size_t begin) const {
  const auto first = members.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto name = [&](Index member) { return parts_[member].name; };
  std::sort(first, members.end(), [&](Index one, Index other) { return is_before(name(one), name(other)); });
  return std::adjacent_find(first, members.end(), [&](Index one, Index other) { return name(one) == name(other); }) == members.end();
}

std::optional<std::vector<Outline::Index>> Outline::members(Index object) const {
  if (!parts_[object].is_object || parts_[object].must_parse) return std::nullopt;
  std::vector<Index> members;
  for (Index part = parts_[object].first; part != 0; part = parts_[part].next) members.push_back(part);
  if (!sort_members(members, 0)) return std::nullopt;
  return members;
}

std::optional<std::string_view> Outline::plain_text(Index object, std::string_view name) const {
  if (!parts_[object].is_object || parts_[object].must_parse) return std::nullopt;
  std::optional<std::string_view> found;
  for (Index member = parts_[object].first; member != 0; member = parts_[member].next) {
    if (parts_[member].name != name) continue;
    std::string_view text = parts_[member].text;
    if (text.front() == '"') text = text.substr(1, text.size() - 2);
    else if (!is_digit(text.back()) || !parts_[member].in_order) return std::nullopt;
    if (found || text.empty() || text.find('\\') != std::string_view::npos) return std::nullopt;
    found = text;
  }
  return found;
}

void Outline::print(Index part, Sink& out) const {
  std::vector<Index> scratch;
  print(part, out, scratch);
}

/// @param scratch what is sorted is put behind what others have there
void Outline::print(Index index, Sink& out, std::vector<Index>& scratch) const {
  const Part& part = parts_[index];
  if (part.in_order) {
    out.put(part.text);
    return;
  }
  const std::size_t begin = scratch.size();
  for (Index inner = part.first; inner != 0; inner = parts_[inner].next) scratch.push_back(inner);
  if (part.must_parse || (part.is_object && !sort_members(scratch, begin))) {
    scratch.resize(begin);
    reprint(part.text, out);
    return;
  }
  out.put(part.is_object ? '{' : '[');
  for (std::size_t i = begin, end = scratch.size(); i < end; ++i) {
    const Part& inner = parts_[scratch[i]];
    if (i > begin) out.put(',');
    // A member that stands in the text as it is to be printed is one piece.
    const bool in_one = part.is_object && inner.in_order && inner.text.data() == inner.name.data() + inner.name.size() + 2;
    if (in_one) out.put({inner.name.data() - 1, inner.name.size() + inner.text.size() + 3});
    else if (part.is_object) put_name(inner.name, out);
    if (!in_one) print(scratch[i], out, scratch);
  }
  out.put(part.is_object ? '}' : ']');
  scratch.resize(begin);
}

}  // namespace holdfast
