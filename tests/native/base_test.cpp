// What a write is made upon stays true while it waits, whatever becomes of the writes before it (wasm/outbox/base.hpp).
#include "courier.hpp"

using namespace holdfast::test;

namespace {

Json json_patch() { return with_headers({{"content-type", "application/json-patch+json"}}); }

}  // namespace

TEST_CASE("A counter of a decided write survives the refusal of a write captured while it was in the inbox") {
  Json resource = rules();
  resource["conflicts"]["fields"]["door"] = "manual";
  Courier device(resource);
  const std::string first = device.act("PATCH", {{"tip", 3}, {"door", 4}});    // +2
  device.meets(order({{"door", 5}, {"tip", 2}}));                               // asks about the door; server tip 2
  REQUIRE(device.row("inbox", first)["reason"] == "conflict");
  const std::string second = device.act("PATCH", {{"tip", 7}});                 // shown 2, +5
  device.decide(first, "retry");                                                // goes behind `second`
  const Json send = device.leaves();
  REQUIRE(send["id"] == second);
  device.told(send, 422);                                                       // refused; the server is as it was: tip 2, ETag "2"
  const Json again = device.leaves();
  CHECK(again["id"] == first);
  CHECK(again["lookup"] == false);
  CHECK(header(again, "if-match") == "\"2\"");
  CHECK(body_of(again)["tip"] == 4);                                            // 2 + 2
}

TEST_CASE("A write isn't taken for done because an action before it, which was refused, would have done the same") {
  Json resource = rules();
  resource["actions"] = {{"cancel", {{"status", "cancelled"}}}};
  Courier device(resource);
  const std::string action = capture(device, write("POST", "/api/orders/1/cancel"));
  const std::string id = device.act("PATCH", {{"status", "cancelled"}});
  device.told(device.leaves(), 422);
  const Json look = device.leaves();
  REQUIRE(look["lookup"] == true);
  device.told(look, 200, order(), "\"1\"");
  CHECK(device.outcome(id).is_null());      // not confirmed: the server still has picked-up
  CHECK(device.row("documents", {"", "orders", "1"})["text"] == order().dump());
}

TEST_CASE("A write isn't taken for done because one with a precondition of its own, which failed, would have done the same") {
  Courier device;
  device.act("PATCH", {{"note", "b"}}, with_headers({{"if-match", "\"0\""}, {"content-type", "application/json"}}));
  const std::string id = device.act("PATCH", {{"note", "b"}});
  device.told(device.leaves(), 412);
  const Json look = device.leaves();
  REQUIRE(look["lookup"] == true);
  device.told(look, 200, order(), "\"1\"");
  CHECK(device.outcome(id).is_null());
}

TEST_CASE("The same change made once more behind an overruled one isn't called confirmed") {
  Courier device;
  const std::string first = device.act("PATCH", {{"status", "delivered"}});
  const std::string second = device.act("PATCH", {{"status", "delivered"}});
  device.told(device.leaves(), 412, order({{"status", "cancelled"}}), "\"2\"");
  CHECK(device.outcome(first)["state"] == "overruled");
  for (const Json& send : pump(device)) {
    if (send["lookup"] == true) device.told(send, 200, order({{"status", "cancelled"}}), "\"2\"");
  }
  pump(device);
  CHECK((device.outcome(second).is_null() || device.outcome(second)["state"] != "confirmed"));
}

TEST_CASE("A decrement behind a refused increment doesn't become an increment") {
  Json resource = rules();
  resource["conflicts"]["fields"]["stock"] = {{"counter", {{"min", 0}}}};
  Courier device(resource);
  device.act("PUT", order({{"stock", 0}}));
  device.told(device.leaves(), 200, order({{"stock", 0}}), "\"2\"");
  device.act("PATCH", {{"stock", 5}});
  const std::string id = device.act("PATCH", {{"stock", 2}});
  device.told(device.leaves(), 422);
  for (int i = 0; i < 3; ++i) for (const Json& send : pump(device)) {
    if (send["lookup"] == true) { device.told(send, 200, order({{"stock", 0}}), "\"2\""); continue; }
    CHECK(body_of(send)["stock"] != 2);
  }
}

TEST_CASE("A creation that is answered by its id alone takes nothing out of the PUT behind it") {
  Courier device;
  capture(device, write("POST", "/api/orders", {{"id", "7"}, {"tip", 1}, {"note", "x"}}));
  capture(device, write("PUT", "/api/orders/7", {{"id", "7"}, {"tip", 2}, {"note", "x"}}));
  device.told(device.leaves(), 201, {{"id", "7"}}, "\"1\"");
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  if (sends[0]["lookup"] == false) CHECK(body_of(sends[0])["note"] == "x");
}

TEST_CASE("An answer that has only what the write named takes nothing out of the PUT behind it") {
  Courier device;
  device.act("PATCH", {{"tip", 2}});
  device.act("PUT", order({{"tip", 2}, {"door", 4}}));
  device.told(device.leaves(), 200, {{"id", "1"}, {"tip", 2}}, "\"2\"");
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  if (sends[0]["lookup"] == false) CHECK(body_of(sends[0])["note"] == "ring twice");
}

TEST_CASE("A JSON Patch of an enveloped document isn't sent blindly") {
  Json resource = rules();
  resource["envelope"] = "/order";
  Courier device(resource);
  device.bases["1"] = order();
  device.etags["1"] = "\"1\"";
  device.act("PATCH", Json::array({Json{{"op", "replace"}, {"path", "/order/door"}, {"value", 4}}}), json_patch());
  const Json send = device.leaves();
  CHECK((send["lookup"] == true || header(send, "if-match") == "\"1\""));
}

