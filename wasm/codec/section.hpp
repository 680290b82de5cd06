// Reads one object of the configuration field by field, and notes every mistake with the path that leads to it.
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "codec/fields.hpp"
#include "codec/pointer.hpp"
#include "model/config.hpp"

namespace holdfast {

inline std::string list_of(std::initializer_list<const char*> names) {
  std::string text;
  for (const char* name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

/// One object of the configuration, with the path that leads to it.
class Section {
 public:
  Section(const Json& json, std::string path, std::vector<ConfigError>& errors)
      : json_(json), path_(std::move(path)), errors_(errors) {}

  void fail(const std::string& field, const std::string& message) {
    errors_.push_back({path_.empty() ? field : path_ + "." + field, message});
  }

  /// A misspelt field would silently do nothing, so an unknown one is a mistake.
  void only(std::initializer_list<const char*> allowed) {
    for (const auto& [name, value] : json_.items()) {
      const bool known = std::any_of(allowed.begin(), allowed.end(), [&name = name](const char* other) { return name == other; });
      if (!known) fail(name, "unknown field; allowed are " + list_of(allowed));
    }
  }

  const Json* find(const char* name) const {
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  void number(const char* name, std::int64_t& value, std::int64_t least, std::int64_t most) {
    const Json* json = find(name);
    if (json == nullptr) return;
    // Every limit lies far below 2^53, so a double holds each allowed number exactly, and 1e300 is only too large.
    const double number = json->is_number() ? json->get<double>() : -1;
    if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)) || number != std::floor(number)) {
      return fail(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    value = static_cast<std::int64_t>(number);
  }

  void text(const char* name, std::string& value) {
    const Json* json = find(name);
    if (json == nullptr) return;
    if (!json->is_string() || json->get_ref<const std::string&>().empty()) return fail(name, "must be a text");
    value = json->get<std::string>();
  }

  void flag(const char* name, bool& value) {
    const Json* json = find(name);
    if (json == nullptr) return;
    if (!json->is_boolean()) return fail(name, "must be true or false");
    value = json->get<bool>();
  }

  /// A member's name or a JSON Pointer; the empty one is the whole document.
  void pointer(const char* name, Pointer& value) {
    const Json* json = find(name);
    if (json == nullptr) return;
    if (!json->is_string()) return fail(name, "must be a member's name, or a JSON Pointer such as /author/name");
    value = parse_pointer(json->get_ref<const std::string&>());
  }

  std::string path_to(const std::string& name) const { return path_.empty() ? name : path_ + "." + name; }
  const Json& json() const { return json_; }
  std::vector<ConfigError>& errors() { return errors_; }

 private:
  const Json& json_;
  std::string path_;
  std::vector<ConfigError>& errors_;
};

}  // namespace holdfast
