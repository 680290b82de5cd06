// A device whose server tells of changes, and the ways in which it does.
#pragma once

#include "courier.hpp"

namespace holdfast::test {

inline const Json kVersioned = {{"version", "/version"}};

inline Json versioned(int version, const Json& changes = Json::object()) {
  Json document = order(changes);
  document["version"] = version;
  return document;
}

inline Json upsert(const Json& document, int version, const Json& more = Json::object()) {
  Json change = {{"resource", "orders"}, {"id", document["id"]}, {"version", version}, {"kind", "upsert"}, {"document", document}};
  change.update(more);
  return change;
}

inline Json removal(const std::string& id, int version, const Json& more = Json::object()) {
  Json change = {{"resource", "orders"}, {"id", id}, {"version", version}, {"kind", "delete"}, {"document", nullptr}};
  change.update(more);
  return change;
}

inline Json batch(const std::string& after, const std::string& cursor, std::initializer_list<Json> changes) {
  return {{"type", "changes"}, {"after", after}, {"cursor", cursor}, {"changes", Json::array_t(changes)}, {"more", false}};
}

/// A device whose feed begins at the cursor "c0".
struct Fed : Device {
  struct Whole {};  ///< the configuration is given whole, and not only the resource

  explicit Fed(const Json& resource = kVersioned) : Fed(orders_config(resource), Whole{}) {}
  Fed(const Json& config, Whole) : Device(config) {
    step({{"type", "feed"}, {"action", "welcomed"}, {"cursor", "c0"}, {"gap", true}});
    step({{"type", "feed"}, {"action", "refreshed"}, {"since", now}});
    now += 1'000;
  }

  Json tell(const Json& message, const std::string& user = "") {
    const Json effects = step({{"type", "feed"}, {"action", "changes"}, {"user", user}, {"batch", message.dump()}});
    const auto fed = only(effects, "fed");
    REQUIRE(fed.size() == 1);
    return fed[0];
  }

  /// The changes that come next.
  Json tell(std::initializer_list<Json> changes) {
    now += 10;
    const std::string after = feed()["cursor"];
    return tell(batch(after, after + "+", changes));
  }

  Json feed() const { return row("meta", "feed "); }
  Json stored(const std::string& id = "1") const { return row("documents", Json::array({"", "orders", id})); }
  Json document(const std::string& id = "1") const {
    const Json stored = this->stored(id);
    return stored.is_null() || stored["text"] == "" ? Json() : Json::parse(stored["text"].get<std::string>());
  }
  Json shown(const std::string& path = "/api/orders/1") {
    return only(step({{"type", "read"}, {"url", kApp + path}, {"at", 1}}), "view").at(0);
  }
  /// The feed has shown by another document that it counts as documents do.
  void counts() { tell({upsert(versioned(2, {{"id", "9"}}), 2)}); }

  /// The one request that leaves now.
  Json leaves() {
    const auto sends = pump(*this);
    REQUIRE(sends.size() == 1);
    return sends[0];
  }
};

}  // namespace holdfast::test
