#include <doctest/doctest.h>

#include "store.hpp"

using namespace holdfast::test;

namespace {

const std::string kOrigin = std::string("origin ") + kApp;

void sign_in(Device& device, const std::string& user) {
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", user}});
}

Json discard(Device& device) { return device.step({{"type", "session"}, {"action", "discard"}}); }

}  // namespace

TEST_CASE("Promise 7: a write is never sent as another user") {
  Device device(orders_config());
  sign_in(device, "ann");
  const std::string hers = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  sign_in(device, "ben");
  const std::string his = capture(device, write("PATCH", "/api/orders/1", {{"a", 2}}));
  auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["id"] == his);
  CHECK(sends[0]["user"] == "ben");
  device.step(answer(his, 1, 200));
  device.now += 3'600'000;
  CHECK(pump(device).empty());
  device.step({{"type", "session"}, {"action", "sign-out"}});
  CHECK(pump(device).empty());
  sign_in(device, "ann");
  sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["id"] == hers);
  CHECK(sends[0]["user"] == "ann");
}

TEST_CASE("Promise 7: signing out drops nothing") {
  Device device(orders_config());
  sign_in(device, "ann");
  capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  device.step({{"type", "session"}, {"action", "sign-out"}});
  CHECK(device.count("mutations") == 1);
  CHECK(device.row("meta", "counts ann")["pending"] == 1);
}

TEST_CASE("Promise 7: the last user's late 401 does not stop the next one") {
  Device device(orders_config());
  sign_in(device, "ann");
  const std::string hers = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  pump(device);
  device.now += 10;
  sign_in(device, "ben");
  device.now += 10;
  CHECK(only(device.step(answer(hers, 1, 401)), "refresh_credentials").empty());
  capture(device, write("PATCH", "/api/orders/2", {{"a", 1}}));
  CHECK(pump(device).size() == 1);
}

TEST_CASE("Promise 7: discarding concludes every write of the user and of nobody else") {
  Device device(orders_config());
  sign_in(device, "ann");
  capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  sign_in(device, "ben");
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  const auto effects = discard(device);
  CHECK(only(effects, "outcome").size() == 1);
  CHECK(only(effects, "again").empty());
  CHECK(device.row("outcomes", id)["state"] == "discarded");
  CHECK(device.count("mutations") == 1);
  CHECK(device.count("lanes") == 1);
  CHECK(device.row("meta", "counts ann")["pending"] == 1);
  CHECK(device.row("meta", "counts ben")["pending"] == 0);
}

TEST_CASE("Promise 7: more than 500 discarded writes go in batches, and a kill between two leaves whole lanes") {
  Device device(orders_config());
  for (int i = 0; i < 620; ++i) capture(device, write("PATCH", "/api/orders/" + std::to_string(i % 3), {{"a", i}}));
  CHECK(only(discard(device), "again").size() == 1);
  CHECK(device.count("mutations") == 120);
  CHECK(device.row("meta", "counts ")["pending"] == 120);
  SUBCASE("the host asks again") {
    CHECK(only(discard(device), "again").empty());
    CHECK(device.count("mutations") == 0);
    CHECK(device.count("lanes") == 0);
    CHECK(device.row("meta", "counts ")["pending"] == 0);
    CHECK(only(discard(device), "outcome").empty());
  }
  SUBCASE("the worker is killed") {
    device.kill();
    REQUIRE(device.count("lanes") == 3);
    CHECK(device.store.rows("lanes")[0]["length"] == 40);
    const auto sends = pump(device);
    REQUIRE(sends.size() == 2);
    for (const Json& send : sends) {
      const auto a = Json::parse(send["body"].get<std::string>())["a"].get<int>();
      CHECK(a >= 500);
      CHECK(a < 503);
    }
  }
}

TEST_CASE("Discarding a write that is under way: its late answer is no news") {
  Device device(orders_config());
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  pump(device);
  discard(device);
  CHECK(device.step(answer(id, 1, 200)).empty());
  CHECK(device.row("meta", "sends")["list"].empty());
  CHECK(device.row("outcomes", id)["state"] == "discarded");
}

TEST_CASE("Promise 27: discarding leaves what can't be read") {
  Device device(orders_config());
  const std::string strange = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  capture(device, write("PATCH", "/api/orders/1", {{"a", 2}}));
  Json row = device.row("mutations", strange);
  row["v"] = 99;
  device.store.put("mutations", row);
  discard(device);
  CHECK(device.count("mutations") == 1);
  CHECK(device.row("mutations", strange) == row);
  REQUIRE(device.count("lanes") == 1);
  CHECK(device.store.rows("lanes")[0]["head"] == strange);
}

TEST_CASE("Promise 24: what means 'try now' brings the next probe forward after silence") {
  for (const char* trigger : {"online", "page-shown", "sync-event", "push", "socket-open", "start", "call", "request-succeeded"}) {
    CAPTURE(trigger);
    Device device(orders_config());
    const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
    pump(device);
    for (int attempt = 1; attempt <= 8; ++attempt) {
      device.step(failure(id, attempt));
      device.now += 40'000;
      pump(device);
    }
    device.step(failure(id, 9));
    device.now += 60'000;
    pump(device);
    device.step(failure(id, 10));
    device.step({{"type", "tick"}, {"trigger", trigger}, {"origin", kApp}});
    CHECK(pump(device).size() == 1);
  }
}

TEST_CASE("A timer that fires early changes nothing") {
  Device device(orders_config());
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  pump(device);
  device.step(answer(id, 1, 503, "", with_headers({{"retry-after", "10"}})));
  device.step({{"type", "tick"}, {"trigger", "timer"}});
  CHECK(pump(device).empty());
}

TEST_CASE("A read that succeeded is a reason to try once whether somebody signed in, not more than once a second") {
  Device device(orders_config());
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  pump(device);
  device.step(failure(id, 1, "no-credentials"));
  const Json read{{"type", "tick"}, {"trigger", "request-succeeded"}, {"origin", kApp}};
  device.step(read);
  CHECK(pump(device).empty());
  device.now += 1'000;
  device.step(read);
  CHECK(pump(device).size() == 1);
}

TEST_CASE("An event that can't be read is refused, and no row changes") {
  Device device(orders_config());
  const auto refused = [&](const Json& event) { return device.step(event).at(0)["code"] == "unreadable-event"; };
  CHECK(refused({{"type", "dance"}}));
  CHECK(refused({{"type", 5}}));
  CHECK(refused({{"type", "capture"}, {"headers", 5}}));
  CHECK(refused({{"type", "answered"}, {"status", "200"}}));
  CHECK(device.store.rows("meta").empty());
}

TEST_CASE("A row of the session that can't be read refuses the step loudly") {
  Device device(orders_config());
  device.store.put("meta", {{"name", "session"}, {"user", "ann"}, {"v", 2}});
  const auto told = device.step(write("PATCH", "/api/orders/1", {{"a", 1}}));
  CHECK(told.at(0)["code"] == "unreadable-row");
  CHECK(device.count("mutations") == 0);
}
