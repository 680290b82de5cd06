#include <doctest/doctest.h>

#include "store.hpp"

using namespace holdfast::test;
using namespace std::string_literals;

TEST_CASE("Promise 1: a captured write is a row before anything is sent, and nothing is sent by the capture itself") {
  Device device(orders_config());
  const Json effects = device.step(write("POST", "/api/orders", {{"id", "o1"}, {"note", "hi"}}));
  CHECK(only(effects, "send").empty());
  CHECK(only(effects, "attach").size() == 1);
  CHECK(only(effects, "register_sync").size() == 1);
  REQUIRE(device.count("mutations") == 1);
  const Json row = device.store.rows("mutations")[0];
  CHECK(row["method"] == "POST");
  CHECK(row["url"] == "https://app.example/api/orders");
  CHECK(row["body"]["text"] == R"({"id":"o1","note":"hi"})");
  CHECK(row["state"] == "queued");
  CHECK(row["attempts"] == 0);
  CHECK(row["entity"] == "o1");
  CHECK(device.row("meta", "counts ")["pending"] == 1);
  CHECK(device.store.rows("lanes")[0]["head"] == row["id"]);
}

TEST_CASE("Promise 1: a step that is not committed leaves nothing behind") {
  Device device(orders_config());
  device.step_lost(write("POST", "/api/orders", {{"id", "o1"}}));
  CHECK(device.count("mutations") == 0);
  CHECK(device.count("lanes") == 0);
  CHECK(pump(device).empty());
}

TEST_CASE("Promise 3: a key is minted at capture, and the app's own is kept") {
  Device device(orders_config());
  const std::string own = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  const std::string given = capture(device, write("PATCH", "/api/orders/2", {{"a", 1}}, {{"key", "mine"}}));
  const std::string key = device.row("mutations", own)["key"];
  CHECK(key.size() == 36);
  CHECK(key[14] == '7');
  CHECK(key != own);
  CHECK(device.row("mutations", given)["key"] == "mine");
}

TEST_CASE("Promise 4: writes of one entity share a lane in the order of their arrival") {
  Device device(orders_config());
  const std::string first = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  const std::string other = capture(device, write("PATCH", "/api/orders/2", {{"a", 1}}));
  const std::string action = capture(device, write("POST", "/api/orders/1/cancel"));
  CHECK(device.row("mutations", first)["lane"] == device.row("mutations", action)["lane"]);
  CHECK(device.row("mutations", first)["lane"] != device.row("mutations", other)["lane"]);
  CHECK(device.row("mutations", first)["seq"] < device.row("mutations", action)["seq"]);
  const auto sends = pump(device);
  REQUIRE(sends.size() == 2);
  CHECK(sends[0]["id"] == first);
  CHECK(sends[1]["id"] == other);
}

TEST_CASE("Two equal quick taps are two writes") {
  Device device(orders_config());
  SUBCASE("with a stamp each") {
    capture(device, write("POST", "/api/orders", {{"note", "tea"}}, {{"stamp", "s1"}}));
    capture(device, write("POST", "/api/orders", {{"note", "tea"}}, {{"stamp", "s2"}}));
  }
  SUBCASE("without stamps") {
    capture(device, write("POST", "/api/orders", {{"note", "tea"}}));
    capture(device, write("POST", "/api/orders", {{"note", "tea"}}));
  }
  CHECK(device.count("mutations") == 2);
}

TEST_CASE("A request delivered once more is the same write, by its stamp") {
  Device device(orders_config());
  const Json request = write("POST", "/api/orders", {{"id", "o1"}}, {{"stamp", "s1"}});
  const std::string id = capture(device, request);
  SUBCASE("while it waits") {
    device.kill();
    CHECK(capture(device, request) == id);
    CHECK(device.count("mutations") == 1);
  }
  SUBCASE("in the same life") {
    CHECK(capture(device, request) == id);
    CHECK(device.count("mutations") == 1);
  }
  SUBCASE("after it was settled: its outcome is told again") {
    pump(device);
    device.step(answer(id, 1, 201, R"({"id":"o1","n":1})"));
    REQUIRE(device.count("mutations") == 0);
    device.kill();
    const auto effects = device.step(request);
    const auto again = only(effects, "respond");
    REQUIRE(again.size() == 1);
    CHECK(again[0]["how"] == "outcome");
    CHECK(again[0]["id"] == id);
    CHECK(again[0]["status"] == 201);
    CHECK(again[0]["document"] == R"({"id":"o1","n":1})");
    CHECK(device.count("mutations") == 0);
  }
}

