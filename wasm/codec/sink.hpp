// A text that is written from its beginning to its end.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast {

/// For very many small pieces. A string's own appending is a call into the library for each of them, which in
/// WebAssembly takes longer than the piece.
class Sink {
 public:
  /// @param size about how long the text will be
  explicit Sink(std::size_t size = 64) : text_(size, '\0') {}

  void put(char c) { *room(1) = c; }
  void put(std::string_view piece) { std::memcpy(room(piece.size()), piece.data(), piece.size()); }

  std::size_t size() const { return size_; }
  std::string_view behind(std::size_t size) const { return {text_.data() + size, size_ - size}; }
  void cut(std::size_t size) { size_ = size; }

  std::string take() {
    text_.resize(size_);
    return std::move(text_);
  }

 private:
  char* room(std::size_t size) {
    if (size_ + size > text_.size()) text_.resize(2 * (size_ + size));
    size_ += size;
    return text_.data() + size_ - size;
  }

  std::string text_;
  std::size_t size_ = 0;
};

}  // namespace holdfast