TEST_CASE("A write behind one of unknown outcome isn't taken for done because that one would have done it") {
  Json resource = rules();
  resource["idempotency"] = "none";
  Courier device(resource);
  const std::string first = device.act("PATCH", Json::array({Json{{"op", "replace"}, {"path", "/note"}, {"value", "b"}}}), json_patch());
  const std::string second = device.act("PATCH", {{"note", "b"}});
  device.step(failure(first, device.leaves()["attempt"]));
  REQUIRE(device.row("inbox", first)["reason"] == "unknown-outcome");
  device.now += 60'000;
  for (int i = 0; i < 4; ++i) for (const Json& send : pump(device)) {
    if (send["lookup"] == true) device.told(send, 200, order(), "\"1\"");
  }
  CHECK((device.outcome(second).is_null() || device.outcome(second)["state"] != "confirmed"));
}

TEST_CASE("A bounded counter of a decided write keeps its difference when one before it is taken out") {
  Json resource = rules();
  resource["conflicts"]["fields"]["door"] = "manual";
  resource["conflicts"]["fields"]["tip"] = {{"counter", {{"min", 0}}}};
  Courier device(resource);
  device.act("PUT", order({{"tip", 10}}));
  device.told(device.leaves(), 200, order({{"tip", 10}}), "\"a\"");
  const std::string first = device.act("PATCH", {{"tip", 8}, {"door", 4}});     // -2
  device.meets(order({{"door", 5}, {"tip", 10}}));
  const std::string second = device.act("PATCH", {{"tip", 20}, {"door", 6}});   // +10
  device.decide(first, "retry");
  device.told(device.leaves(), 412, order({{"door", 7}, {"tip", 10}}), "\"3\"");
  REQUIRE(device.row("inbox", second)["reason"] == "conflict");
  device.decide(second, "discard");
  for (int i = 0; i < 4; ++i) for (const Json& send : pump(device)) {
    if (send["lookup"] == true) device.told(send, 200, order({{"door", 7}, {"tip", 10}}), "\"3\"");
    else if (header(send, "if-match") == "\"2\"") device.told(send, 412, order({{"door", 7}, {"tip", 10}}), "\"3\"");
  }
  REQUIRE(!device.row("inbox", first).is_null());
  CHECK(Json::parse(device.row("inbox", first)["suggested"].get<std::string>())["tip"] == 8);
}

TEST_CASE("A lane shared with many other writes: what stands far behind a refused one is made anew, too") {
  Json resource = rules();
  resource["lane"] = "all";
  Courier device(resource);
  device.act("PATCH", {{"tip", 5}, {"note", "b"}});
  for (int i = 0; i < 505; ++i) capture(device, write("PATCH", "/api/orders/other", {{"n", i}}));
  const std::string id = device.act("PATCH", {{"note", "b"}});
  device.told(device.leaves(), 422);
  CHECK(Json::parse(device.row("mutations", id)["base"].get<std::string>())["note"] == "ring twice");
}

TEST_CASE("A PUT upon what was deleted stays one when a change before it is taken out") {
  Courier device;
  const std::string first = device.act("PATCH", {{"tip", 3}});
  const std::string second = device.act("PATCH", {{"door", 9}});
  device.meets(nullptr);                                                // deleted by others
  REQUIRE(device.row("inbox", first)["reason"] == "conflict");
  const std::string id = device.act("PUT", order({{"note", "anew"}}));  // the user sees that it is gone, and makes it anew
  CHECK(device.row("mutations", id)["base"] == "null");
  for (const Json& send : pump(device)) {                               // the look of `second`
    REQUIRE(send["lookup"] == true);
    device.told(send, 404);
  }
  REQUIRE(!device.row("inbox", second).is_null());
  CHECK(device.row("mutations", id)["base"] == "null");
  SUBCASE("nobody has made it anew") {
    for (int i = 0; i < 3; ++i) for (const Json& send : pump(device)) {
      if (send["lookup"] == true) device.told(send, 404);
    }
    CHECK(device.row("inbox", id).is_null());
  }
  SUBCASE("somebody has made it anew") {
    std::string sent;
    for (int i = 0; i < 3; ++i) for (const Json& send : pump(device)) {
      if (send["lookup"] == true) device.told(send, 200, order({{"note", "ring twice"}, {"door", 8}}), "\"9\"");
      else sent = send["body"];
    }
    CHECK(sent.empty());                                                // both made it: the notes differ, a person decides
  }
}

TEST_CASE("A PUT behind a refused write doesn't carry that one's change to the server") {
  Courier device;
  device.act("PATCH", {{"tip", 5}, {"note", "b"}});
  SUBCASE("a PUT") { device.act("PUT", order({{"tip", 5}})); }                      // the user takes the note back, and nothing else
  SUBCASE("a JSON Patch") { device.act("PATCH", Json::array({Json{{"op", "replace"}, {"path", "/note"}, {"value", "ring twice"}}}), json_patch()); }
  device.told(device.leaves(), 422);                                                 // neither the tip nor the note
  for (int i = 0; i < 3; ++i) for (const Json& send : pump(device)) {
    if (send["lookup"] == true) { device.told(send, 200, order(), "\"1\""); continue; }
    if (send["method"] == "PUT") CHECK(body_of(send)["tip"] == 1);
  }
}