TEST_CASE("Without a stamp, a row of a dead life whose page was never answered absorbs one equal request of that page") {
  Device device(orders_config());
  const Json request = write("POST", "/api/orders", {{"id", "o1"}});
  const std::string id = capture(device, request);
  SUBCASE("one, and only one") {
    device.kill();
    CHECK(capture(device, request) == id);
    CHECK(capture(device, request) != id);
    CHECK(device.count("mutations") == 2);
  }
  SUBCASE("after a second death, one more") {
    device.kill();
    CHECK(capture(device, request) == id);
    device.kill();
    CHECK(capture(device, request) == id);
    CHECK(device.count("mutations") == 1);
  }
  SUBCASE("not if its page was answered") {
    device.step({{"type", "waited"}, {"id", id}});
    device.kill();
    CHECK(capture(device, request) != id);
  }
  SUBCASE("not for another page, nor for another body") {
    device.kill();
    Json other = request;
    other["client"] = "page-2";
    CHECK(capture(device, other) != id);
    CHECK(capture(device, write("POST", "/api/orders", {{"id", "o2"}})) != id);
  }
  SUBCASE("settled before its page was answered: the outcome answers, once") {
    pump(device);
    device.step(answer(id, 1, 201, R"({"id":"o1"})"));
    device.kill();
    CHECK(only(device.step(request), "respond").size() == 1);
    CHECK(capture(device, request) != "");
  }
}

TEST_CASE("Promise 2: with the gate closed, or behind a lane that waits, the page is answered at once") {
  Device device(orders_config());
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  pump(device);
  SUBCASE("an open gate lets it wait for the server's own answer") {
    CHECK(only(device.step(write("PATCH", "/api/orders/2", {{"a", 1}})), "respond").empty());
  }
  SUBCASE("after silence") {
    device.step(failure(id, 1));
    const auto told = only(device.step(write("PATCH", "/api/orders/2", {{"a", 1}})), "respond");
    REQUIRE(told.size() == 1);
    CHECK(told[0]["how"] == "queued");
    CHECK(told[0]["status"] == 202);
  }
  SUBCASE("behind its own lane's backoff, but not another's") {
    device.step(answer(id, 1, 503));
    CHECK(only(device.step(write("PATCH", "/api/orders/1", {{"a", 2}})), "respond").size() == 1);
    CHECK(only(device.step(write("PATCH", "/api/orders/2", {{"a", 1}})), "respond").empty());
  }
  SUBCASE("after a read that met silence") {
    CHECK(only(device.step(write("PATCH", "/api/orders/2", {{"a", 1}}, {{"silent", true}})), "respond").size() == 1);
  }
}

TEST_CASE("Promise 10: opaque bytes stay outside; the row knows their size") {
  Device device(orders_config());
  const Json body{{"kind", "bytes"}, {"size", 12345}};
  const std::string id = capture(device, write("POST", "/api/orders", nullptr, {{"body", body}}));
  CHECK(device.row("mutations", id)["body"]["kind"] == "bytes");
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["bytes"] == true);
  CHECK(sends[0]["body"].is_null());
  device.store.put("bodies", {{"id", id}});
  device.step(answer(id, 1, 201));
  CHECK(device.count("bodies") == 0);
}

TEST_CASE("An URL that no resource declares is refused, and kept out") {
  Device device(orders_config());
  const auto effects = device.step(write("POST", "/api/cooks", {{"a", 1}}));
  REQUIRE(only(effects, "refuse").size() == 1);
  CHECK(only(effects, "refuse")[0]["code"] == "not-declared");
  CHECK(device.count("mutations") == 0);
}

TEST_CASE("A created entity is named by its own body, else the write's id stands in") {
  Device device(orders_config({{"id", "uuid"}}));
  const auto entity = [&](const Json& body) {
    return device.row("mutations", capture(device, write("POST", "/api/orders", body)))["entity"].get<std::string>();
  };
  CHECK(entity({{"uuid", "abc"}}) == "abc");
  CHECK(entity({{"uuid", 7}}) == "7");
  const std::string id = capture(device, write("POST", "/api/orders", {{"id", "abc"}}));
  CHECK(device.row("mutations", id)["entity"] == id);
}

TEST_CASE("A URL with bytes that are no text is captured like any other") {
  Device device(orders_config());
  const std::string id = capture(device, write("PATCH", "/api/orders/%FF", {{"a", 1}}));
  CHECK(id != "");
  CHECK(pump(device).size() == 1);
}
