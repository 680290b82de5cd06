// What is made up where a document or an effect was declared, until the server answers.
#include <doctest/doctest.h>

#include "overlay/declared.hpp"
#include "store.hpp"

using namespace holdfast::test;
using holdfast::iso_time;

namespace {

Json shown(Device& device, const std::string& path) {
  return only(device.step({{"type", "read"}, {"url", kApp + path}}), "view").at(0)["document"];
}

}  // namespace

TEST_CASE("A time is printed as toISOString prints it") {
  CHECK(iso_time(0) == "1970-01-01T00:00:00.000Z");
  CHECK(iso_time(951'782'400'000) == "2000-02-29T00:00:00.000Z");
  CHECK(iso_time(1'767'225'599'999) == "2025-12-31T23:59:59.999Z");
  CHECK(iso_time(-1) == "1969-12-31T23:59:59.999Z");
  CHECK(iso_time(-62'167'219'200'001) == "-000001-12-31T23:59:59.999Z");
  CHECK(iso_time(holdfast::kNever) == "+275760-09-13T00:00:00.000Z");
}

TEST_CASE("A created document has what was declared, with the app's own members over it") {
  Device device(orders_config(Json::parse(R"({"defaults": {"status": "placed", "createdAt": {"$holdfast": "now"}, "url": {"$holdfast": "url"},
    "lines": [], "title": {"$holdfast": "given", "at": "/name"}, "missing": {"$holdfast": "given", "at": "/nothing"}}})")));
  Json event = write("POST", "/api/orders?x=1", {{"id", "7"}, {"name", "soup"}, {"status", "draft"}});
  event["at"] = 1'767'225'599'999;
  capture(device, event);
  CHECK(shown(device, "/api/orders/7") == Json::parse(R"({"id": "7", "name": "soup", "status": "draft", "lines": [], "title": "soup",
    "createdAt": "2025-12-31T23:59:59.999Z", "url": "https://app.example/api/orders/7"})"));
}

TEST_CASE("Promise 11: an action's declared effect shows, in its place among the item's other writes") {
  Device device(orders_config(Json::parse(R"({"actions": {"cancel": {"status": "cancelled", "why": {"$holdfast": "given", "at": "/reason"}},
    "like": {"likes": {"$holdfast": "increment", "by": 1}}, "DELETE like": {"likes": {"$holdfast": "increment", "by": -1}}}})")));
  device.bases["1"] = {{"id", "1"}, {"status", "placed"}, {"likes", 2}};
  capture(device, write("POST", "/api/orders/1/like", nullptr));
  CHECK(shown(device, "/api/orders/1")["likes"] == 3);
  capture(device, write("PATCH", "/api/orders/1", {{"status", "ready"}}));
  capture(device, write("POST", "/api/orders/1/cancel", {{"reason", "late"}}));
  capture(device, write("DELETE", "/api/orders/1/like", nullptr));
  capture(device, write("POST", "/api/orders/1/unknown", nullptr));
  CHECK(shown(device, "/api/orders/1") == Json{{"id", "1"}, {"status", "cancelled"}, {"why", "late"}, {"likes", 2}});
  CHECK(device.count("lanes") == 1);
}

TEST_CASE("A default is taken from a single document, as it is shown to the user who writes") {
  Device device({{"resources", {
      {"orders", {{"path", "/api/orders/:id"}, {"defaults", Json::parse(R"({"by": {"name": {"$holdfast": "from", "resource": "me", "at": "/name"},
        "phone": {"$holdfast": "from", "resource": "me", "at": "/phone"}}})")}}},
      {"me", {{"path", "/api/me"}, {"singleton", true}, {"envelope", "/user"}}},
  }}});
  capture(device, write("POST", "/api/orders", {{"id", "1"}}));
  CHECK(shown(device, "/api/orders/1")["by"] == Json::object());
  device.bases["me"] = {{"name", "Ann"}};
  CHECK(shown(device, "/api/orders/1")["by"] == Json{{"name", "Ann"}});
  capture(device, write("PATCH", "/api/me", {{"user", {{"phone", "1"}}}}));
  CHECK(shown(device, "/api/orders/1")["by"] == Json{{"name", "Ann"}, {"phone", "1"}});
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", "bob"}});
  device.bases["me"] = {{"name", "Bob"}};
  capture(device, write("POST", "/api/orders", {{"id", "2"}}));
  CHECK(shown(device, "/api/orders/2")["by"] == Json{{"name", "Bob"}});
}

TEST_CASE("An envelope is taken off bodies and put around what the page is told") {
  Device device(orders_config(Json::parse(R"({"envelope": "/order"})")));
  device.bases["1"] = {{"id", "1"}, {"note", "server"}};
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"order", {{"tip", 5}}}}));
  CHECK(shown(device, "/api/orders/1") == Json{{"id", "1"}, {"note", "server"}, {"tip", 5}});
  pump(device);
  const auto told = only(device.step({{"type", "waited"}, {"id", id}}), "respond");
  CHECK(Json::parse(told.at(0)["document"].get<std::string>()) == Json{{"order", {{"id", "1"}, {"note", "server"}, {"tip", 5}}}});
  device.step(answer(id, 1, 200, R"({"order": {"id": "1", "note": "theirs"}})"));
  device.bases.clear();
  CHECK(shown(device, "/api/orders/1") == Json{{"id", "1"}, {"note", "theirs"}});
}

