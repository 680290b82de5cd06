// How many attempts may leave at once, and what opens or narrows that (wasm/retry/gate.hpp, `window`).
#include <doctest/doctest.h>

#include "store.hpp"

using namespace holdfast::test;

namespace {

std::string patch(Device& device, int order) {
  return capture(device, write("PATCH", "/api/orders/" + std::to_string(order), {{"a", 1}}));
}

Json turned_away(const Json& send) { return answer(send["id"], send["attempt"], 503); }
Json silence(const Json& send) { return failure(send["id"], send["attempt"]); }

}  // namespace

TEST_CASE("Two leave into the unknown, ten while answers flow; the oldest lanes leave first") {
  Device device(orders_config(Json::object(), {{"retry", Json::object()}}));
  std::vector<std::string> ids;
  for (int i = 0; i < 30; ++i) {
    ids.push_back(patch(device, i));
    ++device.now;
  }
  auto sends = pump(device);
  REQUIRE(sends.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) CHECK(sends[i]["id"] == ids[i]);
  CHECK(pump(device).empty());
  device.step(answer(ids[1], 1, 200));
  sends = pump(device);
  REQUIRE(sends.size() == 9);
  for (std::size_t i = 0; i < 9; ++i) CHECK(sends[i]["id"] == ids[2 + i]);
  CHECK(pump(device).empty());
  // What is answered makes room for as many, until nothing has been heard for a moment.
  device.now += 600;
  device.step(answer(ids[2], 1, 503));
  CHECK(pump(device).empty());
}

namespace {

/// A device out of its first tunnel: one write was lost in it, sent again, and answered.
Device shaken() {
  Device device(orders_config());
  const std::string id = patch(device, 0);
  device.step(silence(pump(device).at(0)));
  device.now += 1'000;
  const auto again = pump(device);
  device.step(answer(id, again.at(0)["attempt"], 200));
  device.now += 100;
  return device;
}

}  // namespace

TEST_CASE("After a tunnel one attempt at a time is bet on a link of which nothing is heard") {
  Device device = shaken();
  const std::string first = patch(device, 1);
  REQUIRE(pump(device).size() == 1);
  device.now += 10;
  patch(device, 2);
  patch(device, 3);
  const Json effects = device.step({{"type", "pump"}});
  CHECK(only(effects, "send").empty());
  CHECK(only(effects, "pumped")[0]["wakeAt"] == device.now + 490);
  SUBCASE("until a moment has passed: then the next one") {
    device.now += 490;
    CHECK(pump(device).size() == 1);
    CHECK(pump(device).empty());
  }
  SUBCASE("an answer lets all of them leave") {
    device.step(answer(first, 1, 200));
    CHECK(pump(device).size() == 2);
  }
  SUBCASE("so does one that says \"later\"") {
    device.step(answer(first, 1, 503));
    CHECK(pump(device).size() == 2);
  }
  SUBCASE("a clock that jumped back holds nothing up for longer") {
    device.now -= 3'600'000;
    pump(device);  // mends the lanes
    CHECK(pump(device).size() == 2);
  }
}

TEST_CASE("What leaves together is one bet, and one answer to it is enough") {
  Device device = shaken();
  for (int i = 1; i < 4; ++i) patch(device, i);
  const auto sends = pump(device);
  REQUIRE(sends.size() == 3);
  device.now += 10;
  int status = 200;
  SUBCASE("an answer") {}
  SUBCASE("one that says \"later\"") { status = 503; }
  device.step(answer(sends[0]["id"], 1, status));
  patch(device, 4);
  CHECK(pump(device).size() == 1);
}

TEST_CASE("On such a link, with nothing heard for a moment, one leaves first") {
  Device device = shaken();
  device.now += 600;
  for (int i = 1; i < 4; ++i) patch(device, i);
  const Json effects = device.step({{"type", "pump"}});
  CHECK(only(effects, "send").size() == 1);
  CHECK(only(effects, "pumped")[0]["wakeAt"] == device.now + 500);
  SUBCASE("a worker that is killed over it bets no more than that") {
    device.kill();
    CHECK(pump(device).size() == 1);
  }
}

