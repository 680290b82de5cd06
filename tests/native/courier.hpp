// A device that knows one order, and the ways to tell it what the server says to its writes.
#pragma once

#include <doctest/doctest.h>

#include "codec/time.hpp"
#include "store.hpp"

namespace holdfast::test {

inline const Json kStates = Json{{"placed", {"picked-up", "cancelled"}}, {"picked-up", {"delivered", "cancelled"}}, {"delivered", Json::array()}, {"cancelled", Json::array()}};

inline Json rules(const Json& status = {{"transitions", kStates}}) {
  return {{"conflicts", {{"fields", {{"status", status}, {"tip", "counter"}, {"lines", {{"list", "sku"}}}}}}}};
}

inline Json order(const Json& changes = Json::object()) {
  Json document = {{"id", "1"}, {"status", "picked-up"}, {"tip", 1}, {"note", "ring twice"}, {"door", 3}};
  document.update(changes);
  return document;
}

inline Json as_json(const char* etag = nullptr) {
  return etag != nullptr ? with_headers({{"content-type", "application/json"}, {"etag", etag}}) : with_headers({{"content-type", "application/json"}});
}

/// A device that knows order 1, by a write that the server answered.
struct Courier : Device {
  struct Whole {};  ///< the configuration is given whole, and not only the resource

  explicit Courier(const Json& resource = rules(), const char* etag = "\"1\"") : Courier(orders_config(resource), etag, Whole{}) {}
  Courier(const Json& config, const char* etag, Whole) : Device(config) {
    const std::string first = capture(*this, write("PUT", "/api/orders/1", order()));
    Json send = pump(*this).at(0);
    step(answer(first, send["attempt"], 200, order().dump(), as_json(etag)));
    now += 1'000;
  }

  std::string act(const std::string& method, const Json& body, const Json& more = Json::object()) {
    Json event = write(method, "/api/orders/1", body, more);
    event["at"] = now;
    return capture(*this, event);
  }

  /// The one request that leaves now.
  Json leaves() {
    const auto sends = pump(*this);
    REQUIRE(sends.size() == 1);
    return sends[0];
  }

  void told(const Json& send, int status, const Json& document = nullptr, const char* etag = nullptr) {
    effects = step(answer(send["id"], send["attempt"], status, document.is_null() ? "" : document.dump(), as_json(etag)));
  }

  /// A write that was turned away, and then told what the server has.
  void meets(const Json& theirs, const char* etag = "\"2\"") {
    told(leaves(), 412);
    const Json look = leaves();
    REQUIRE(look["lookup"] == true);
    CHECK(look["method"] == "GET");
    CHECK(look["url"] == std::string(kApp) + "/api/orders/1");
    told(look, theirs.is_null() ? 404 : 200, theirs, theirs.is_null() ? nullptr : etag);
  }

  /// Another answer to a write: the order is as it was, at another version.
  void told_order(int version) {
    act("PUT", order());
    const std::string etag = "\"now-" + std::to_string(version) + '"';
    Json send = leaves();
    if (send["lookup"] == true) {
      told(send, 200, order({{"status", "cancelled"}}), "\"2\"");
      send = leaves();
    }
    told(send, 200, order(), etag.c_str());
  }

  Json outcome(const std::string& id) const { return row("outcomes", id); }
  Json decide(const std::string& id, const char* action, const std::string& body = "") {
    return step({{"type", "decided"}, {"id", id}, {"action", action}, {"body", body}});
  }

  Json effects;
};

/// The value of a request's header, or null.
inline Json header(const Json& send, const char* wanted) {
  for (const Json& header : send["headers"]) if (header[0] == wanted) return header[1];
  return nullptr;
}

inline Json body_of(const Json& send) { return Json::parse(send["body"].get<std::string>()); }

}  // namespace holdfast::test
