#include <doctest/doctest.h>

#include <random>

#include "overlay/optimistic.hpp"
#include "store.hpp"

using namespace holdfast::test;

namespace {

/// A device whose page has been told that it is offline: what it writes now was never attempted.
struct Offline : Device {
  explicit Offline(const Json& coalesce) : Device(orders_config({{"coalesce", coalesce}})) {}

  std::string patch(const Json& body, const Json& more = Json::object(), const std::string& id = "1") {
    Json event = write("PATCH", "/api/orders/" + id, body, {{"silent", true}});
    if (more.is_object()) event.update(more);
    return capture(*this, event);
  }
  Json body(const std::string& id) { return Json::parse(row("mutations", id)["body"]["text"].get<std::string>()); }
};

const Json kMerge{{"patch", "merge"}, {"keep", {"status"}}};

}  // namespace

TEST_CASE("Promise 8: nothing is coalesced unless it is declared") {
  Offline device(Json::object());
  device.patch({{"note", "a"}});
  device.patch({{"note", "b"}});
  CHECK(device.count("mutations") == 2);
}

TEST_CASE("Promise 8: declared, consecutive patches become one, with a new key") {
  Offline device(kMerge);
  const std::string id = device.patch({{"note", "a"}, {"tip", 1}});
  const std::string key = device.row("mutations", id)["key"];
  CHECK(device.patch({{"note", "b"}}) == id);
  CHECK(device.count("mutations") == 1);
  CHECK(device.body(id) == Json{{"note", "b"}, {"tip", 1}});
  CHECK(device.row("mutations", id)["key"] != key);
  CHECK(device.row("meta", "counts ")["pending"] == 1);
  CHECK(device.row("mutations", id)["body"]["size"] == device.row("mutations", id)["body"]["text"].get<std::string>().size());
}

TEST_CASE("Promise 8: a step that others observe never merges away") {
  Offline device(kMerge);
  device.patch({{"status", "accepted"}});
  SUBCASE("the same field, another value") {
    device.patch({{"status", "picked_up"}});
    CHECK(device.count("mutations") == 2);
  }
  SUBCASE("another field may ride along") {
    device.patch({{"note", "x"}});
    CHECK(device.count("mutations") == 1);
  }
}

TEST_CASE("Promise 8: 'latest' keeps only the newest, but not at the cost of an observable step") {
  Offline device({{"patch", "latest"}, {"keep", {"status"}}});
  const std::string id = device.patch({{"lat", 1}, {"lng", 2}});
  CHECK(device.patch({{"lat", 3}, {"lng", 4}}) == id);
  CHECK(device.body(id) == Json{{"lat", 3}, {"lng", 4}});
  const std::string step = device.patch({{"status", "arrived"}}, {}, "2");
  CHECK(device.patch({{"lat", 5}}, {}, "2") != step);
  CHECK(device.row("mutations", step)["body"]["text"] == R"({"status":"arrived"})");
}

TEST_CASE("Promise 8: what was attempted is never changed") {
  Offline device(kMerge);
  const std::string id = device.patch({{"note", "a"}});
  REQUIRE(pump(device).size() == 1);
  SUBCASE("while it is under way") { CHECK(device.patch({{"note", "b"}}) != id); }
  SUBCASE("once its outcome is unknown") {
    device.step(failure(id, 1));
    CHECK(device.patch({{"note", "b"}}) != id);
  }
  CHECK(device.body(id) == Json{{"note", "a"}});
}

TEST_CASE("Promise 8: patches that differ in more than their fields stay apart") {
  Offline device(kMerge);
  device.patch({{"note", "a"}});
  SUBCASE("other headers") { device.patch({{"note", "b"}}, with_headers({{"x-reason", "y"}})); }
  SUBCASE("a key of the app's own") { device.patch({{"note", "b"}}, {{"key", "mine"}}); }
  SUBCASE("another query") { device.patch({{"note", "b"}}, {}, "1?notify=1"); }
  SUBCASE("no object") { device.patch(Json::array({1})); }
  SUBCASE("another method") { capture(device, write("PUT", "/api/orders/1", {{"note", "b"}}, {{"silent", true}})); }
  CHECK(device.count("mutations") == 2);
}

