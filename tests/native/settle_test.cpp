#include <doctest/doctest.h>

#include <algorithm>

#include "store.hpp"

using namespace holdfast::test;
using holdfast::kNever;

namespace {

const std::string kOrigin = std::string("origin ") + kApp;

std::string send_one(Device& device, const std::string& path = "/api/orders/1", const Json& body = {{"a", 1}}) {
  const std::string id = capture(device, write("PATCH", path, body));
  REQUIRE(pump(device).size() == 1);
  return id;
}

Json headers(const char* name, const char* value) {
  return with_headers({{"content-type", "application/json"}, {name, value}});
}

Json lane(Device& device) { return device.store.rows("lanes").at(0); }

}  // namespace

TEST_CASE("Promise 1: a write leaves the outbox in the step that records its outcome") {
  Device device(orders_config());
  const std::string id = send_one(device);
  const Json effects = device.step(answer(id, 1, 200, R"({"id":"1","a":1,"b":2})", {{"waiting", true}}));
  CHECK(device.count("mutations") == 0);
  CHECK(device.count("lanes") == 0);
  CHECK(device.row("outcomes", id)["state"] == "confirmed");
  CHECK(device.row("outcomes", id)["status"] == 200);
  CHECK(device.row("meta", "counts ")["pending"] == 0);
  CHECK(device.row("meta", "sends")["list"].empty());
  CHECK(device.row("documents", {"", "orders", "1"})["text"] == R"({"id":"1","a":1,"b":2})");
  REQUIRE(only(effects, "respond").size() == 1);
  CHECK(only(effects, "respond")[0]["how"] == "answer");
  CHECK(only(effects, "outcome").size() == 1);
}

TEST_CASE("A confirmation without a document leaves the best that is known") {
  Device device(orders_config());
  device.bases["1"] = {{"id", "1"}, {"note", "server"}};
  SUBCASE("204 to a change") {
    const std::string id = send_one(device);
    device.step(answer(id, 1, 204));
    CHECK(Json::parse(device.row("documents", {"", "orders", "1"})["text"].get<std::string>()) ==
          Json{{"id", "1"}, {"note", "server"}, {"a", 1}});
  }
  SUBCASE("204 to a deletion") {
    const std::string id = capture(device, write("DELETE", "/api/orders/1"));
    pump(device);
    device.step(answer(id, 1, 204));
    CHECK(device.row("documents", {"", "orders", "1"})["text"] == "null");
  }
  SUBCASE("204 to the deletion of a part of it") {
    const std::string id = capture(device, write("DELETE", "/api/orders/1/lines/7"));
    pump(device);
    device.step(answer(id, 1, 204));
    CHECK(Json::parse(device.row("documents", {"", "orders", "1"})["text"].get<std::string>()) == device.bases["1"]);
  }
}

TEST_CASE("Promise 3: an unknown outcome is sent again with the same key and the same bytes") {
  Device device(orders_config());
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  const Json first = pump(device).at(0);
  SUBCASE("the connection dropped") { device.step(failure(id, 1)); }
  SUBCASE("it timed out") { device.step(failure(id, 1, "timeout")); }
  SUBCASE("the server failed") { device.step(answer(id, 1, 500)); }
  SUBCASE("the worker was killed") { device.kill(); }
  CHECK(device.row("mutations", id)["state"] == "unknown");
  device.now += 60'000;
  const auto again = pump(device);
  REQUIRE(again.size() == 1);
  CHECK(again[0]["id"] == id);
  CHECK(again[0]["attempt"] == 2);
  for (const char* field : {"key", "body", "url", "method", "headers"}) CHECK(again[0][field] == first[field]);
}

TEST_CASE("A doubled answer changes nothing the second time") {
  Device device(orders_config());
  const std::string id = send_one(device);
  const Json told = answer(id, 1, 200, R"({"id":"1"})");
  device.step(told);
  const auto before = device.store.rows("outcomes");
  CHECK(device.step(told).empty());
  CHECK(device.store.rows("outcomes") == before);
  CHECK(device.row("meta", "counts ")["pending"] == 0);
}

