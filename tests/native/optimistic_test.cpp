#include <doctest/doctest.h>

#include "codec/text.hpp"
#include "overlay/optimistic.hpp"
#include "store.hpp"

using namespace holdfast::test;

namespace {

const Json kJsonPatch = with_headers({{"content-type", "application/json-patch+json"}});

Json view(Device& device, const std::string& path) {
  return device.step({{"type", "read"}, {"url", kApp + path}}).at(0);
}

}  // namespace

TEST_CASE("Promise 14: a read of the item shows its pending writes, in order") {
  Device device(orders_config());
  device.bases["1"] = {{"id", "1"}, {"note", "server"}, {"tip", 0}};
  CHECK(view(device, "/api/orders/1")["document"]["note"] == "server");
  CHECK(view(device, "/api/orders/1")["pending"] == 0);
  capture(device, write("PATCH", "/api/orders/1", {{"note", "a"}}));
  capture(device, write("PATCH", "/api/orders/1", {{"note", "b"}, {"tip", 5}}));
  const Json shown = view(device, "/api/orders/1");
  CHECK(shown["document"] == Json{{"id", "1"}, {"note", "b"}, {"tip", 5}});
  CHECK(shown["pending"] == 2);
}

TEST_CASE("Promise 14: a write answered late is shown in its place, not on top of those that followed it") {
  Device device(orders_config());
  device.bases["1"] = {{"id", "1"}};
  const std::string first = capture(device, write("PATCH", "/api/orders/1", {{"tip", 1}}));
  capture(device, write("PATCH", "/api/orders/1", {{"tip", 2}}));
  pump(device);
  const auto told = only(device.step({{"type", "waited"}, {"id", first}}), "respond");
  REQUIRE(told.size() == 1);
  CHECK(Json::parse(told[0]["document"].get<std::string>())["tip"] == 2);
}

TEST_CASE("Promise 14: a created entity appears, a deleted one is gone, a restored one is back") {
  Device device(orders_config());
  capture(device, write("POST", "/api/orders", {{"note", "new"}, {"id", "7"}}));
  CHECK(view(device, "/api/orders/7")["document"]["note"] == "new");
  CHECK(view(device, "/api/orders")["changes"][0]["id"] == "7");
  capture(device, write("DELETE", "/api/orders/7"));
  CHECK(view(device, "/api/orders/7")["gone"] == true);
  CHECK(view(device, "/api/orders")["changes"][0]["document"].is_null());
  capture(device, write("PUT", "/api/orders/7", {{"note", "again"}}));
  CHECK(view(device, "/api/orders/7")["document"] == Json{{"id", "7"}, {"note", "again"}});
  CHECK(view(device, "/api/orders/7")["gone"] == false);
}

TEST_CASE("A patch of something never seen shows nothing rather than half a document") {
  Device device(orders_config());
  capture(device, write("PATCH", "/api/orders/1", {{"note", "a"}}));
  CHECK(view(device, "/api/orders/1")["known"] == false);
  CHECK(view(device, "/api/orders/1")["document"].is_null());
  CHECK(view(device, "/api/orders/1")["pending"] == 1);
}

TEST_CASE("An action without a declared effect, and a write to the whole collection, change no document") {
  Device device(orders_config());
  device.bases["1"] = {{"id", "1"}, {"note", "server"}};
  SUBCASE("an action's POST") { capture(device, write("POST", "/api/orders/1/cancel", {{"note", "x"}})); }
  SUBCASE("an action's DELETE") { capture(device, write("DELETE", "/api/orders/1/lines/7")); }
  SUBCASE("a JSON Patch that doesn't apply") {
    capture(device, write("PATCH", "/api/orders/1", Json::array({{{"op", "remove"}, {"path", "/nothing"}}}), kJsonPatch));
  }
  CHECK(view(device, "/api/orders/1")["document"] == device.bases["1"]);
  CHECK(view(device, "/api/orders/1")["pending"] == 1);
  capture(device, write("PUT", "/api/orders", {{"note", "all"}}));
  const Json shown = view(device, "/api/orders");
  for (const Json& change : shown["changes"]) CHECK(change["id"] != "");
}

TEST_CASE("A JSON Patch shows what it changes (RFC 6902)") {
  Json patch = Json::array();
  patch.push_back({{"op", "add"}, {"path", "/lines/-"}, {"value", "soup"}});
  SUBCASE("") {
    Device device(orders_config());
    device.bases["1"] = {{"id", "1"}, {"lines", Json::array({"tea"})}};
    capture(device, write("PATCH", "/api/orders/1", patch, kJsonPatch));
    CHECK(view(device, "/api/orders/1")["document"]["lines"] == Json::array({"tea", "soup"}));
  }
  SUBCASE("but not of a document in an envelope: what it points into, only the server knows") {
    Device device(orders_config({{"envelope", "/order"}}));
    device.bases["1"] = {{"id", "1"}, {"lines", Json::array({"tea"})}};
    capture(device, write("PATCH", "/api/orders/1", patch, kJsonPatch));
    CHECK(view(device, "/api/orders/1")["document"] == device.bases["1"]);
  }
}