TEST_CASE("Promise 8: a page that still waits without a stamp keeps its write to itself") {
  // After a kill the browser delivers it once more, and only its own hash can tell that it is known.
  Offline device(kMerge);
  device.patch({{"note", "a"}}, {{"silent", false}});
  device.patch({{"note", "b"}}, {{"silent", false}});
  CHECK(device.count("mutations") == 2);
  device.patch({{"note", "c"}}, {{"silent", false}, {"stamp", "s1"}}, "2");
  device.patch({{"note", "d"}}, {{"silent", false}, {"stamp", "s2"}}, "2");
  CHECK(device.count("mutations") == 3);
}

TEST_CASE("A merged write is recognised by the stamps of both requests") {
  Offline device(kMerge);
  const std::string id = device.patch({{"note", "a"}}, {{"stamp", "s1"}});
  device.patch({{"tip", 2}}, {{"stamp", "s2"}});
  device.kill();
  CHECK(device.patch({{"note", "a"}}, {{"stamp", "s1"}}) == id);
  CHECK(device.patch({{"tip", 2}}, {{"stamp", "s2"}}) == id);
  CHECK(device.body(id) == Json{{"note", "a"}, {"tip", 2}});
}

TEST_CASE("A creation and its deletion vanish where that is declared") {
  Offline device({{"createDelete", true}});
  const std::string id = capture(device, write("POST", "/api/orders", {{"id", "1"}}, {{"silent", true}}));
  const Json effects = device.step(write("DELETE", "/api/orders/1", nullptr, {{"silent", true}, {"stamp", "s1"}}));
  CHECK(device.count("mutations") == 0);
  CHECK(device.count("lanes") == 0);
  CHECK(device.row("meta", "counts ")["pending"] == 0);
  CHECK(only(effects, "outcome").size() == 2);
  CHECK(only(effects, "respond").size() == 1);
  CHECK(pump(device).empty());
  CHECK(device.row("outcomes", id)["state"] == "confirmed");
}

TEST_CASE("A deletion of what the server has never vanishes") {
  Offline device({{"createDelete", true}});
  SUBCASE("after an action on it") { capture(device, write("POST", "/api/orders/1/cancel", nullptr, {{"silent", true}})); }
  SUBCASE("after a change to it") { device.patch({{"note", "a"}}); }
  SUBCASE("after a creation that was attempted") {
    capture(device, write("POST", "/api/orders", {{"id", "1"}}, {{"silent", true}}));
    pump(device);
  }
  capture(device, write("DELETE", "/api/orders/1", nullptr, {{"silent", true}}));
  CHECK(device.count("mutations") == 2);
}

TEST_CASE("An action's DELETE does not undo a creation") {
  Offline device({{"createDelete", true}});
  capture(device, write("POST", "/api/orders", {{"id", "1"}}, {{"silent", true}}));
  capture(device, write("DELETE", "/api/orders/1/lines/7", nullptr, {{"silent", true}}));
  CHECK(device.count("mutations") == 2);
}

TEST_CASE("Law: a merged patch does what its two patches did, whatever the document") {
  std::mt19937 dice(7);
  const auto draw = [&](auto& self, int depth) -> Json {
    const auto kind = dice() % (depth > 2 ? 3 : 5);
    if (kind == 0) return nullptr;
    if (kind < 3) return static_cast<int>(dice() % 3);
    Json object = Json::object();
    for (unsigned i = dice() % 3; i > 0; --i) object[std::string(1, static_cast<char>('a' + dice() % 3))] = self(self, depth + 1);
    return object;
  };
  const auto draw_object = [&] {
    Json object = Json::object();
    while (object.empty()) object = Json{{"a", draw(draw, 0)}, {"b", draw(draw, 0)}};
    return object;
  };
  int merged = 0;
  for (int i = 0; i < 300; ++i) {
    Offline device({{"patch", "merge"}});
    const Json first = draw_object(), second = draw_object();
    const std::string id = device.patch(first, {{"stamp", "s1"}});
    if (device.patch(second, {{"stamp", "s2"}}) != id) continue;
    ++merged;
    Json document = draw_object(), at_once = document;
    holdfast::merge_patch(document, first);
    holdfast::merge_patch(document, second);
    holdfast::merge_patch(at_once, device.body(id));
    CAPTURE(first.dump());
    CAPTURE(second.dump());
    CHECK(at_once == document);
  }
  CHECK(merged > 100);
}
