// Corners that conflicts have been lost in: each case was once a change that counted twice, gave way unsaid, or was called
// confirmed and never sent.
#include "courier.hpp"

using namespace holdfast::test;

namespace {

Json json_patch() { return with_headers({{"content-type", "application/json-patch+json"}}); }

}  // namespace

TEST_CASE("Corner: A counter of a decided write survives the refusal of a write captured while it was in the inbox") {
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

TEST_CASE("Corner: A write isn't taken for done because an action before it, which was refused, would have done the same") {
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

TEST_CASE("Corner: The same with a write before it that had a precondition of its own") {
  Courier device;
  device.act("PATCH", {{"note", "b"}}, with_headers({{"if-match", "\"0\""}, {"content-type", "application/json"}}));
  const std::string id = device.act("PATCH", {{"note", "b"}});
  device.told(device.leaves(), 412);
  const Json look = device.leaves();
  REQUIRE(look["lookup"] == true);
  device.told(look, 200, order(), "\"1\"");
  CHECK(device.outcome(id).is_null());
}

TEST_CASE("Corner: The same change made once more behind an overruled one isn't called confirmed") {
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

TEST_CASE("Corner: What others changed between a creation and its look-up isn't run over unsaid") {
  Json resource = rules();
  resource["idempotency"] = "verify";
  Courier device(resource);
  const std::string made = capture(device, write("POST", "/api/orders", {{"id", "7"}, {"tip", 1}, {"door", 3}}));
  const std::string id = capture(device, write("PATCH", "/api/orders/7", {{"door", 9}}));
  Json send = device.leaves();
  device.step(failure(made, send["attempt"]));      // it was carried out, the answer is lost
  device.now += 60'000;
  send = device.leaves();
  REQUIRE(send["lookup"] == true);
  device.told(send, 200, {{"id", "7"}, {"tip", 1}, {"door", 7}}, "\"2\"");  // and somebody has changed the door since
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["lookup"] == true);
  device.told(sends[0], 200, {{"id", "7"}, {"tip", 1}, {"door", 7}}, "\"2\"");
  CHECK(device.row("inbox", id)["reason"] == "conflict");
}

TEST_CASE("Corner: An answer of a resolver counts only for the question that it was asked") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = {{"resolver", "notes"}};
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"note", "mine"}});
  device.meets(order({{"note", "theirs"}}));
  REQUIRE(only(device.effects, "resolve").size() == 1);
  const Json first = only(device.effects, "resolve").at(0)["asking"];
  device.step({{"type", "tick"}, {"trigger", "call"}});           // hf.sync() while the resolver is at work
  const Json look = device.leaves();
  REQUIRE(look["lookup"] == true);
  device.told(look, 200, order({{"note", "newest"}}), "\"3\"");
  REQUIRE(only(device.effects, "resolve").size() == 1);
  // The first question's answer arrives now: made of "mine" and "theirs".
  device.effects = device.step({{"type", "resolved"}, {"id", id}, {"asking", first}, {"values", Json{{"/note", "mine+theirs"}}.dump()}});
  const auto sends = pump(device);
  CHECK(sends.empty());                                            // still waits for the second answer
}

TEST_CASE("Corner: Retry keeps mine only where no rule could settle it; what a resolver settled stays settled") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = {{"resolver", "notes"}};
  resource["conflicts"]["fields"]["door"] = "manual";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"note", "mine"}, {"door", 4}});
  device.meets(order({{"note", "theirs"}, {"door", 5}}));
  device.effects = device.step({{"type", "resolved"}, {"id", id}, {"asking", only(device.effects, "resolve").at(0)["asking"]}, {"values", Json{{"/note", "mine+theirs"}}.dump()}});
  REQUIRE(device.row("inbox", id)["reason"] == "conflict");
  CHECK(Json::parse(device.row("inbox", id)["suggested"].get<std::string>())["note"] == "mine+theirs");
  device.decide(id, "retry");
  const Json send = device.leaves();
  CHECK(body_of(send)["door"] == 4);
  CHECK(body_of(send)["note"] == "mine+theirs");
}

