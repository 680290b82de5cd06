#include "store.hpp"

#include <cstdio>
#include <cstdlib>

namespace holdfast::test {
namespace {

/// A text that sorts as the key does: a tag for the kind, then the value, then an end below every tag.
std::string encode(const Json& key) {
  if (key.is_number()) {
    const auto number = static_cast<std::uint64_t>(key.get<std::int64_t>()) ^ (1ULL << 63);
    std::string text = "1";
    for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>((number >> shift) & 0xff);
    return text;
  }
  if (key.is_string()) return "2" + key.get<std::string>() + '\0';
  std::string text = "3";
  for (const Json& item : key) text += encode(item);
  return text + '\0';
}

bool is_key(const Json& key) {
  if (key.is_array()) {
    for (const Json& item : key) {
      if (!is_key(item)) return false;
    }
    return true;
  }
  return key.is_number() || key.is_string();
}

struct IndexShape {
  const char* store;
  const char* name;
  std::vector<const char*> path;
  bool multi = false;
};

/// The indexes that the engine's ranges name.
const std::vector<IndexShape>& shapes() {
  static const std::vector<IndexShape> kShapes{
      {"mutations", "lane", {"lane", "seq"}},       {"mutations", "stamp", {"stamps"}, true},
      {"mutations", "likeness", {"client", "hash"}}, {"mutations", "user", {"user", "seq"}},
      {"mutations", "resource", {"user", "resource", "seq"}}, {"mutations", "key", {"user", "key"}},
      {"lanes", "due", {"user", "origin", "due"}},  {"lanes", "resource", {"user", "resource", "headSeq"}},
      {"outcomes", "stamp", {"stamps"}, true},      {"outcomes", "likeness", {"client", "hash"}},
      {"outcomes", "seq", {"seq"}},                 {"documents", "at", {"user", "resource", "at"}},
      {"names", "at", {"user", "at"}},              {"conflicts", "user", {"user", "seq"}},
      {"inbox", "user", {"user", "decidedAt"}},
  };
  return kShapes;
}

std::vector<Json> index_keys(const IndexShape& shape, const Json& row) {
  std::vector<Json> keys;
  if (shape.multi) {
    const Json list = row.value(shape.path[0], Json::array());
    for (const Json& item : list) keys.push_back(item);
    return keys;
  }
  Json key = Json::array();
  for (const char* field : shape.path) {
    // As in IndexedDB, a row that lacks a member of the path isn't in the index.
    if (!row.contains(field) || !is_key(row[field])) return keys;
    key.push_back(row[field]);
  }
  keys.push_back(shape.path.size() == 1 ? key[0] : key);
  return keys;
}

Json primary_key(const std::string& store, const Json& row) {
  if (store == "lanes") return row["lane"];
  if (store == "meta") return row["name"];
  if (store == "names") return Json::array({row["user"], row["resource"], row["name"]});
  if (store == "documents") return Json::array({row["user"], row["resource"], row["entity"]});
  return row["id"];
}

}  // namespace

Json Store::get(const std::string& store, const Json& key) const {
  const Table& rows = table(store);
  const auto found = rows.find(encode(key));
  return found == rows.end() ? Json(nullptr) : found->second;
}

const Store::Table& Store::table(const std::string& store) const {
  static const Table kEmpty;
  const auto found = tables_.find(store);
  return found == tables_.end() ? kEmpty : found->second;
}

std::vector<Json> Store::rows(const std::string& store) const {
  std::vector<Json> list;
  for (const auto& [key, row] : table(store)) list.push_back(row);
  return list;
}

Json Store::range(const Json& question) const {
  const std::string store = question["store"];
  const std::string name = store + " " + question["index"].get<std::string>();
  const std::string lower = encode(question["lower"]);
  const std::string upper = encode(question["upper"]) + "\xff";
  Json found = Json::array();
  const auto indexed = indexes_.find(name);
  const bool known = std::any_of(shapes().begin(), shapes().end(), [&](const IndexShape& shape) { return name == std::string(shape.store) + " " + shape.name; });
  if (!known) {
    std::fprintf(stderr, "no index %s\n", name.c_str());
    std::abort();
  }
  if (indexed == indexes_.end() || lower > upper) return found;
  const auto& entries = indexed->second;
  const auto limit = question["limit"].get<std::size_t>();
  for (auto at = entries.lower_bound(lower); at != entries.end() && at->first <= upper && found.size() < limit; ++at) {
    found.push_back(tables_.at(store).at(at->second));
  }
  return found;
}

void Store::index(const std::string& store, const std::string& primary, const Json& row, bool add) {
  for (const IndexShape& shape : shapes()) {
    if (store != shape.store) continue;
    auto& entries = indexes_[store + " " + shape.name];
    for (const Json& key : index_keys(shape, row)) {
      if (add) entries[encode(key) + primary] = primary;
      else entries.erase(encode(key) + primary);
    }
  }
}

void Store::put(const std::string& store, const Json& row) {
  const Json key = primary_key(store, row);
  erase(store, key);
  const std::string primary = encode(key);
  index(store, primary, row, true);
  tables_[store][primary] = row;
}

void Store::erase(const std::string& store, const Json& key) {
  Table& rows = tables_[store];
  const auto found = rows.find(encode(key));
  if (found == rows.end()) return;
  index(store, found->first, found->second, false);
  rows.erase(found);
}

Device::Device(const Json& config) {
  Json whole = config;
  if (!whole.contains("origin")) whole["origin"] = kApp;
  const std::string text = whole.dump();
  configured = engine.configure(text);
  lines = {text, configured};
}

/// As js/host/kept.ts has it: an answer from before the confirmed document is older than that.
bool Device::is_hidden(const Json& key) const {
  const auto at = asked.find(key[2].get<std::string>());
  if (at == asked.end()) return false;
  const Json document = store.get("documents", Json::array({key[0], key[1], key[2]}));
  return !document.is_null() && document["text"] != "" && document["at"] >= at->second;
}

std::string Device::call(const std::string& request) {
  std::string output = engine.step(request);
  if (recording) lines.insert(lines.end(), {request, output});
  return output;
}

Json Device::run(const Json& event) {
  char entropy[17];
  std::snprintf(entropy, sizeof entropy, "%016llx", static_cast<unsigned long long>(++draw * 0x9e3779b97f4a7c15ULL));
  Json request{{"event", event}, {"now", now}, {"entropy", entropy}, {"life", life},
               {"rows", Json::array()}, {"ranges", Json::array()}};
  // Each round asks for rows that the one before made it look for; no step looks deeper than this.
  for (int round = 0; round < 12; ++round) {
    Json output = Json::parse(call(request.dump()), nullptr, false);
    if (!output.contains("need")) return output;
    for (const Json& need : output["need"]["rows"]) {
      const std::string name = need[0];
      Json row = nullptr;
      if (name.starts_with("base") || name == "seen") {
        const auto& kept = name == "base" ? bases : name == "seen" ? seen : name == "base-partial" ? partial : etags;
        const auto base = kept.find(need[1][2].get<std::string>());
        if (base != kept.end() && !is_hidden(need[1])) row = base->second;
      } else {
        row = store.get(name, need[1]);
      }
      request["rows"].push_back({name, need[1], std::move(row)});
    }
    for (const Json& need : output["need"]["ranges"]) request["ranges"].push_back({need, store.range(need)});
  }
  std::fprintf(stderr, "a step asks for rows without end: %s\n", event.dump().c_str());
  std::abort();
}

Json Device::step(const Json& event) {
  const Json output = run(event);
  if (output.contains("refused")) {
    Json refused = output["refused"];
    refused["do"] = "refused";
    return Json::array({refused});
  }
  for (const Json& entry : output["puts"]) store.put(entry[0], entry[1]);
  for (const Json& entry : output["deletes"]) store.erase(entry[0], entry[1]);
  return output["effects"];
}

void Device::step_lost(const Json& event) { run(event); }

void Device::kill() {
  life = "life-" + std::to_string(++lives_);
  step({{"type", "take-over"}});
}

Json orders_config(const Json& resource, const Json& more) {
  Json orders{{"path", "/api/orders/:id"}};
  if (resource.is_object()) orders.update(resource);
  // Tests count on this number; the default is a matter of measuring.
  Json config{{"resources", {{"orders", orders}}}, {"retry", {{"sendsMax", 5}}}};
  if (more.is_object()) config.update(more);
  return config;
}

Json with_headers(std::initializer_list<std::pair<const char*, const char*>> list) {
  Json headers = Json::array();
  for (const auto& [name, value] : list) headers.push_back(Json::array({name, value}));
  return {{"headers", headers}};
}

Json write(const std::string& method, const std::string& path, const Json& body, const Json& more) {
  static std::int64_t waiter = 0;
  const std::string text = body.is_null() ? "" : body.is_string() ? body.get<std::string>() : body.dump();
  Json event{{"type", "capture"}, {"method", method}, {"url", path.starts_with("http") ? path : kApp + path},
             {"headers", Json::array()}, {"waiter", ++waiter}, {"client", "page-1"}};
  event["hash"] = method + path + text;
  event["body"] = body.is_null() ? Json{{"kind", "none"}} : Json{{"kind", "text"}, {"text", text}, {"size", text.size()}};
  event.update(more);
  return event;
}

Json answer(const std::string& id, std::int64_t attempt, int status, const std::string& body, const Json& more) {
  Json event{{"type", "answered"}, {"id", id}, {"attempt", attempt}, {"status", status}, {"body", body},
             {"headers", Json::array({Json::array({"content-type", "application/json"})})}};
  event.update(more);
  return event;
}

Json failure(const std::string& id, std::int64_t attempt, const std::string& reason) {
  return {{"type", "failed"}, {"id", id}, {"attempt", attempt}, {"reason", reason}};
}

std::vector<Json> only(const Json& effects, const std::string& kind) {
  std::vector<Json> found;
  for (const Json& effect : effects) {
    if (effect.value("do", "") == kind) found.push_back(effect);
  }
  return found;
}

std::string capture(Device& device, const Json& event) {
  const auto attached = only(device.step(event), "attach");
  return attached.empty() ? std::string() : attached.front()["id"].get<std::string>();
}

std::vector<Json> pump(Device& device) { return only(device.step({{"type", "pump"}}), "send"); }

}  // namespace holdfast::test
