// The rows of one step. The engine reads through it as if every row were at hand; a row that the host hasn't brought
// yet counts as absent, is noted, and makes the step's result void: the host brings it and the step runs again. So
// the engine needs neither callbacks nor a plan of what it will read, and a step stays a pure function.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "codec/fields.hpp"

namespace holdfast {

/// A question that several rows answer: those of one index between two keys, both included, in the index's order.
struct Range {
  std::string store;
  std::string index;
  Json lower;
  Json upper;
  std::int64_t limit = 1;

  Json to_json() const;
};

class View {
 public:
  /// @param rows   [[store, key, row or null], …]
  /// @param ranges [[range, [row, …]], …]
  View(const Json& rows, const Json& ranges);

  /// A row, or nothing if there is none. A row that can't be read voids the step (`unreadable`), since treating it as
  /// absent would overwrite it.
  template <class Row> std::optional<Row> get(const Json& key) {
    bool broken = false;
    auto row = try_get<Row>(key, broken);
    if (broken && unreadable_.empty()) unreadable_ = std::string(Row::kStore) + " " + key.dump();
    return row;
  }

  /// Like `get`, but leaves it to the caller what an unreadable row means.
  template <class Row> std::optional<Row> try_get(const Json& key, bool& broken) {
    const Json* json = find(Row::kStore, key);
    if (json == nullptr) return std::nullopt;
    return decode<Row>(*json, broken);
  }

  /// The rows of a range that can be read. Ranges don't see what this step has written: read first, then write.
  template <class Row> std::vector<Row> range(const Range& range) {
    std::vector<Row> rows;
    for (const Json& json : find_range(range)) {
      bool broken = false;
      auto row = decode<Row>(json, broken);
      if (row) rows.push_back(std::move(*row));
    }
    return rows;
  }

  /// How many rows a range has, readable or not.
  std::size_t size(const Range& range) { return find_range(range).size(); }

  /// A row's id and number.
  struct Place {
    std::string id;
    std::int64_t seq = 0;
  };

  /// The places of the rows of a range, whether or not the rest of them can be read.
  std::vector<Place> places(const Range& range);

  /// JSON that the host makes up when asked (a base document out of a kept answer), or null.
  const Json* find(const std::string& store, const Json& key);

  template <class Row> void put(const Json& key, Row row) {
    Json json = write_fields(std::move(row));
    json["v"] = kRowVersion;
    if (unchanged(Row::kStore, key, json)) return;
    write(Row::kStore, key, std::move(json));
  }
  template <class Row> void erase(const Json& key) { write(Row::kStore, key, std::nullopt); }
  void erase(const std::string& store, const Json& key) { write(store, key, std::nullopt); }

  bool complete() const { return missing_rows_.empty() && missing_ranges_.empty(); }
  const std::string& unreadable() const { return unreadable_; }

  Json needs() const;  ///< {rows: [[store, key]…], ranges: [range…]}
  Json puts() const;   ///< [[store, row]…]
  Json deletes() const;  ///< [[store, key]…]

 private:
  struct Written {
    std::string store;
    Json key;
    std::optional<Json> row;
  };

  template <class Row> static std::optional<Row> decode(const Json& json, bool& broken) {
    Row row;
    const auto version = json.find("v");
    const bool newer = version != json.end() && version->is_number_integer() && version->get<std::int64_t>() > kRowVersion;
    if (newer || !read_fields(json, row).empty()) {
      broken = true;
      return std::nullopt;
    }
    return row;
  }

  const Json& find_range(const Range& range);
  bool unchanged(const std::string& store, const Json& key, const Json& row) const;
  void write(const std::string& store, const Json& key, std::optional<Json> row);

  std::map<std::string, const Json*> rows_;
  std::map<std::string, const Json*> ranges_;
  std::map<std::string, Json> missing_rows_;
  std::map<std::string, Json> missing_ranges_;
  std::map<std::string, std::size_t> written_at_;
  std::vector<Written> written_;
  std::string unreadable_;
};

}  // namespace holdfast