TEST_CASE("Corner: A second question shows as mine what is mine now") {
  Json resource = rules();
  resource["conflicts"]["fields"]["door"] = "manual";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"door", 4}});
  device.meets(order({{"door", 5}}));
  device.decide(id, "edit", Json{{"door", 6}}.dump());
  device.told(device.leaves(), 412, order({{"door", 7}}), "\"3\"");
  const Json entry = device.row("inbox", id);
  REQUIRE(!entry.is_null());
  const Json sides = Json::parse(entry["mutation"]["sides"].get<std::string>());
  CHECK(sides["mine"]["door"] == 6);                      // InboxEntry.conflict.mine is this (js/host/status.ts)
  CHECK(Json::parse(entry["mutation"]["base"].get<std::string>())["door"] == 5);
}

TEST_CASE("Corner: The record keeps to its budget of bytes") {
  Json config = orders_config(rules(), {{"retry", {{"sendsMax", 5}}}});
  config["conflictRecords"] = {{"bytes", 200'000}};
  Courier device(config, "\"1\"", Courier::Whole{});
  int version = 1;
  const auto play = [&](const std::string& pad) {
    device.act("PUT", order({{"pad", pad}}));
    Json send = device.leaves();
    if (send["lookup"] == true) device.told(send, 200, order({{"status", "cancelled"}, {"pad", "x"}}), "\"x\""), send = device.leaves();
    device.told(send, 200, order({{"pad", pad}}), ("\"a" + std::to_string(++version) + '"').c_str());
    device.act("PATCH", {{"status", "delivered"}});
    device.told(device.leaves(), 412, order({{"status", "cancelled"}, {"pad", pad}}), ("\"b" + std::to_string(++version) + '"').c_str());
  };
  for (int i = 0; i < 150; ++i) play("");
  for (int i = 0; i < 10; ++i) play(std::string(40'000, 'p'));
  std::int64_t bytes = 0;
  for (const Json& row : device.store.rows("conflicts")) bytes += row["size"].get<std::int64_t>();
  CHECK(bytes <= 200'000);
}

TEST_CASE("Corner: A decrement behind a refused increment doesn't become an increment") {
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

TEST_CASE("Corner: A creation that is answered by its id alone takes nothing out of the PUT behind it") {
  Courier device;
  capture(device, write("POST", "/api/orders", {{"id", "7"}, {"tip", 1}, {"note", "x"}}));
  capture(device, write("PUT", "/api/orders/7", {{"id", "7"}, {"tip", 2}, {"note", "x"}}));
  device.told(device.leaves(), 201, {{"id", "7"}}, "\"1\"");
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  if (sends[0]["lookup"] == false) CHECK(body_of(sends[0])["note"] == "x");
}

TEST_CASE("Corner: Nor one without an ETag, which is looked at first") {
  Courier device;
  device.act("PATCH", {{"tip", 2}});
  device.act("PUT", order({{"tip", 2}, {"door", 4}}));
  device.told(device.leaves(), 200, {{"id", "1"}, {"tip", 2}}, "\"2\"");
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  if (sends[0]["lookup"] == false) CHECK(body_of(sends[0])["note"] == "ring twice");
}

TEST_CASE("Corner: A request that is delivered twice is one write, also after a person has decided it") {
  Json resource = rules();
  resource["conflicts"]["fields"]["door"] = "manual";
  Courier device(resource);
  Json event = write("PATCH", "/api/orders/1", {{"door", 4}, {"tip", 3}});
  event["stamp"] = "s1";
  event["at"] = device.now;
  const std::string id = capture(device, event);
  device.meets(order({{"door", 5}}));
  device.kill();                                   // before the page was answered
  device.step({{"type", "tick"}, {"trigger", "start"}});
  device.decide(id, "retry");                      // another tab
  const std::string again = capture(device, event);
  CHECK((again.empty() || again == id));
}

TEST_CASE("Corner: Of joined writes the time of the last one counts") {
  Json resource = rules();
  resource["coalesce"] = {{"patch", "merge"}};
  resource["conflicts"]["fields"]["note"] = "last-write-wins";
  resource["conflicts"]["changedAt"] = "changed";
  Courier device(resource);
  const std::string first = device.act("PATCH", {{"door", 4}}, {{"stamp", "1"}});
  device.now += 600'000;                                   // meanwhile others change the note
  const auto theirs_at = device.now;
  device.now += 600'000;
  const std::string id = device.act("PATCH", {{"note", "mine"}}, {{"stamp", "2"}});   // ten minutes later than they did
  REQUIRE(id == first);
  device.now += 60'000;
  device.meets(order({{"note", "theirs"}, {"changed", theirs_at}}));
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(body_of(sends[0]).value("note", "") == "mine");
}

TEST_CASE("Corner: A JSON Patch of an enveloped document isn't sent blindly") {
  Json resource = rules();
  resource["envelope"] = "/order";
  Courier device(resource);
  device.bases["1"] = order();
  device.etags["1"] = "\"1\"";
  device.act("PATCH", Json::array({Json{{"op", "replace"}, {"path", "/order/door"}, {"value", 4}}}), json_patch());
  const Json send = device.leaves();
  CHECK((send["lookup"] == true || header(send, "if-match") == "\"1\""));
}

TEST_CASE("Corner: A write behind one of unknown outcome isn't taken for done because that one would have done it") {
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

TEST_CASE("Corner: An edit that isn't an object isn't swallowed") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});
  device.told(device.leaves(), 422);
  REQUIRE(device.row("inbox", id)["reason"] == "rejected");
  device.decide(id, "edit", "[1]");
  for (int i = 0; i < 3; ++i) for (const Json& send : pump(device)) {
    if (send["lookup"] == true) device.told(send, 200, order({{"door", 9}}), "\"2\"");
  }
  CHECK((device.outcome(id).is_null() || device.outcome(id)["state"] != "confirmed"));
}

TEST_CASE("Corner: The base of a decided write shows what the user saw, whatever becomes of the writes before it") {
  Json resource = rules();
  resource["idempotency"] = "none";
  Courier device(resource);
  const std::string first = device.act("PATCH", Json::array({Json{{"op", "replace"}, {"path", "/tip"}, {"value", 3}}}), json_patch());
  const std::string second = device.act("PATCH", {{"tip", 5}});
  device.step(failure(first, device.leaves()["attempt"]));
  device.now += 60'000;
  device.decide(first, "retry");
  for (int i = 0; i < 6; ++i) {
    device.now += 60'000;
    for (const Json& send : pump(device)) {
      if (send["lookup"] == true) device.told(send, 200, send["method"] == "HEAD" ? Json() : order(), "\"1\"");
      else if (send["id"] == second) device.told(send, 422);
    }
  }
  if (!device.row("inbox", first).is_null()) CHECK(Json::parse(device.row("inbox", first)["mutation"]["base"].get<std::string>())["tip"] == 1);
}

TEST_CASE("Corner: An edited PATCH where the document is gone doesn't leave with If-None-Match") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});
  device.meets(nullptr);
  REQUIRE(device.row("inbox", id)["theirs"] == "null");
  const Json effects = device.decide(id, "edit", Json{{"tip", 4}}.dump());
  for (const Json& send : pump(device)) CHECK(header(send, "if-none-match").is_null());
}

TEST_CASE("Corner: What gave way is told, however much was decided before") {
  Json resource = rules();
  resource["conflicts"]["fields"]["/c/*"] = "counter";
  Courier device(resource);
  const auto doc = [](int value, const char* status) {
    Json c = Json::object();
    for (int i = 0; i < 600; ++i) c["m" + std::to_string(i)] = value;
    return order({{"c", c}, {"status", status}});
  };
  device.act("PUT", doc(0, "picked-up"));
  device.told(device.leaves(), 200, doc(0, "picked-up"), "\"2\"");
  const std::string id = device.act("PUT", doc(1, "delivered"));
  device.told(device.leaves(), 412, doc(10, "picked-up"), "\"3\"");
  device.told(device.leaves(), 412, doc(20, "cancelled"), "\"4\"");
  device.now += 60'000;
  const Json send = device.leaves();
  CHECK(body_of(send)["status"] == "cancelled");
  CHECK(body_of(send)["c"]["m0"] == 21);
  device.told(send, 200, doc(21, "cancelled"), "\"5\"");
  CHECK(device.outcome(id)["state"] == "overruled");
}

TEST_CASE("Corner: A person's decision is as late as it was taken") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = "last-write-wins";
  resource["conflicts"]["fields"]["door"] = "manual";
  resource["conflicts"]["changedAt"] = "changed";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"door", 4}});
  device.meets(order({{"door", 5}, {"changed", device.now}}));
  device.now += 3'600'000;
  const auto between = device.now;
  device.now += 60'000;
  device.decide(id, "edit", Json{{"door", 6}, {"note", "as agreed just now"}}.dump());
  device.told(device.leaves(), 412, order({{"door", 5}, {"note", "older than the decision"}, {"changed", between}}), "\"3\"");
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(body_of(sends[0]).value("note", "") == "as agreed just now");
}