TEST_CASE("A late answer of an older attempt") {
  Device device(orders_config());
  const std::string id = send_one(device);
  device.step(failure(id, 1, "timeout"));
  device.now += 20'000;
  REQUIRE(pump(device).size() == 1);
  SUBCASE("a confirmation is proof: these bytes were applied") {
    device.step(answer(id, 1, 200));
    CHECK(device.count("mutations") == 0);
    CHECK(device.step(answer(id, 2, 200)).empty());
    CHECK(device.row("meta", "sends")["list"].empty());
  }
  SUBCASE("a failure is no news") {
    device.step(answer(id, 1, 422));
    device.step(answer(id, 1, 503));
    device.step(failure(id, 1));
    CHECK(device.row("mutations", id)["state"] == "sending");
    CHECK(device.count("inbox") == 0);
  }
}

TEST_CASE("Promise 5: a rejected write is its page's answer if the page waits, else the inbox keeps it") {
  Device device(orders_config());
  const std::string id = send_one(device);
  SUBCASE("the page waits") {
    const auto effects = device.step(answer(id, 1, 422, R"({"title":"no"})", {{"waiting", true}}));
    CHECK(device.count("inbox") == 0);
    CHECK(only(effects, "respond")[0]["how"] == "answer");
  }
  SUBCASE("nobody waits") {
    device.step(answer(id, 1, 422, R"({"title":"no"})"));
    REQUIRE(device.count("inbox") == 1);
    const Json entry = device.row("inbox", id);
    CHECK(entry["reason"] == "rejected");
    CHECK(entry["status"] == 422);
    CHECK(entry["answer"] == R"({"title":"no"})");
    CHECK(entry["mutation"]["body"]["text"] == R"({"a":1})");
    CHECK(device.row("meta", "counts ") == Json{{"name", "counts "}, {"pending", 0}, {"inbox", 1}, {"names", 0}, {"emptied", 0}, {"records", 0}, {"recordBytes", 0}, {"v", 1}});
  }
  CHECK(device.count("mutations") == 0);
  CHECK(device.row("outcomes", id)["state"] == "rejected");
}

TEST_CASE("Promise 5: a conflict is always kept, whether or not the page waits") {
  for (const bool waiting : {false, true}) {
    Device device(orders_config());
    const std::string id = send_one(device);
    device.step(answer(id, 1, 412, "", {{"waiting", waiting}}));
    CHECK(device.row("inbox", id)["reason"] == "conflict");
    CHECK(device.row("outcomes", id)["state"] == "conflict");
  }
}

TEST_CASE("Promise 10: the bytes of a write that goes to the inbox go along") {
  Device device(orders_config());
  const Json body{{"kind", "bytes"}, {"size", 9}};
  const std::string id = capture(device, write("PUT", "/api/orders/1", nullptr, {{"body", body}}));
  device.store.put("bodies", {{"id", id}});
  pump(device);
  device.step(answer(id, 1, 422));
  CHECK(device.count("bodies") == 1);
  CHECK(device.row("inbox", id)["mutation"]["body"]["kind"] == "bytes");
  SUBCASE("and leave when it is discarded") {
    device.step({{"type", "decided"}, {"id", id}, {"action", "discard"}});
    CHECK(device.count("bodies") == 0);
  }
  SUBCASE("and are sent when it is tried again") {
    device.step({{"type", "decided"}, {"id", id}, {"action", "retry"}});
    CHECK(pump(device).at(0)["bytes"] == true);
    CHECK(device.count("bodies") == 1);
  }
}

