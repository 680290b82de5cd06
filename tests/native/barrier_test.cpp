#include <doctest/doctest.h>

#include "store.hpp"

using namespace holdfast::test;

namespace {

std::string patch(Device& device, const std::string& order) {
  return capture(device, write("PATCH", "/api/orders/" + order, {{"a", device.count("mutations")}}));
}

std::string clear(Device& device) { return capture(device, write("DELETE", "/api/orders")); }

std::vector<std::string> leaving(Device& device) {
  std::vector<std::string> ids;
  for (const Json& send : pump(device)) ids.push_back(send["id"]);
  return ids;
}

using Ids = std::vector<std::string>;

/// Answers whatever leaves, which may never be two at once. @return in which order they left
Ids one_by_one(Device& device) {
  Ids order;
  for (int i = 0; i < 200 && device.count("mutations") > 0; ++i) {
    device.now += 1;
    const Ids now = leaving(device);
    CHECK(now.size() <= 1);
    for (const std::string& id : now) device.step(answer(id, 1, 200));
    order.insert(order.end(), now.begin(), now.end());
  }
  return order;
}

}  // namespace

TEST_CASE("Promise 4: a write to a whole collection waits for the earlier ones, and the later ones wait for it") {
  Device device(orders_config());
  const std::string before = patch(device, "1");
  const std::string all = clear(device);
  const std::string same = patch(device, "1");
  const std::string other = patch(device, "2");
  CHECK(leaving(device) == Ids{before});
  CHECK(leaving(device).empty());
  device.step(answer(before, 1, 200));
  CHECK(leaving(device) == Ids{all});
  CHECK(leaving(device).empty());
  device.step(answer(all, 1, 204));
  leaving(device);  // Lets them go; they leave with the next look.
  device.now += 1;
  CHECK(leaving(device) == Ids{same, other});
}

TEST_CASE("Promise 4: so does the creation of several at once, and none of what stays of a batch gets past it") {
  Device device(orders_config());
  const std::string all = capture(device, write("POST", "/api/orders", Json::array({{{"id", "1"}}, {{"id", "2"}}})));
  const std::string later = patch(device, "1");
  CHECK(leaving(device) == Ids{all});
  SUBCASE("turned away for now") {
    device.step(answer(all, 1, 503));
    device.now += 60'000;
    CHECK(leaving(device) == Ids{all});
    CHECK(device.row("lanes", device.row("mutations", later)["lane"])["hold"] == "barrier");
  }
  SUBCASE("killed") {
    device.kill();
    CHECK(leaving(device) == Ids{all});
  }
  SUBCASE("rejected for good: it is a person's matter, and the others go on") {
    device.step(answer(all, 1, 422));
    leaving(device);
    device.now += 1;
    CHECK(leaving(device) == Ids{later});
  }
}

TEST_CASE("A barrier that came back from the inbox stands at the end") {
  Device device(orders_config());
  const std::string all = clear(device);
  leaving(device);
  device.step(answer(all, 1, 422));
  const std::string earlier = patch(device, "1");
  device.step({{"type", "decided"}, {"id", all}, {"action", "retry"}});
  const std::string later = patch(device, "2");
  CHECK(leaving(device) == Ids{earlier});
  device.step(answer(earlier, 1, 200));
  CHECK(leaving(device) == Ids{all});
  device.step(answer(all, 2, 200));
  leaving(device);
  device.now += 1;
  CHECK(leaving(device) == Ids{later});
}

TEST_CASE("Two barriers in a row keep what stands between them there") {
  Device device(orders_config());
  const std::string first = clear(device);
  const std::string between = patch(device, "1");
  const std::string second = clear(device);
  const std::string last = patch(device, "2");
  CHECK(one_by_one(device) == Ids{first, between, second, last});
}

TEST_CASE("Many barriers in a row cost no more than one") {
  Device device(orders_config());
  const std::string before = patch(device, "1");
  Ids all;
  for (int i = 0; i < 40; ++i) all.push_back(clear(device));
  const std::string after = patch(device, "1");
  CHECK(device.row("meta", "barriers ")["list"].size() == 1);
  Ids wanted{before};
  wanted.insert(wanted.end(), all.begin(), all.end());
  wanted.push_back(after);
  CHECK(one_by_one(device) == wanted);
}

