#include "codec/made.hpp"

#include <algorithm>

#include "codec/pointer.hpp"

namespace holdfast {

bool is_declared(const Json& value, std::vector<std::string>& sources) {
  const auto declared = [&](const Json& part) { return is_declared(part, sources); };
  if (value.is_array()) return std::all_of(value.begin(), value.end(), declared);
  if (!value.is_object()) return true;
  const auto made = value.find("$holdfast");
  if (made == value.end()) return std::all_of(value.begin(), value.end(), declared);
  if (*made == "now" || *made == "url") return value.size() == 1;
  if (*made == "increment") return value.size() == 2 && value.contains("by") && value["by"].is_number();
  if (const auto source = parse_source(value)) {
    sources.push_back(source->resource);
    return true;
  }
  return *made == "given" && value.size() == 2 && value.contains("at") && value["at"].is_string();
}

std::optional<Source> parse_source(const Json& value) {
  const auto text = [&](const char* name) { return value.contains(name) && value[name].is_string(); };
  if (!value.is_object() || value.size() != 3 || !text("$holdfast") || value["$holdfast"] != "from") return std::nullopt;
  if (!text("resource") || !text("at")) return std::nullopt;
  return Source{value["resource"].get<std::string>(), parse_pointer(value["at"].get_ref<const std::string&>())};
}

}  // namespace holdfast