TEST_CASE("Corner: What met another document eight times waits with both documents") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});
  for (int round = 0; device.count("mutations") > 0 && round < 40; ++round) {
    device.now += 60'000;
    device.told(device.leaves(), 412, order({{"tip", 10 + round}}), ("\"n" + std::to_string(round) + '"').c_str());
  }
  REQUIRE(device.row("inbox", id)["reason"] == "conflict");
  CHECK(device.row("inbox", id)["theirs"] != "");
  CHECK(device.row("inbox", id)["suggested"] != "");
}

TEST_CASE("Corner: A resolver that died with its worker is asked again once its user is back") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = {{"resolver", "notes"}};
  Courier device(resource);
  device.act("PATCH", {{"note", "mine"}});
  device.meets(order({{"note", "theirs"}}));
  REQUIRE(only(device.effects, "resolve").size() == 1);
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", "bob"}});
  device.kill();
  device.step({{"type", "tick"}, {"trigger", "start"}});
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", ""}});
  for (int i = 0; i < 20; ++i) {
    device.now += 60'000;
    device.step({{"type", "tick"}, {"trigger", "timer"}});
    device.step({{"type", "tick"}, {"trigger", "online"}, {"origin", kApp}});
    if (!pump(device).empty()) return;
  }
  FAIL("the lane stands still");
}

