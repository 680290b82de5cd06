#include "codec/pointer.hpp"

namespace holdfast {
namespace {

/// RFC 6901, section 4: first ~1, then ~0.
std::string unescape(std::string_view step) {
  std::string plain;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const bool escaped = step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1');
    if (escaped) plain += step[++i] == '0' ? '~' : '/';
    else plain += step[i];
  }
  return plain;
}

const Json* find_step(const Json& from, const std::string& step) {
  if (from.is_object()) {
    const auto found = from.find(step);
    return found == from.end() ? nullptr : &*found;
  }
  const auto index = from.is_array() ? index_of(step) : std::nullopt;
  return index && *index < from.size() ? &from[*index] : nullptr;
}

}  // namespace

Pointer parse_pointer(std::string_view text) {
  Pointer steps;
  if (text.empty()) return steps;
  if (text.front() != '/') return {std::string(text)};
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::size_t slash = text.find('/');
    steps.push_back(unescape(text.substr(0, slash)));
    text = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
  }
  return steps;
}

std::optional<std::size_t> index_of(std::string_view step) {
  // More than nine digits would be an array that no memory holds.
  if (step.empty() || step.size() > 9 || (step.size() > 1 && step.front() == '0')) return std::nullopt;
  std::size_t index = 0;
  for (const char c : step) {
    if (c < '0' || c > '9') return std::nullopt;
    index = index * 10 + static_cast<std::size_t>(c - '0');
  }
  return index;
}

std::string print_pointer(const Pointer& pointer) {
  std::string text;
  for (const std::string& step : pointer) {
    text += '/';
    for (const char c : step) text += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return text;
}

const Json* find_part(const Json& document, const Pointer& pointer) {
  const Json* part = &document;
  for (const std::string& step : pointer) {
    part = find_step(*part, step);
    if (part == nullptr) return nullptr;
  }
  return part;
}

Json& make_part(Json& document, const Pointer& pointer) {
  Json* part = &document;
  for (const std::string& step : pointer) {
    if (!part->is_object()) *part = Json::object();
    part = &(*part)[step];
  }
  return *part;
}

}  // namespace holdfast
