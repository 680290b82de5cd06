// What is stored with a document as its version: only what an answer said of that very document.
#include <doctest/doctest.h>

#include "store.hpp"

using namespace holdfast::test;

namespace {

Json with_etag(const char* value) { return with_headers({{"content-type", "application/json"}, {"etag", value}}); }

/// The ETag stored after one write was answered. Before, the document had "1".
Json stored(const char* method, const char* path, int status, const char* body, const Json& headers) {
  Device device(orders_config());
  const std::string first = capture(device, write("PUT", "/api/orders/1", {{"id", "1"}}));
  pump(device);
  device.step(answer(first, 1, 200, R"({"id":"1"})", with_etag("\"1\"")));
  REQUIRE(device.row("documents", {"", "orders", "1"})["etag"] == "\"1\"");
  const std::string id = capture(device, write(method, path, {{"id", "1"}, {"a", 2}}));
  pump(device);
  device.step(answer(id, 1, status, body, headers));
  REQUIRE(device.row("outcomes", id)["state"] == "confirmed");
  return device.row("documents", {"", "orders", "1"})["etag"];
}

constexpr const char* kItem = "/api/orders/1";
constexpr const char* kBody = R"({"id":"1","a":2})";

}  // namespace

TEST_CASE("Promise 19: strong and weak ETags are stored as they came (RFC 9110, section 8.8.3)") {
  CHECK(stored("PATCH", kItem, 200, kBody, with_etag("\"2\"")) == "\"2\"");
  CHECK(stored("PATCH", kItem, 200, kBody, with_etag("W/\"2\"")) == "W/\"2\"");
  CHECK(stored("POST", "/api/orders", 201, kBody, with_etag("\"2\"")) == "\"2\"");
  CHECK(stored("POST", "/api/orders/1/cancel", 200, kBody, with_etag("\"2\"")) == "\"2\"");
}

TEST_CASE("Promise 19: no older ETag outlives the document that it named") {
  const Json none = with_headers({{"content-type", "application/json"}});
  CHECK(stored("PATCH", kItem, 200, kBody, none) == "");
  CHECK(stored("PATCH", kItem, 204, "", none) == "");
  CHECK(stored("DELETE", kItem, 204, "", none) == "");
  CHECK(stored("POST", "/api/orders/1/cancel", 204, "", none) == "");
}

TEST_CASE("Promise 19: an ETag without the document, or of another one, is not this document's") {
  CHECK(stored("PATCH", kItem, 204, "", with_etag("\"2\"")) == "");
  CHECK(stored("PATCH", kItem, 200, "[1]", with_etag("\"2\"")) == "");
  CHECK(stored("PATCH", kItem, 200, R"({"ok":true})", with_etag("\"2\"")) == "");
  CHECK(stored("POST", "/api/orders/1/cancel", 200, R"({"id":"receipt 7"})", with_etag("\"2\"")) == "");
}