TEST_CASE("A barrier waits for a lane that another resource once shared, and is woken by it") {
  Json config{{"resources", {{"orders", {{"path", "/api/orders/:id"}, {"lane", "desk"}}},
                             {"riders", {{"path", "/api/riders/:id"}, {"lane", "desk"}}}}}, {"origin", kApp}};
  Device device(config);
  const std::string order = patch(device, "1");
  const std::string rider = capture(device, write("PATCH", "/api/riders/1", {{"a", 1}}));
  // A new release has dropped the lane.
  config["resources"]["orders"].erase("lane");
  device.engine.configure(config.dump());
  const std::string all = clear(device);
  CHECK(one_by_one(device) == Ids{order, rider, all});
}

TEST_CASE("However many lanes stand at a barrier, one that could not be read is looked at again") {
  Device device(orders_config());
  const std::string strange = patch(device, "zzz");
  Json row = device.row("mutations", strange);
  row["v"] = 99;
  device.store.put("mutations", row);
  CHECK(leaving(device).empty());
  clear(device);
  for (int i = 0; i < 600; ++i) patch(device, std::to_string(i));
  for (int i = 0; i < 60; ++i) {
    device.now += 1;
    CHECK(leaving(device).empty());
  }
  row["v"] = 1;
  device.store.put("mutations", row);
  device.step({{"type", "tick"}, {"trigger", "start"}});
  CHECK(leaving(device) == Ids{strange});
}

TEST_CASE("A barrier is no other resource's matter, nor another user's") {
  Device device({{"resources", {{"orders", {{"path", "/api/orders/:id"}}}, {"riders", {{"path", "/api/riders/:id"}}}}}});
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", "ann"}});
  const std::string all = clear(device);
  const std::string rider = capture(device, write("PATCH", "/api/riders/1", {{"a", 1}}));
  CHECK(leaving(device) == Ids{all, rider});
  device.step(answer(rider, 1, 200));
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", "ben"}});
  const std::string bens = patch(device, "1");
  CHECK(leaving(device) == Ids{bens});
}

TEST_CASE("Discarded barriers and discarded writes hold nobody") {
  Device device(orders_config());
  const std::string before = patch(device, "1");
  clear(device);
  patch(device, "2");
  leaving(device);
  device.step({{"type", "session"}, {"action", "discard"}});
  const std::string later = patch(device, "3");
  leaving(device);
  device.now += 1;
  CHECK(device.row("lanes", device.row("mutations", later)["lane"])["hold"] == "sending");
  CHECK(device.row("meta", "barriers ")["list"].empty());
}

TEST_CASE("However many lanes wait at a barrier, all are let go") {
  Device device(orders_config());
  const std::string all = clear(device);
  leaving(device);
  for (int i = 0; i < 1'200; ++i) patch(device, std::to_string(i));
  for (int i = 0; i < 100; ++i) {
    device.now += 1;
    CHECK(leaving(device).empty());
  }
  device.step(answer(all, 1, 200));
  for (int i = 0; i < 2'000 && device.count("mutations") > 0; ++i) {
    device.now += 1;
    for (const std::string& id : leaving(device)) device.step(answer(id, 1, 200));
  }
  CHECK(device.count("mutations") == 0);
  CHECK(device.count("lanes") == 0);
  CHECK(device.row("meta", "barriers ")["list"].empty());
}

TEST_CASE("Promise 8: what has a barrier between it does not become one write") {
  Device device(orders_config({{"coalesce", {{"patch", "merge"}, {"createDelete", true}}}}));
  SUBCASE("patches") {
    patch(device, "1");
    clear(device);
    patch(device, "1");
  }
  SUBCASE("a creation and a deletion") {
    capture(device, write("POST", "/api/orders", {{"id", "1"}}));
    clear(device);
    capture(device, write("DELETE", "/api/orders/1"));
  }
  SUBCASE("barriers themselves") {
    capture(device, write("PATCH", "/api/orders", {{"a", 1}}));
    patch(device, "1");
    capture(device, write("PATCH", "/api/orders", {{"a", 2}}));
  }
  CHECK(device.count("mutations") == 3);
}

TEST_CASE("What the server says to a write of a whole collection is no entity's document") {
  Device device(orders_config());
  const std::string all = capture(device, write("PUT", "/api/orders", Json::array({{{"id", "1"}}})));
  leaving(device);
  device.step(answer(all, 1, 200, R"({"id": "batch", "accepted": 1})"));
  CHECK(device.row("outcomes", all)["state"] == "confirmed");
  CHECK(device.count("documents") == 0);
}

TEST_CASE("A page behind a barrier that can't leave now is answered at once") {
  Device device(orders_config());
  const std::string all = clear(device);
  leaving(device);
  device.step(answer(all, 1, 503, "", with_headers({{"retry-after", "30"}})));
  CHECK(only(device.step(write("PATCH", "/api/orders/1", {{"a", 1}})), "respond").size() == 1);
}
