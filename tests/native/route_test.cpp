#include <doctest/doctest.h>

#include "codec/config_codec.hpp"
#include "routing/route.hpp"

using namespace holdfast;

namespace {

Config config() {
  return decode_config(R"({"origin": "https://app.example", "resources": {
    "orders": {"path": "/api/orders/:id"},
    "tickets": {"path": "https://desk.example/v2/tickets/:id"},
    "notes": {"path": "/api/users/:user/notes/:id"},
    "users": {"path": "/api/users/:id", "lane": "people"}
  }})").config;
}

std::string where(const std::string& url) {
  static const Config kConfig = config();
  const auto found = route(kConfig, url);
  if (!found) return "-";
  const char* kinds[] = {"collection", "item", "action"};
  return found->resource->name + " " + kinds[static_cast<int>(found->kind)] + " " + found->entity;
}

}  // namespace

TEST_CASE("A URL belongs to a collection, to an item, or to an item's action") {
  CHECK(where("https://app.example/api/orders") == "orders collection ");
  CHECK(where("https://app.example/api/orders/42") == "orders item 42");
  CHECK(where("https://app.example/api/orders/42/cancel") == "orders action 42");
  CHECK(where("https://app.example/api/orders/42/lines/7") == "orders action 42");
}

TEST_CASE("Query, fragment and a trailing slash name the same thing") {
  CHECK(where("https://app.example/api/orders/?page=2") == "orders collection ");
  CHECK(where("https://app.example/api/orders/42/?x=/y#z") == "orders item 42");
  CHECK(where("https://app.example/api/orders#top") == "orders collection ");
}

TEST_CASE("What is not declared is not touched") {
  CHECK(where("https://app.example/") == "-");
  CHECK(where("https://app.example") == "-");
  CHECK(where("https://app.example/api/ordersx/42") == "-");
  CHECK(where("https://other.example/api/orders/42") == "-");
  CHECK(where("http://app.example/api/orders/42") == "-");
  CHECK(where("https://app.example:8443/api/orders/42") == "-");
  CHECK(where("https://app.example/api//orders/42") == "-");
  CHECK(where("not a url") == "-");
  CHECK(where("") == "-");
}

TEST_CASE("Promise 13: a resource may live on another origin") {
  CHECK(where("https://desk.example/v2/tickets/9") == "tickets item 9");
  CHECK(where("https://app.example/v2/tickets/9") == "-");
}

TEST_CASE("The longer pattern is the better answer for the same path") {
  CHECK(where("https://app.example/api/users/7") == "users item 7");
  CHECK(where("https://app.example/api/users/7/notes") == "notes collection ");
  CHECK(where("https://app.example/api/users/7/notes/3") == "notes item 7/3");
  CHECK(where("https://app.example/api/users/7/notes/3/pin") == "notes action 7/3");
  CHECK(where("https://app.example/api/users/7/rename") == "users action 7");
}

TEST_CASE("An entity's name is decoded, and stays text whatever a URL holds") {
  CHECK(where("https://app.example/api/orders/a%20b%2Fc") == "orders item a b/c");
  CHECK(where("https://app.example/api/orders/%E2%82%AC") == "orders item \xE2\x82\xAC");
  CHECK(where("https://app.example/api/orders/100%") == "orders item 100%");
  CHECK(where("https://app.example/api/orders/%zz") == "orders item %zz");
  SUBCASE("bytes that are no UTF-8 stay encoded, since a key of the database is text") {
    CHECK(where("https://app.example/api/orders/%FF") == "orders item %FF");
    CHECK(where("https://app.example/api/orders/%C0%AF") == "orders item %C0%AF");
    CHECK(where("https://app.example/api/orders/%ED%A0%80") == "orders item %ED%A0%80");
  }
}

TEST_CASE("Promise 7: lanes of two users, two resources and two entities are never the same") {
  const Config parsed = config();
  const Resource& orders = *parsed.find("orders");
  const Resource& tickets = *parsed.find("tickets");
  CHECK(lane_name("ann", orders, "1") != lane_name("ben", orders, "1"));
  CHECK(lane_name("ann", orders, "1") != lane_name("ann", orders, "2"));
  CHECK(lane_name("ann", orders, "1") != lane_name("ann", tickets, "1"));
  CHECK(lane_name("ann", orders, "1") == lane_name("ann", orders, "1"));
  CHECK(lane_name("", orders, "1") != lane_name("ann", orders, "1"));
}

TEST_CASE("Promise 4: a declared lane joins all entities of its resources") {
  const Config parsed = config();
  const Resource& users = *parsed.find("users");
  CHECK(lane_name("ann", users, "1") == lane_name("ann", users, "2"));
  CHECK(lane_name("ann", users, "1") != lane_name("ben", users, "1"));
}
