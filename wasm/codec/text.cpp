#include "codec/text.hpp"

#include <nlohmann/json.hpp>

#include "base/limits.hpp"

namespace holdfast {
namespace {

bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      else if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kJsonDepthMax) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::optional<nlohmann::json> parse_json(std::string_view text) {
  if (too_deep(text)) return std::nullopt;
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::string print_json(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool same_value(const nlohmann::json& one, const nlohmann::json& other) {
  if (one.is_structured() && one.type() == other.type()) {
    if (one.size() != other.size()) return false;
    auto there = other.begin();
    for (auto here = one.begin(); here != one.end(); ++here, ++there) {
      if (one.is_object() && here.key() != there.key()) return false;  // members are sorted
      if (!same_value(*here, *there)) return false;
    }
    return true;
  }
  const bool whole = one.is_number_integer() && other.is_number_integer();
  if (whole && one.is_number_unsigned() != other.is_number_unsigned()) {
    const auto& could_be_negative = one.is_number_unsigned() ? other : one;
    if (could_be_negative.get<std::int64_t>() < 0) return false;
  }
  return one == other;
}

std::string id_text(const nlohmann::json* value) {
  if (value == nullptr) return {};
  if (value->is_string()) return value->get<std::string>();
  return value->is_number_integer() ? value->dump() : std::string();
}

}  // namespace holdfast