TEST_CASE("An action's answer is believed if it is the item's document: a DELETE's as well, and a single document's in its envelope") {
  const auto confirmed = [](Device& device, const Json& event, const char* body) {
    const std::string id = capture(device, event);
    pump(device);
    device.step(answer(id, 1, 200, body));
    device.bases.clear();
  };
  SUBCASE("an item's") {
    Device device(orders_config());
    device.bases["1"] = {{"id", "1"}, {"likes", 1}};
    confirmed(device, write("DELETE", "/api/orders/1/like", nullptr), R"({"id": "1", "likes": 0})");
    CHECK(shown(device, "/api/orders/1")["likes"] == 0);
  }
  SUBCASE("something else") {
    Device device(orders_config());
    device.bases["1"] = {{"id", "1"}, {"likes", 1}};
    confirmed(device, write("POST", "/api/orders/1/receipt", nullptr), R"({"id": "r7", "total": 12})");
    CHECK(shown(device, "/api/orders/1") == Json{{"id", "1"}, {"likes", 1}});
  }
  SUBCASE("a single document's") {
    Device device({{"resources", {{"profile", {{"path", "/api/profile"}, {"singleton", true}, {"envelope", "/user"}}}}}});
    confirmed(device, write("POST", "/api/profile/visit", nullptr), R"({"user": {"visits": 3}})");
    CHECK(shown(device, "/api/profile") == Json{{"visits", 3}});
    confirmed(device, write("POST", "/api/profile/visit", nullptr), R"({"done": true})");
    CHECK(shown(device, "/api/profile") == Json{{"visits", 3}});
  }
}

TEST_CASE("A PUT replaces, but an id that it leaves out stays what it was; where it was declared so, it merges") {
  Device replacing(orders_config());
  Device merging(orders_config({{"put", "merge"}}));
  for (Device* device : {&replacing, &merging}) {
    device->bases["1"] = {{"id", 1}, {"note", "server"}};
    capture(*device, write("PUT", "/api/orders/1", {{"tip", 5}}));
  }
  CHECK(shown(replacing, "/api/orders/1") == Json{{"id", 1}, {"tip", 5}});
  CHECK(shown(merging, "/api/orders/1") == Json{{"id", 1}, {"note", "server"}, {"tip", 5}});
}

TEST_CASE("A single document: its own lane, no collection") {
  Device device({{"resources", {{"profile", {{"path", "/api/profile"}, {"singleton", true}}}}}});
  device.bases["profile"] = {{"name", "Ann"}};
  const std::string id = capture(device, write("PATCH", "/api/profile", {{"phone", "1"}}));
  CHECK(shown(device, "/api/profile") == Json{{"name", "Ann"}, {"phone", "1"}});
  pump(device);
  device.step(answer(id, 1, 200, R"({"name": "Ann", "phone": "1", "v": 2})"));
  device.bases.clear();
  CHECK(shown(device, "/api/profile")["v"] == 2);
}
