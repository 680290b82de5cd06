// The engine over a map: what the host does with IndexedDB, done in memory. Keys sort as IndexedDB sorts them
// (numbers before strings before arrays); a range whose lower end lies above its upper end is empty, as in the host.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "engine/engine.hpp"

namespace holdfast::test {

using Json = nlohmann::json;

class Store {
 public:
  using Table = std::map<std::string, Json>;  ///< by encoded primary key

  Json get(const std::string& store, const Json& key) const;
  Json range(const Json& question) const;
  void put(const std::string& store, const Json& row);
  void erase(const std::string& store, const Json& key);
  const Table& table(const std::string& store) const;
  std::vector<Json> rows(const std::string& store) const;  ///< in order of their keys

 private:
  void index(const std::string& store, const std::string& primary, const Json& row, bool add);

  std::map<std::string, Table> tables_;
  std::map<std::string, std::map<std::string, std::string>> indexes_;  ///< store and index, then key, to primary key
};

/// One browser: a database, a clock, and the worker's present life.
class Device {
 public:
  /// @param config as the app declares it; `origin` is filled in
  explicit Device(const Json& config);

  /// Steps one event in one transaction and applies it. @return the effects, or [{"do": "refused", code, message}]
  Json step(const Json& event);
  /// Computes a step whose transaction then fails: no row changes, no effect happens.
  void step_lost(const Json& event);
  /// The worker dies; another one starts and takes the sender's lock over.
  void kill();

  Json row(const std::string& name, const Json& key) const { return store.get(name, key); }
  std::size_t count(const std::string& name) const { return store.table(name).size(); }

  Engine engine;
  std::string configured;  ///< what `configure` answered
  Store store;
  Millis now = 1'700'000'000'000;
  std::string life = "life-1";
  std::map<std::string, Json> bases;  ///< what the host would find among kept answers, by entity
  std::map<std::string, Json> etags;  ///< and with which ETag
  std::map<std::string, Json> partial;  ///< and whether it lacks members
  std::map<std::string, Json> seen;   ///< and when the answer in hand was asked for
  std::map<std::string, Millis> asked;  ///< and when it was asked for: a confirmed document that is newer hides it
  std::uint64_t draw = 0;             ///< where this device's entropy begins; two devices need two
  bool recording = false;
  std::vector<std::string> lines;     ///< while recording: input and output of every call, in turn

 private:
  Json run(const Json& event);
  std::string call(const std::string& request);

  bool is_hidden(const Json& key) const;

  int lives_ = 1;
};

inline constexpr const char* kApp = "https://app.example";

// --- Short forms -------------------------------------------------------------------------------------------------

/// {resources: {orders: {path: '/api/orders/:id'}}}, with more fields of the resource or more of the configuration.
Json orders_config(const Json& resource = Json::object(), const Json& more = Json::object());

/// {headers: [[name, value]…]}. JSON for C++ would take a braced list of pairs for an object.
Json with_headers(std::initializer_list<std::pair<const char*, const char*>> list);

/// A capture event. `path` is taken at kApp.
Json write(const std::string& method, const std::string& path, const Json& body = nullptr,
           const Json& more = Json::object());
Json answer(const std::string& id, std::int64_t attempt, int status, const std::string& body = "",
            const Json& more = Json::object());
Json failure(const std::string& id, std::int64_t attempt, const std::string& reason = "network");

/// Captures, and returns the id of the write that the page's fetch was attached to.
std::string capture(Device& device, const Json& event);
/// The effects of one kind.
std::vector<Json> only(const Json& effects, const std::string& kind);
/// Pumps, and returns the sends.
std::vector<Json> pump(Device& device);

}  // namespace holdfast::test