TEST_CASE("Corner: A bounded counter of a decided write keeps its difference when one before it is taken out") {
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

TEST_CASE("Corner: A lane shared with many other writes: what stands far behind a refused one is made anew, too") {
  Json resource = rules();
  resource["lane"] = "all";
  Courier device(resource);
  device.act("PATCH", {{"tip", 5}, {"note", "b"}});
  for (int i = 0; i < 505; ++i) capture(device, write("PATCH", "/api/orders/other", {{"n", i}}));
  const std::string id = device.act("PATCH", {{"note", "b"}});
  device.told(device.leaves(), 422);
  CHECK(Json::parse(device.row("mutations", id)["base"].get<std::string>())["note"] == "ring twice");
}

TEST_CASE("Corner: A resolver's answer for the whole document must be a document") {
  Courier device(Json{{"conflicts", {{"default", {{"resolver", "all"}}}}}});
  const std::string id = device.act("PUT", order({{"note", "mine"}}));
  device.meets(order({{"note", "theirs"}}));
  REQUIRE(only(device.effects, "resolve").size() == 1);
  device.step({{"type", "resolved"}, {"id", id}, {"asking", only(device.effects, "resolve").at(0)["asking"]}, {"values", R"({"":"oops"})"}});
  for (const Json& send : pump(device)) { CHECK(send["body"] != "\"oops\""); }
}

TEST_CASE("Corner: A repeated creation that is answered with what is there now hides nobody's change") {
  Json resource = rules();
  resource["answers"] = {{"409", "confirmed"}};
  Courier device(resource);
  const std::string made = capture(device, write("POST", "/api/orders", {{"id", "7"}, {"tip", 1}, {"door", 3}}));
  const std::string id = capture(device, write("PATCH", "/api/orders/7", {{"door", 9}}));
  Json send = device.leaves();
  device.step(failure(made, send["attempt"]));
  device.now += 60'000;
  send = device.leaves();
  device.told(send, 409, {{"id", "7"}, {"tip", 1}, {"door", 7}}, "\"2\"");
  const auto sends = pump(device);
  CHECK((sends.empty() || sends[0]["lookup"] == true || body_of(sends[0]) != Json{{"door", 9}}));
}

TEST_CASE("Corner: Without keys a lost counter change isn't counted twice because others have undone it meanwhile") {
  Json resource = rules();
  resource["idempotency"] = "verify";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"tip", 3}});             // +2, carried out: the server has 3, ETag "2"; the answer is lost
  const Json lost = device.leaves();
  device.step(failure(id, lost["attempt"]));
  device.now += 60'000;
  device.meets(order({{"tip", 1}}), "\"3\"");                           // somebody took 2 away
  const auto sends = pump(device);
  CHECK(sends.empty());
  CHECK(device.row("inbox", id)["reason"] == "conflict");               // 1 + 2 - 2 = 1, not 3
}