TEST_CASE("Promise 6: Retry-After wins over the backoff") {
  Device device(orders_config());
  const std::string id = send_one(device);
  SUBCASE("in seconds") {
    device.step(answer(id, 1, 503, "", headers("retry-after", "120")));
    CHECK(lane(device)["due"] >= device.now + 120'000);
    CHECK(lane(device)["due"] <= device.now + 121'000);
    CHECK(lane(device)["hold"] == "retry-after");
  }
  SUBCASE("as a date") {
    device.now = 1'700'000'000'000;  // Tue, 14 Nov 2023 22:13:20 GMT
    device.step(answer(id, 1, 429, "", headers("retry-after", "Tue, 14 Nov 2023 22:14:20 GMT")));
    CHECK(lane(device)["due"] >= device.now + 60'000);
    CHECK(lane(device)["due"] <= device.now + 61'000);
  }
  SUBCASE("but not beyond the longest that is believed") {
    device.step(answer(id, 1, 503, "", headers("retry-after", "999999")));
    CHECK(lane(device)["due"] <= device.now + 3'600'000 + 1'000);
  }
  SUBCASE("and holds even when somebody asks outright") {
    device.step(answer(id, 1, 503, "", headers("retry-after", "120")));
    device.step({{"type", "tick"}, {"trigger", "call"}});
    CHECK(pump(device).empty());
  }
  SUBCASE("while a plain backoff ends then") {
    for (int attempt = 1; attempt <= 3; ++attempt) {
      device.step(answer(id, attempt, 503));
      device.step({{"type", "tick"}, {"trigger", "call"}});
      CHECK(pump(device).size() == 1);
    }
  }
  SUBCASE("what can't be understood leaves the backoff") {
    device.step(answer(id, 1, 503, "", headers("retry-after", "soon")));
    CHECK(lane(device)["hold"] == "backoff");
  }
}

TEST_CASE("Promise 6: the backoff of a lane survives a restart and grows with each failure") {
  Device device(orders_config());
  const std::string id = send_one(device);
  holdfast::Millis longest = 0;
  for (int attempt = 1; attempt <= 4; ++attempt) {
    device.step(answer(id, attempt, 503));
    const Json before = lane(device);
    CHECK(before["failures"] == attempt);
    CHECK(before["due"] <= device.now + (1'000 << (attempt - 1)));
    longest = std::max<holdfast::Millis>(longest, before["due"].get<holdfast::Millis>() - device.now);
    device.kill();
    CHECK(lane(device) == before);
    device.now = before["due"];
    REQUIRE(pump(device).size() == 1);
  }
  CHECK(longest > 0);
}

TEST_CASE("Promise 4: a lane that fails starts the next write without its predecessor's failures") {
  Device device(orders_config());
  const std::string id = send_one(device);
  capture(device, write("PATCH", "/api/orders/1", {{"a", 2}}));
  device.step(answer(id, 1, 503));
  device.now += 2'000;
  pump(device);
  device.step(answer(id, 2, 200));
  CHECK(lane(device)["failures"] == 0);
  CHECK(lane(device)["due"] == device.now);
  CHECK(lane(device)["length"] == 1);
  CHECK(pump(device).size() == 1);
}

TEST_CASE("Promise 5: 401 refreshes the credentials once, then says needs-auth, then waits for a sign-in") {
  Device device(orders_config());
  const std::string id = send_one(device);
  const auto asked = only(device.step(answer(id, 1, 401, "", {{"waiting", true}})), "refresh_credentials");
  REQUIRE(asked.size() == 1);
  CHECK(asked[0]["origin"] == kApp);
  CHECK(pump(device).empty());
  device.now += 100;
  device.step({{"type", "session"}, {"action", "credentials"}, {"origin", kApp}, {"ok", true}});
  CHECK(device.row("meta", kOrigin)["auth"] == "fresh");
  REQUIRE(pump(device).size() == 1);
  device.now += 100;
  SUBCASE("the fresh ones are good") {
    device.step(answer(id, 2, 200));
    CHECK(device.row("meta", kOrigin)["auth"] == "ok");
  }
  SUBCASE("the fresh ones are turned down too") {
    CHECK(only(device.step(answer(id, 2, 401)), "refresh_credentials").empty());
    CHECK(device.row("meta", kOrigin)["auth"] == "needed");
    device.now += 600'000;
    CHECK(pump(device).empty());
    device.step({{"type", "session"}, {"action", "sign-in"}, {"user", ""}});
    const auto sends = pump(device);
    REQUIRE(sends.size() == 1);
    CHECK(sends[0]["id"] == id);
  }
  SUBCASE("a late 401 to an attempt from before the refresh is old news") {
    device.step(answer(id, 2, 200));
    CHECK(device.step(answer(id, 1, 401)).empty());
  }
}

TEST_CASE("Promise 5: a worker killed while it fetched credentials does not leave the outbox waiting for them") {
  Device device(orders_config());
  const std::string id = send_one(device);
  device.step(answer(id, 1, 401));
  REQUIRE(pump(device).empty());
  SUBCASE("taking the lock over within one life does not repeat the question") {
    device.step({{"type", "take-over"}});
    CHECK(pump(device).empty());
  }
  SUBCASE("a new life asks anew") {
    device.kill();
    REQUIRE(pump(device).size() == 1);
    device.now += 10;
    CHECK(only(device.step(answer(id, 2, 401)), "refresh_credentials").size() == 1);
  }
}

TEST_CASE("Promise 7: with no credentials to be had nothing leaves, and no attempt is counted") {
  Device device(orders_config());
  const std::string id = send_one(device);
  device.step(failure(id, 1, "no-credentials"));
  CHECK(device.row("mutations", id)["attempts"] == 0);
  CHECK(device.row("mutations", id)["state"] == "queued");
  CHECK(device.row("meta", kOrigin)["auth"] == "needed");
  CHECK(pump(device).empty());
}

TEST_CASE("Promise 5: a redirect to a sign-in page confirms nothing") {
  Device device(orders_config());
  const std::string id = send_one(device);
  Json page = with_headers({{"content-type", "text/html; charset=utf-8"}});
  page["redirected"] = true;
  device.step(answer(id, 1, 200, "<html>", page));
  CHECK(device.count("mutations") == 1);
  CHECK(device.row("meta", kOrigin)["auth"] != "ok");
}

TEST_CASE("Promise 2: a page that waits is told 'queued' when its attempt fails, times out, or is put off") {
  Device device(orders_config({{"queuedStatus", 200}}));
  const std::string id = send_one(device);
  Json effects;
  SUBCASE("no answer") { effects = device.step(failure(id, 1)); }
  SUBCASE("it has waited long enough") { effects = device.step({{"type", "waited"}, {"id", id}}); }
  SUBCASE("503") { effects = device.step(answer(id, 1, 503, "", {{"waiting", true}})); }
  SUBCASE("401") { effects = device.step(answer(id, 1, 401, "", {{"waiting", true}})); }
  const auto told = only(effects, "respond");
  REQUIRE(told.size() == 1);
  CHECK(told[0]["how"] == "queued");
  CHECK(told[0]["status"] == 200);
  CHECK(told[0]["id"] == id);
  CHECK(device.row("mutations", id)["answered"] == true);
}

TEST_CASE("Promise 2: a page's wait behind its lane says nothing about the link") {
  Device device(orders_config());
  send_one(device);
  const std::string second = capture(device, write("PATCH", "/api/orders/1", {{"a", 2}}));
  device.step({{"type", "waited"}, {"id", second}});
  CHECK(device.row("meta", kOrigin)["silences"] == 0);
}

TEST_CASE("A lane that always meets silence while others get through backs off by itself") {
  Device device(orders_config());
  const std::string poison = send_one(device, "/api/orders/poison");
  int tries = 1;
  for (int round = 0; round < 30; ++round) {
    const std::string other = capture(device, write("PATCH", "/api/orders/" + std::to_string(round), {{"a", 1}}));
    for (int i = 0; i < 40; ++i) {
      device.now += 250;
      for (const Json& send : pump(device)) {
        if (send["id"] == poison) ++tries;
        device.step(send["id"] == poison ? failure(poison, send["attempt"]) : answer(send["id"], send["attempt"], 200));
      }
      if (round == 0 && i == 0) device.step(failure(poison, 1));
    }
    CHECK(device.row("mutations", other).is_null());
  }
  // Each success of another opens the gate anew, so it tries more often than its own backoff; but not without end.
  CHECK(tries > 10);
  CHECK(tries < 250);
}

TEST_CASE("Outcomes are remembered for the last thousand writes, not for all") {
  Device device(orders_config());
  for (int i = 1; i <= 1'080; ++i) {
    device.store.put("outcomes", {{"id", "old " + std::to_string(i)}, {"seq", i}, {"state", "confirmed"}});
  }
  device.store.put("meta", {{"name", "sequence"}, {"last", 1'080}});
  for (int i = 0; i < 20; ++i) {
    const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"a", i}}));
    pump(device);
    const std::size_t before = device.count("outcomes");
    device.step(answer(id, 1, 204));
    // A few at a time: a write's cost must not depend on how many there are.
    CHECK(device.count("outcomes") + 3 >= before);
  }
  CHECK(device.count("outcomes") >= 1'000);
  CHECK(device.count("outcomes") <= 1'040);
  const auto rows = device.store.rows("outcomes");
  CHECK(std::any_of(rows.begin(), rows.end(), [](const Json& row) { return row["seq"] == 1'100; }));
}
