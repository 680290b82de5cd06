#include <doctest/doctest.h>

#include <algorithm>

#include "codec/config_codec.hpp"

using namespace holdfast;

namespace {

/// The fields that a configuration is wrong in.
std::string wrong(const std::string& json) {
  std::string fields;
  for (const ConfigError& error : decode_config(json).errors) {
    CHECK_FALSE(error.message.empty());
    fields += (fields.empty() ? "" : " ") + error.field;
  }
  return fields;
}

std::string with(const std::string& inner, const std::string& more = "") {
  return R"({"origin": "https://app.example", "resources": {"orders": {"path": "/api/orders/:id")" + inner + "}}" + more + "}";
}

}  // namespace

TEST_CASE("A plain configuration gets the documented defaults") {
  const auto decoded = decode_config(with(""));
  REQUIRE(decoded.errors.empty());
  const Resource& orders = decoded.config.resources.at(0);
  CHECK(orders.name == "orders");
  CHECK(orders.origin == "https://app.example");
  CHECK(orders.timeout_ms == 2'000);
  CHECK(orders.queued_status == 202);
  CHECK(orders.id == Pointer{"id"});
  CHECK(orders.item == std::vector<Segment>{{false, "api"}, {false, "orders"}, {true, "id"}});
  CHECK(orders.coalesce.patches == CoalescePatches::kNever);
  CHECK(decoded.config.retry.base_ms == 1'000);
  CHECK(decoded.config.retry.cap_ms == 30'000);
  CHECK(decoded.config.retry.breaker_failures == 5);
}

TEST_CASE("Every setting arrives") {
  const auto decoded = decode_config(with(
      R"(, "id": "uuid", "timeoutMs": 500, "bodyBytesMax": 10, "queuedStatus": 200, "lane": "desk",
          "answers": {"409": "confirmed"}, "coalesce": {"patch": "latest", "createDelete": true, "keep": ["status"]},
          "read": {"strategy": "cache-only", "timeoutMs": 100, "entries": 5, "bytes": 1000, "offline": "always"})",
      R"(, "retry": {"baseMs": 10, "capMs": 20, "silentBaseMs": 5, "retryAfterMaxMs": 30, "sendTimeoutMs": 100,
          "breakerFailures": 2, "sendsMax": 1})"));
  REQUIRE(decoded.errors.empty());
  const Resource& orders = decoded.config.resources.at(0);
  CHECK(orders.id == Pointer{"uuid"});
  CHECK(orders.timeout_ms == 500);
  CHECK(orders.body_bytes_max == 10);
  CHECK(orders.queued_status == 200);
  CHECK(orders.lane == "desk");
  CHECK(orders.answers.at(409) == AnswerClass::kConfirmed);
  CHECK(orders.coalesce.patches == CoalescePatches::kLatest);
  CHECK(orders.coalesce.create_delete);
  CHECK(orders.coalesce.keep == std::vector<std::string>{"status"});
  const RetryConfig& retry = decoded.config.retry;
  CHECK(retry.base_ms == 10);
  CHECK(retry.cap_ms == 20);
  CHECK(retry.silent_base_ms == 5);
  CHECK(retry.retry_after_max_ms == 30);
  CHECK(retry.send_timeout_ms == 100);
  CHECK(retry.breaker_failures == 2);
  CHECK(retry.sends_max == 1);
}

TEST_CASE("A mistake names its field") {
  CHECK(wrong("") == "");
  CHECK(decode_config("").errors.size() == 1);
  CHECK(decode_config("[]").errors.size() == 1);
  CHECK(wrong("{}") == "resources");
  CHECK(wrong(R"({"resources": {}})") == "resources");
  CHECK(wrong(R"({"resources": {"orders": 5}})") == "resources.orders");
  CHECK(wrong(with(R"(, "timeout": 5)")) == "resources.orders.timeout");
  CHECK(wrong(with(R"(, "timeoutMs": -1)")) == "resources.orders.timeoutMs");
  CHECK(wrong(with(R"(, "timeoutMs": 1.5)")) == "resources.orders.timeoutMs");
  CHECK(wrong(with(R"(, "timeoutMs": 1e300)")) == "resources.orders.timeoutMs");
  CHECK(wrong(with(R"(, "timeoutMs": 18446744073709551615)")) == "resources.orders.timeoutMs");
  CHECK(wrong(with(R"(, "timeoutMs": "5")")) == "resources.orders.timeoutMs");
  CHECK(wrong(with(R"(, "queuedStatus": 500)")) == "resources.orders.queuedStatus");
  CHECK(wrong(with(R"(, "lane": "")")) == "resources.orders.lane");
  CHECK(wrong(with(R"(, "answers": {"4xx": "retry"})")) == "resources.orders.answers.4xx");
  CHECK(wrong(with(R"(, "answers": {"409": "maybe"})")) == "resources.orders.answers.409");
  CHECK(wrong(with(R"(, "coalesce": {"patch": "sum"})")) == "resources.orders.coalesce.patch");
  CHECK(wrong(with(R"(, "coalesce": {"keep": [1]})")) == "resources.orders.coalesce.keep");
  CHECK(wrong(with(R"(, "coalesce": {"createDelete": 1})")) == "resources.orders.coalesce.createDelete");
  CHECK(wrong(with(R"(, "read": "cache-only")")) == "resources.orders.read");
  CHECK(wrong(with(R"(, "read": {"strategy": "cache-first"})")) == "resources.orders.read.strategy");
  CHECK(wrong(with(R"(, "read": {"timeoutMs": -1})")) == "resources.orders.read.timeoutMs");
  CHECK(wrong(with(R"(, "read": {"entries": 0.5})")) == "resources.orders.read.entries");
  CHECK(wrong(with(R"(, "read": {"bytes": "1 MB"})")) == "resources.orders.read.bytes");
  CHECK(wrong(with(R"(, "read": {"offline": true})")) == "resources.orders.read.offline");
  CHECK(wrong(with(R"(, "read": {"maxAgeMs": 1})")) == "resources.orders.read.maxAgeMs");
  CHECK(wrong(with(R"(, "secrets": "token")")) == "resources.orders.secrets");
  CHECK(wrong(with(R"(, "list": {"partial": 1})")) == "resources.orders.list.partial");
  CHECK(wrong(with(R"(, "list": {"filter": {"mine": {"field": "mine", "reader": "me"}}})")) == "resources.orders.list.filter.mine.reader");
  CHECK(wrong(with("", R"(, "retry": {"base": 1})")) == "retry.base");
  CHECK(wrong(with("", R"(, "retry": {"baseMs": 50000})")) == "retry.capMs");
  CHECK(wrong(with("", R"(, "retry": [])")) == "retry");
  CHECK(wrong(with("", R"(, "resource": {})")) == "resource");
}

TEST_CASE("Each mistake is told, not only the first") {
  CHECK(wrong(with(R"(, "timeoutMs": -1, "queuedStatus": 1)", R"(, "retry": {"capMs": 0})")) ==
        "resources.orders.timeoutMs resources.orders.queuedStatus retry.capMs");
}

TEST_CASE("A value can be taken only from a single document, and from none that takes any itself") {
  const auto from = [](const std::string& resource, const std::string& more) {
    return wrong(R"({"origin": "https://app.example", "resources": {"orders": {"path": "/api/orders/:id",
      "defaults": {"by": {"$holdfast": "from", "resource": ")" + resource + R"(", "at": "/name"}}},
      "me": {"path": "/api/me", "singleton": true)" + more + "}}}");
  };
  CHECK(from("me", "") == "");
  CHECK(from("orders", "") == "resources.orders");
  CHECK(from("nobody", "") == "resources.orders");
  CHECK(from("me", R"(, "actions": {"visit": {"last": {"$holdfast": "from", "resource": "me", "at": "/next"}}})") == "resources.me resources.me");
  CHECK(wrong(with(R"(, "list": {"filter": {"mine": {"field": "mine", "reader": {"$holdfast": "from", "resource": "me", "at": ""}}}})")) == "resources.orders");
}

TEST_CASE("A path that names no item is a mistake") {
  for (const char* path : {"", "/", "/api/orders", "/:id", "/api/orders/:", "orders/:id/lines", "api"}) {
    CAPTURE(path);
    CHECK(wrong(std::string(R"({"origin": "https://app.example", "resources": {"orders": {"path": ")") + path + "\"}}}") != "");
  }
}

TEST_CASE("An origin that no URL could ever have is a mistake") {
  for (const char* origin : {"https://api.example/", "https://api.example/v1", "api.example", "https://API.example"}) {
    CAPTURE(origin);
    CHECK(wrong(with(std::string(R"(, "origin": ")") + origin + "\"")) .starts_with("resources.orders.origin"));
  }
  CHECK(wrong(with(R"(, "origin": "https://api.example:8443")")) == "");
}
