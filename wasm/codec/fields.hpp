// Reads and writes any struct that lists its fields. Reading is total: a missing or wrongly typed field makes the
// reader say so, and never stops the module.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.hpp"

namespace holdfast {

using Json = nlohmann::json;

class FieldReader {
 public:
  explicit FieldReader(const Json& object) : object_(object) {
    if (!object.is_object()) error_ = "not an object";
  }

  /// Empty while everything fitted; else the first field that did not.
  const std::string& error() const { return error_; }

  /// Not inlined: rows list about a hundred fields, and each would repeat this whole function.
  template <class Value> [[gnu::noinline]] void operator()(const char* name, Value& value) {
    if (!error_.empty()) return;
    const auto found = object_.find(name);
    // A missing field keeps its default: a row that an older version wrote has fewer of them.
    if (found == object_.end() || found->is_null()) return;
    if (!read(*found, value)) error_ = name;
  }

 private:
  static bool read(const Json& json, std::string& value) {
    if (!json.is_string()) return false;
    value = json.get_ref<const std::string&>();
    return true;
  }
  static bool read(const Json& json, bool& value) {
    if (!json.is_boolean()) return false;
    value = json.get<bool>();
    return true;
  }
  static bool read(const Json& json, std::int64_t& value) {
    if (!json.is_number()) return false;
    if (json.is_number_float()) {
      const double number = json.get<double>();
      // Times of a broken clock can be fractional or huge; anything outside a double's exact integers is refused.
      if (!(number >= -9007199254740991.0 && number <= 9007199254740991.0)) return false;
      value = static_cast<std::int64_t>(number);
      return true;
    }
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > 9007199254740991ULL) return false;
    value = json.get<std::int64_t>();
    return value >= -9007199254740991LL && value <= 9007199254740991LL;
  }
  static bool read(const Json& json, std::pair<std::string, std::string>& value) {
    return json.is_array() && json.size() == 2 && read(json[0], value.first) && read(json[1], value.second);
  }
  template <class Item> static bool read(const Json& json, std::vector<Item>& value) {
    if (!json.is_array()) return false;
    value.clear();
    value.reserve(json.size());
    for (const Json& item : json) {
      Item entry;
      if (!read(item, entry)) return false;
      value.push_back(std::move(entry));
    }
    return true;
  }
  template <class Record> static bool read(const Json& json, Record& value)
    requires requires(Record& record, FieldReader& reader) { record.fields(reader); }
  {
    FieldReader reader(json);
    value.fields(reader);
    return reader.error_.empty();
  }

  const Json& object_;
  std::string error_;
};

class FieldWriter {
 public:
  Json take() { return std::move(object_); }

  template <class Value> [[gnu::noinline]] void operator()(const char* name, Value& value) { object_[name] = write(value); }

 private:
  static Json write(const std::string& value) { return value; }
  static Json write(bool value) { return value; }
  static Json write(std::int64_t value) { return value; }
  static Json write(const std::pair<std::string, std::string>& value) {
    return Json::array({value.first, value.second});
  }
  template <class Item> static Json write(std::vector<Item>& value) {
    Json list = Json::array();
    for (auto& item : value) list.push_back(write(item));
    return list;
  }
  template <class Record> static Json write(Record& value)
    requires requires(Record& record, FieldWriter& writer) { record.fields(writer); }
  {
    FieldWriter writer;
    value.fields(writer);
    return writer.take();
  }

  Json object_ = Json::object();
};

/// Fills a record from JSON. @return the name of the field that doesn't fit, or an empty string.
template <class Record> std::string read_fields(const Json& json, Record& record) {
  FieldReader reader(json);
  record.fields(reader);
  return reader.error();
}

template <class Record> Json write_fields(Record record) {
  FieldWriter writer;
  record.fields(writer);
  return writer.take();
}

}  // namespace holdfast