TEST_CASE("A link that has been good for five minutes is trusted") {
  Device device = shaken();
  device.now += 300'000;
  for (int i = 1; i < 3; ++i) {
    patch(device, i);
    CHECK(pump(device).size() == 1);
  }
}

TEST_CASE("A hung connection that was opened anew brings the next probe, and no more than that") {
  Device device(orders_config());
  std::vector<std::string> ids;
  for (int i = 0; i < 30; ++i) ids.push_back(patch(device, i));
  REQUIRE(pump(device).size() == 2);
  device.step(failure(ids[0], 1));
  REQUIRE(pump(device).empty());
  SUBCASE("once") {
    device.step({{"type", "reopened"}, {"id", ids[1]}, {"attempt", 1}});
    CHECK(pump(device).size() == 1);
    CHECK(device.row("mutations", ids[1])["attempts"] == 1);
  }
  SUBCASE("an attempt that is over says nothing") {
    device.step({{"type", "reopened"}, {"id", ids[1]}, {"attempt", 7}});
    CHECK(pump(device).empty());
  }
}

TEST_CASE("Attempts that only hang leave connections for reads") {
  Device device(orders_config(Json::object(), {{"retry", Json::object()}}));
  for (int i = 0; i < 30; ++i) patch(device, i);
  std::size_t hanging = pump(device).size();
  device.step({{"type", "waited"}, {"id", device.row("meta", "sends")["list"][0]["id"]}});
  for (int i = 0; i < 4; ++i) {
    device.now += 2'000;
    hanging += pump(device).size();
  }
  CHECK(hanging == 3);
}

TEST_CASE("The first sign of life opens the gate for all") {
  Device device(orders_config());
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(patch(device, i));
  for (const Json& send : pump(device)) device.step(silence(send));
  device.now += 60'000;
  const auto probe = pump(device);
  REQUIRE(probe.size() == 1);
  CHECK(probe[0]["probe"] == true);
  device.step(answer(probe[0]["id"], probe[0]["attempt"], 200));
  CHECK(pump(device).size() == 5);
}

TEST_CASE("A request that succeeded opens the gate after silence, not the breaker") {
  Device device(orders_config());
  for (int i = 0; i < 20; ++i) patch(device, i);
  bool trouble = false;
  SUBCASE("silence") {}
  SUBCASE("trouble") { trouble = true; }
  for (int i = 0; i < 3; ++i) {
    for (const Json& send : pump(device)) device.step(trouble ? turned_away(send) : silence(send));
  }
  device.step({{"type", "tick"}, {"trigger", "request-succeeded"}, {"origin", kApp}});
  if (trouble) CHECK(pump(device).size() <= 1);
  else CHECK(pump(device).size() == 5);
}

TEST_CASE("Promise 4: what hangs on the way to one origin takes no room from another") {
  const std::string other = "https://other.example";
  Device device({{"resources", {{"orders", {{"path", "/api/orders/:id"}}},
                                {"riders", {{"path", "/api/riders/:id"}, {"origin", other}}}}}});
  for (int i = 0; i < 9; ++i) patch(device, i);
  std::size_t hanging = pump(device).size();
  device.step({{"type", "waited"}, {"id", device.row("meta", "sends")["list"][0]["id"]}});
  device.now += 2'000;
  hanging += pump(device).size();
  REQUIRE(hanging == 3);
  for (int i = 0; i < 9; ++i) capture(device, write("PATCH", other + "/api/riders/" + std::to_string(i), {{"a", 1}}));
  CHECK(pump(device).size() == 2);
}

TEST_CASE("The gate of one origin says nothing about another") {
  Device device({{"resources", {{"orders", {{"path", "/api/orders/:id"}}},
                                {"tickets", {{"path", "https://desk.example/tickets/:id"}}}}}});
  const std::string here = patch(device, 1);
  pump(device);
  device.step(failure(here, 1));
  capture(device, write("PATCH", "https://desk.example/tickets/1", {{"a", 1}}));
  const auto sends = pump(device);
  REQUIRE(!sends.empty());
  CHECK(std::any_of(sends.begin(), sends.end(), [](const Json& send) { return send["url"] == "https://desk.example/tickets/1"; }));
}
