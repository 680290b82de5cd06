// The server of the storm: it compares versions, keeps answers by key, and remembers every version that there was.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.hpp"

namespace holdfast::test {

using Json = nlohmann::json;

struct Request {
  std::string method, entity, key, if_match, if_none_match, content_type, body;
};

struct Reply {
  int status = 0;
  std::optional<Json> document;
  std::string etag;
  Millis changed_at = 0;
};

inline constexpr const char* kRevision = "revision";

/// What it tells beside the status; real servers differ in this.
struct Manners {
  bool shows_after_write = true;    ///< 200 with the document and its ETag; else 204
  bool shows_on_mismatch = true;    ///< with the document and its ETag; else without
  int mismatch = 412;               ///< or 409, which is one only if it shows the document
  bool counts = false;              ///< it puts a revision of its own into the document with each change
};

class VersionedServer {
 public:
  struct Version {
    std::optional<Json> document;
    Millis at = 0;
  };

  explicit VersionedServer(Manners manners) : manners_(manners) {}

  void make(const std::string& entity, const Json& document) { versions_[entity].push_back({document, 0}); }

  Reply write(const Request& request, Millis now);

  /// @param behind how many versions the replica that answers lags behind
  Reply read(const std::string& entity, std::size_t behind = 0) const;

  const std::vector<Version>& versions(const std::string& entity) const { return versions_.at(entity); }
  std::optional<Json> current(const std::string& entity) const { return versions_.at(entity).back().document; }

  /// Whether a write is turned down for a reason of its own.
  std::function<bool()> refuses = [] { return false; };
  /// Told of each write that changes something.
  std::function<void(const std::optional<Json>& before, const std::optional<Json>& after)> on_applied;
  std::string mistake;              ///< a key that came with two requests, or a write that no client should make

 private:
  Reply decide(const Request& request, Millis now);
  Reply shown(int status, const std::string& entity) const;

  Manners manners_;
  std::map<std::string, std::vector<Version>> versions_;
  std::map<std::string, std::string> asked_;
  std::map<std::string, Reply> answers_;
};

}  // namespace holdfast::test