TEST_CASE("Promise 16: what is turned down rolls back by itself, and the writes behind it are rebased") {
  struct Example { int status; const char* shown; };
  const Example examples[] = {
      {200, R"({"id": "1", "note": "theirs", "tip": 5, "done": true})"},  // the server's word, and what is behind it
      {204, R"({"id": "1", "note": "mine", "tip": 5, "done": true})"},
      {422, R"({"id": "1", "note": "server", "tip": 5, "done": true})"},
      {403, R"({"id": "1", "note": "server", "tip": 5, "done": true})"},
      {409, R"({"id": "1", "note": "server", "tip": 5, "done": true})"},
      {412, R"({"id": "1", "note": "server", "tip": 5, "done": true})"},
      {503, R"({"id": "1", "note": "mine", "tip": 5, "done": true})"},  // nothing is turned down yet
  };
  for (const Example& example : examples) {
    CAPTURE(example.status);
    Device device(orders_config(Json::parse(R"({"actions": {"finish": {"done": true}}})")));
    device.bases["1"] = {{"id", "1"}, {"note", "server"}};
    const std::string first = capture(device, write("PATCH", "/api/orders/1", {{"note", "mine"}}));
    capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}));
    capture(device, write("POST", "/api/orders/1/finish", nullptr));
    pump(device);
    device.step(answer(first, 1, example.status, example.status == 200 ? R"({"id": "1", "note": "theirs"})" : ""));
    if (example.status < 300) device.bases.clear();  // the answer to the write is newer
    CHECK(view(device, "/api/orders/1")["document"] == Json::parse(example.shown));
    CHECK(view(device, "/api/orders/1")["pending"] == (example.status == 503 ? 3 : 2));
  }
}

TEST_CASE("Promise 16: what a person discards is no longer shown") {
  Device device(orders_config());
  device.bases["1"] = {{"id", "1"}, {"note", "server"}};
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"note", "mine"}}));
  pump(device);
  device.step(answer(id, 1, 409));
  for (const char* action : {"retry", "discard"}) {
    if (std::string(action) == "discard") device.step(answer(id, 2, 409));
    device.step({{"type", "decided"}, {"id", id}, {"action", action}, {"body", ""}});
    CHECK(view(device, "/api/orders/1")["document"]["note"] == (std::string(action) == "retry" ? "mine" : "server"));
    pump(device);
  }
}

TEST_CASE("Promise 17: the rows say when there is nothing to put into an answer, so nobody has to ask") {
  Device device(orders_config());
  const auto pending = [&] {
    const Json counts = device.row("meta", "counts ");
    return counts.is_null() ? 0 : counts["pending"].get<int>();
  };
  CHECK(pending() == 0);
  const std::string first = capture(device, write("POST", "/api/orders", {{"id", "1"}}));
  const std::string second = capture(device, write("PATCH", "/api/orders/1", {{"note", "a"}}));
  CHECK(pending() == 2);
  pump(device);
  device.step(answer(first, 1, 503));
  CHECK(pending() == 2);
  device.now += 60'000;
  pump(device);
  device.step(answer(first, 2, 201, R"({"id": "1"})"));
  CHECK(pending() == 1);
  pump(device);
  device.step(answer(second, 1, 422));
  CHECK(pending() == 0);
  CHECK(device.row("meta", "counts ")["inbox"] == 1);
  CHECK(device.row("meta", "counts ")["names"] == 0);
}

TEST_CASE("Promise 18: what was told to one user is looked up for nobody else") {
  Device device(orders_config());
  for (const char* user : {"ann", "ben", ""}) {
    device.step({{"type", "session"}, {"action", "sign-in"}, {"user", user}});
    const std::string id = capture(device, write("POST", "/api/orders", {{"id", user[0] == '\0' ? "x" : user}}));
    pump(device);
    device.step(answer(id, 1, 201, std::string(R"({"id": ")") + (user[0] == '\0' ? "x" : user) + R"(", "secret": true})"));
    for (const char* other : {"ann", "ben", "x"}) {
      CAPTURE(other);
      const bool own = std::string(other) == (user[0] == '\0' ? "x" : user);
      CHECK(view(device, std::string("/api/orders/") + other)["known"] == own);
    }
    CHECK(view(device, "/api/orders")["changes"].size() == 1);
  }
}

TEST_CASE("Promise 7: another user's pending writes are not shown") {
  Device device(orders_config());
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", "ann"}});
  capture(device, write("POST", "/api/orders", {{"id", "7"}}));
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", "ben"}});
  CHECK(view(device, "/api/orders/7")["pending"] == 0);
  CHECK(view(device, "/api/orders")["changes"].empty());
}

TEST_CASE("A shared lane shows each of its entities by itself") {
  Device device(orders_config({{"lane", "desk"}}));
  capture(device, write("POST", "/api/orders", {{"id", "1"}, {"n", 1}}));
  capture(device, write("POST", "/api/orders", {{"id", "2"}, {"n", 2}}));
  capture(device, write("PATCH", "/api/orders/1", {{"n", 3}}));
  const Json shown = view(device, "/api/orders");
  REQUIRE(shown["changes"].size() == 2);
  CHECK(shown["changes"][0]["document"]["n"] == 3);
  CHECK(shown["changes"][1]["document"]["n"] == 2);
  CHECK(shown["pending"] == 3);
}

TEST_CASE("JSON within limits") {
  CHECK(holdfast::parse_json("{\"a\":1}"));
  CHECK_FALSE(holdfast::parse_json("{"));
  CHECK_FALSE(holdfast::parse_json(""));
  CHECK_FALSE(holdfast::parse_json("\"\xff\""));
  CHECK(holdfast::parse_json(std::string(200, '[') + std::string(200, ']')));
  CHECK_FALSE(holdfast::parse_json(std::string(201, '[') + std::string(201, ']')));
  CHECK(holdfast::parse_json("\"" + std::string(5000, '[') + "\\\"" + std::string(5000, '{') + "\""));
  CHECK_FALSE(holdfast::parse_json(std::string(1'000'000, '[')));
}

TEST_CASE("Text that is no UTF-8 is printed as U+FFFD instead of stopping the module") {
  CHECK(holdfast::print_json(Json("a\xffz")) == "\"a\xEF\xBF\xBDz\"");
}
