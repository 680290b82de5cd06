// Where the parts of a JSON text are: for whoever takes few of them apart, and passes the others on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/sink.hpp"

namespace holdfast {

/// A JSON text that was read (RFC 8259), but not made into a document. Its parts are views into the text, which must
/// stay where it is.
///
/// Members of the outermost object are taken for versions of one document: what the one before has letter for letter, too,
/// is not read again, but the same part.
class Outline {
 public:
  /// A part's number. 0 is the whole, and so no part of another one: as a part, there is none.
  using Index = std::uint32_t;

  struct Part {
    std::string_view name;   ///< of a member: as the text has it, without its quotes
    std::string_view text;
    Index first = 0;         ///< of its members or elements
    Index next = 0;          ///< behind this one in what encloses it
    bool is_object = false;
    bool in_order = false;   ///< print_json would print it just so
    bool must_parse = false; ///< its canonical text can't be put together from its parts' own
  };

  /// Nothing for what parse_json refuses, nor what only it can tell to be JSON, nor for very many small parts; nor where one
  /// number could be written in two ways (1 and 1.0): of what is here, equal values are always printed alike.
  static std::optional<Outline> of(const std::string& text);

  const Part& operator[](Index part) const { return parts_[part]; }

  /// The members of an object by name, in order. Nothing if a name is there twice, or has to be parsed.
  std::optional<std::vector<Index>> members(Index object) const;

  /// A member of an object that is a whole number, or a text without escapes: its digits, or what it says. Nothing for
  /// anything else, or if it may be there twice.
  std::optional<std::string_view> plain_text(Index object, std::string_view name) const;

  /// Appends print_json(parse_json(text)) of the part.
  void print(Index part, Sink& out) const;

 private:
  friend class OutlineReader;

  bool sort_members(std::vector<Index>& members, std::size_t begin) const;
  void print(Index part, Sink& out, std::vector<Index>& scratch) const;

  std::vector<Part> parts_;
};

}  // namespace holdfast
