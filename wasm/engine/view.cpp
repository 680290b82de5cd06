#include "engine/view.hpp"

namespace holdfast {
namespace {

std::string name_of(const std::string& store, const Json& key) { return store + " " + key.dump(); }

const Json kNoRows = Json::array();

}  // namespace

Json Range::to_json() const {
  return {{"store", store}, {"index", index}, {"lower", lower}, {"upper", upper}, {"limit", limit}};
}

View::View(const Json& rows, const Json& ranges) {
  for (const Json& entry : rows) {
    if (entry.is_array() && entry.size() == 3 && entry[0].is_string()) {
      rows_[name_of(entry[0].get<std::string>(), entry[1])] = &entry[2];
    }
  }
  for (const Json& entry : ranges) {
    if (entry.is_array() && entry.size() == 2 && entry[1].is_array()) ranges_[entry[0].dump()] = &entry[1];
  }
}

const Json* View::find(const std::string& store, const Json& key) {
  const std::string name = name_of(store, key);
  const auto written = written_at_.find(name);
  if (written != written_at_.end()) {
    const auto& row = written_[written->second].row;
    return row ? &*row : nullptr;
  }
  const auto found = rows_.find(name);
  if (found == rows_.end()) {
    missing_rows_.emplace(name, Json::array({store, key}));
    return nullptr;
  }
  return found->second->is_null() ? nullptr : found->second;
}

const Json& View::find_range(const Range& range) {
  Json question = range.to_json();
  std::string name = question.dump();
  const auto found = ranges_.find(name);
  if (found != ranges_.end()) return *found->second;
  missing_ranges_.emplace(std::move(name), std::move(question));
  return kNoRows;
}

std::vector<View::Place> View::places(const Range& range) {
  std::vector<Place> places;
  for (const Json& row : find_range(range)) {
    const auto id = row.find("id");
    const auto seq = row.find("seq");
    if (id == row.end() || !id->is_string()) continue;
    places.push_back({id->get<std::string>(), seq != row.end() && seq->is_number_integer() ? seq->get<std::int64_t>() : 0});
  }
  return places;
}

/// A transaction that writes nothing costs no flush to the disk.
bool View::unchanged(const std::string& store, const Json& key, const Json& row) const {
  const std::string name = name_of(store, key);
  const auto known = rows_.find(name);
  return written_at_.count(name) == 0 && known != rows_.end() && *known->second == row;
}

void View::write(const std::string& store, const Json& key, std::optional<Json> row) {
  const auto [at, fresh] = written_at_.try_emplace(name_of(store, key), written_.size());
  if (fresh) written_.push_back({store, key, std::move(row)});
  else written_[at->second].row = std::move(row);
}

Json View::needs() const {
  Json rows = Json::array();
  for (const auto& [name, row] : missing_rows_) rows.push_back(row);
  Json ranges = Json::array();
  for (const auto& [name, range] : missing_ranges_) ranges.push_back(range);
  return {{"rows", std::move(rows)}, {"ranges", std::move(ranges)}};
}

Json View::puts() const {
  Json list = Json::array();
  for (const Written& entry : written_) {
    if (entry.row) list.push_back(Json::array({entry.store, *entry.row}));
  }
  return list;
}

Json View::deletes() const {
  Json list = Json::array();
  for (const Written& entry : written_) {
    if (!entry.row) list.push_back(Json::array({entry.store, entry.key}));
  }
  return list;
}

}  // namespace holdfast