TEST_CASE("Corner: Where no version is known, a lost PUT isn't carried out twice under a new key") {
  Courier device(rules(), nullptr);
  const std::string id = device.act("PUT", order({{"tip", 3}}));        // +2
  device.told(device.leaves(), 200, order());
  const Json lost = device.leaves();                                    // carried out; the answer is lost
  device.step(failure(id, lost["attempt"]));
  device.now += 60'000;
  device.told(device.leaves(), 200, order({{"tip", 1}, {"door", 4}}));  // somebody took 2 away, and changed the door
  const auto sends = pump(device);
  CHECK((sends.empty() || sends[0]["key"] == lost["key"]));
}

TEST_CASE("Corner: A PUT upon what was deleted stays one when a change before it is taken out") {
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

TEST_CASE("Corner: A repeated answer that is older than what was read since is nobody's change") {
  Courier device;
  const std::string first = device.act("PATCH", {{"door", 4}});
  const Json lost = device.leaves();
  device.step(failure(first, lost["attempt"]));                        // carried out: version 2; the answer is lost
  device.now += 1'000;
  device.bases["1"] = order({{"door", 4}, {"note", "b"}});              // others changed the note: version 3; this device reads it
  device.etags["1"] = "\"3\"";
  device.asked["1"] = device.now;
  device.now += 1'000;
  const std::string id = device.act("PATCH", {{"note", "ring twice"}}); // and its user sets it back
  device.now += 60'000;
  const Json again = device.leaves();
  REQUIRE(again["key"] == lost["key"]);
  device.told(again, 200, order({{"door", 4}}), "\"2\"");               // the answer of then, by its key
  const auto sends = pump(device);
  CHECK(device.outcome(id).is_null());
}

TEST_CASE("Corner: A PUT behind a refused write doesn't carry that one's change to the server") {
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

TEST_CASE("Corner: Last-write-wins doesn't take the time of one's own earlier write for theirs") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = "last-write-wins";
  resource["conflicts"]["changedAt"] = "changed";
  Courier device(resource);
  const auto start = device.now;
  device.act("PATCH", {{"door", 4}});                                   // 0 min, offline
  device.now += 600'000;                                                // 10 min: others change the note
  device.now += 600'000;
  const std::string id = device.act("PATCH", {{"note", "mine"}});       // 20 min
  device.now += 600'000;                                                // 30 min: online
  device.meets(order({{"note", "theirs"}, {"changed", start + 600'000}}));
  device.told(device.leaves(), 200, order({{"note", "theirs"}, {"door", 4}, {"changed", device.now}}), "\"3\"");  // stamped by the server, for the door
  const auto sends = pump(device);
  CHECK(device.outcome(id).is_null());                                  // 20 min is later than 10 min
}

TEST_CASE("Corner: What a person edits is made upon what the person sees then") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});              // upon 1
  device.told(device.leaves(), 422);
  REQUIRE(device.row("inbox", id)["reason"] == "rejected");
  device.now += 60'000;
  device.bases["1"] = order({{"tip", 5}});                                // the app shows 5 by now
  device.etags["1"] = "\"7\"";
  device.asked["1"] = device.now;
  device.now += 1'000;
  device.decide(id, "edit", Json{{"tip", 6}}.dump());                     // and the person makes it 6
  const Json send = device.leaves();
  CHECK(header(send, "if-match") == "\"7\"");
  CHECK(body_of(send)["tip"] == 6);
}
