// What no rule can settle, and what a person decides about it (wasm/outbox/rebase.hpp, rebase_decided).
#include "../simulate/drawn.hpp"
#include "courier.hpp"

using holdfast::Millis;
using namespace holdfast::test;

TEST_CASE("Delivered here, cancelled there") {
  SUBCASE("overruled: nothing of it is left to be sent") {
    Courier device;
    const std::string id = device.act("PATCH", {{"status", "delivered"}});
    device.meets(order({{"status", "cancelled"}}));
    CHECK(pump(device).empty());
    CHECK(device.count("mutations") == 0);
    CHECK(device.outcome(id)["state"] == "overruled");
    CHECK(Json::parse(device.outcome(id)["document"].get<std::string>())["status"] == "cancelled");
    CHECK(device.row("documents", {"", "orders", "1"})["etag"] == "\"2\"");
    const Json outcome = only(device.effects, "outcome")[0];
    CHECK(outcome["decisions"][0]["policy"] == "transitions");
    CHECK(outcome["decisions"][0]["verdict"] == "theirs");
  }
  SUBCASE("accepted as a declared exception") {
    Courier device(rules({{"transitions", kStates}, {"exceptions", Json::array({Json::array({"cancelled", "delivered"})})}}));
    const std::string id = device.act("PATCH", {{"status", "delivered"}});
    device.meets(order({{"status", "cancelled"}}));
    const Json again = device.leaves();
    CHECK(body_of(again) == Json{{"status", "delivered"}});
    device.told(again, 200, order({{"status", "delivered"}}), "\"3\"");
    CHECK(device.outcome(id)["state"] == "merged");
  }
  SUBCASE("asked of a person") {
    Courier device(rules({{"transitions", kStates}, {"unreachable", "ask"}}));
    const std::string id = device.act("PATCH", {{"status", "delivered"}, {"note", "at the door"}});
    device.meets(order({{"status", "cancelled"}, {"door", 4}}));
    CHECK(device.outcome(id)["state"] == "conflict");
    const Json entry = device.row("inbox", id);
    CHECK(Json::parse(entry["theirs"].get<std::string>()) == order({{"status", "cancelled"}, {"door", 4}}));
    CHECK(Json::parse(entry["suggested"].get<std::string>()) == order({{"status", "cancelled"}, {"door", 4}, {"note", "at the door"}}));
    SUBCASE("who keeps mine: theirs stays where only they changed something") {
      device.decide(id, "retry");
      const Json send = device.leaves();
      CHECK(header(send, "if-match") == "\"2\"");
      CHECK(body_of(send) == Json{{"status", "delivered"}, {"note", "at the door"}});
      device.told(send, 200, order({{"status", "delivered"}}), "\"3\"");
      CHECK(device.outcome(id)["state"] == "merged");
    }
    SUBCASE("who keeps what was merged") {
      device.decide(id, "merge");
      CHECK(body_of(device.leaves()) == Json{{"note", "at the door"}});
    }
    SUBCASE("who edits it") {
      device.decide(id, "edit", R"({"note":"sorry"})");
      const Json send = device.leaves();
      CHECK(header(send, "if-match") == "\"2\"");
      CHECK(body_of(send) == Json{{"note", "sorry"}});
      const Json decided = Json::parse(device.row("mutations", id)["decisions"].get<std::string>()).back();
      CHECK(decided["reason"] == "decided by a person");
      CHECK(decided["result"] == order({{"status", "cancelled"}, {"door", 4}, {"note", "sorry"}}));
    }
    SUBCASE("who keeps theirs") {
      device.decide(id, "discard");
      CHECK(pump(device).empty());
      CHECK(device.outcome(id)["state"] == "discarded");
    }
    SUBCASE("and it has changed again by then") {
      device.decide(id, "retry");
      device.meets(order({{"status", "cancelled"}, {"door", 5}}), "\"3\"");
      CHECK(body_of(device.leaves()) == Json{{"status", "delivered"}, {"note", "at the door"}});
    }
  }
}

TEST_CASE("Without a rule, two changes of one field are a person's decision") {
  Courier device({{"conflicts", Json::object()}});
  const std::string id = device.act("PATCH", {{"note", "no bell"}});
  device.meets(order({{"note", "bell"}}));
  CHECK(device.row("inbox", id)["reason"] == "conflict");
  CHECK(device.count("mutations") == 0);
}

TEST_CASE("A JSON Patch that a person has edited so that it doesn't apply is asked about again, not taken for nothing") {
  Courier device({{"conflicts", Json::object()}});
  const Json as_patch = with_headers({{"content-type", "application/json-patch+json"}});
  const std::string id = device.act("PATCH", Json::parse(R"([{"op":"replace","path":"/note","value":"no bell"}])"), as_patch);
  device.meets(order({{"note", "bell"}}));
  device.decide(id, "edit", R"([{"op":"remove","path":"/nothing"}])");
  device.meets(order({{"note", "bells"}}), "\"3\"");
  CHECK(device.row("inbox", id)["reason"] == "conflict");
}

TEST_CASE("That a write may have been carried out unheard isn't forgotten in the inbox") {
  SUBCASE("by a look that was refused") {
    Courier device(rules(), nullptr);
    const std::string id = device.act("PATCH", {{"tip", 3}});
    device.told(device.leaves(), 200, order());
    device.step(failure(id, device.leaves()["attempt"]));
    device.now += 60'000;
    device.told(device.leaves(), 403);
    device.decide(id, "retry");
    device.told(device.leaves(), 200, order({{"tip", 3}}));
    CHECK(device.row("inbox", id)["reason"] == "conflict");
    CHECK(pump(device).empty());
  }
  SUBCASE("of one that can't be sent twice") {
    Json resource = rules();
    resource["idempotency"] = "verify";
    Courier device(resource);
    const std::string id = device.act("PATCH", Json::parse(R"([{"op":"replace","path":"/tip","value":3}])"), with_headers({{"content-type", "application/json-patch+json"}}));
    device.step(failure(id, device.leaves()["attempt"]));
    REQUIRE(device.row("inbox", id)["reason"] == "unknown-outcome");
    device.now += 60'000;
    device.decide(id, "retry");
    for (int i = 0; i < 3; ++i) {
      const auto sends = pump(device);
      if (sends.empty()) break;
      if (sends[0]["method"] == "HEAD") device.told(sends[0], 200);
      else if (sends[0]["method"] == "GET") device.told(sends[0], 200, order({{"tip", 3}}), "\"2\"");
      else device.told(sends[0], 412);
    }
    CHECK(device.row("inbox", id)["reason"] == "conflict");
  }
}

TEST_CASE("A deletion has no body to edit") {
  Courier device;
  const std::string id = device.act("DELETE", nullptr);
  device.meets(order({{"tip", 2}}));
  CHECK(only(device.decide(id, "edit", R"({"tip":5})"), "refuse")[0]["code"] == "not-writable");
  CHECK(device.count("inbox") == 1);
}

TEST_CASE("What a person writes that is no change in JSON leaves upon the version that was shown, and isn't merged") {
  Courier device({{"conflicts", Json::object()}});
  const std::string id = device.act("PATCH", {{"note", "b"}});
  device.meets(order({{"note", "c"}}));
  device.decide(id, "edit", "not json");
  const Json send = device.leaves();
  CHECK(send["body"] == "not json");
  CHECK(header(send, "if-match") == "\"2\"");
  device.told(send, 412);
  CHECK(device.row("inbox", id)["reason"] == "conflict");
}

TEST_CASE("A person's retry of what changed too often begins anew") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});
  for (int i = 0; i < 40 && device.count("mutations") > 0; ++i) {
    device.now += 60'000;
    const Json send = device.leaves();
    if (send["lookup"] == true) device.told(send, 200, order({{"tip", i}}), ("\"" + std::to_string(i) + "\"").c_str());
    else device.told(send, 412);
  }
  device.decide(id, "retry");
  const Json look = device.leaves();
  CHECK(look["lookup"] == true);
  device.told(look, 200, order({{"tip", 100}}), "\"100\"");
  CHECK(header(device.leaves(), "if-match") == "\"100\"");
  CHECK(device.row("mutations", id)["merges"] == 0);
}

TEST_CASE("A person decides what no rule could settle; what a rule settles against the user stays overruled") {
  Json resource = rules();
  resource["conflicts"]["fields"]["door"] = "server-wins";
  resource["conflicts"]["fields"]["note"] = "manual";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"door", 7}, {"note", "b"}, {"tip", 3}});
  device.meets(order({{"door", 4}, {"note", "c"}, {"tip", 2}}));
  SUBCASE("for mine") {
    device.decide(id, "retry");
    const Json send = device.leaves();
    CHECK(body_of(send) == Json{{"note", "b"}, {"tip", 4}});
    device.told(send, 200, order({{"door", 4}, {"note", "b"}, {"tip", 4}}), "\"3\"");
    CHECK(device.outcome(id)["state"] == "overruled");
  }
  SUBCASE("for what was suggested, which takes that in") {
    device.decide(id, "merge");
    const Json send = device.leaves();
    CHECK(body_of(send) == Json{{"tip", 4}});
    device.told(send, 200, order({{"door", 4}, {"note", "c"}, {"tip", 4}}), "\"3\"");
    CHECK(device.outcome(id)["state"] == "merged");
  }
}

namespace {

/// A device whose clock is an hour ahead of the server's, and a note that both have changed; the server's so many
/// milliseconds after the device's. @return the note that the write leaves with, or what became of the write
std::string later_of(Millis theirs_later, const Json& conflicts, const std::function<Json(Millis)>& told) {
  Courier device({{"conflicts", conflicts}});
  const std::string id = device.act("PATCH", {{"note", "mine"}, {"door", 4}});
  const Millis theirs_at = device.now - 3'600'000 + theirs_later;
  device.now += 60'000;
  device.told(device.leaves(), 412);
  const Json look = device.leaves();
  Json document = order({{"note", "theirs"}});
  document.update(told(theirs_at).value("body", Json::object()));
  Json headers = as_json("\"2\"");
  for (const Json& header : told(theirs_at).value("headers", Json::array())) headers["headers"].push_back(header);
  headers["headers"].push_back(Json::array({"date", http_date(device.now - 3'600'000)}));
  device.step(answer(look["id"], look["attempt"], 200, document.dump(), headers));
  const auto sends = pump(device);
  if (sends.empty()) return device.outcome(id)["state"];
  return body_of(sends[0]).value("note", "theirs");
}

}  // namespace

TEST_CASE("The later change stands, by the clock of the server, whatever the device's own says") {
  const auto by_header = [](Millis at) { return Json{{"headers", Json::array({Json::array({"last-modified", http_date(at)})})}}; };
  const auto by_text = [](Millis at) { return Json{{"body", {{"changed", iso_date(at)}}}}; };
  const auto by_number = [](Millis at) { return Json{{"body", {{"changed", at}}}}; };
  const Json rule = {{"fields", {{"note", "last-write-wins"}, {"changed", "server-wins"}}}};
  Json declared = rule;
  declared["changedAt"] = "changed";
  CHECK(later_of(5'000, rule, by_header) == "theirs");
  CHECK(later_of(-5'000, rule, by_header) == "mine");
  CHECK(later_of(5'000, declared, by_text) == "theirs");
  CHECK(later_of(-5'000, declared, by_text) == "mine");
  CHECK(later_of(5'000, declared, by_number) == "theirs");
  CHECK(later_of(-5'000, declared, by_number) == "mine");
  CHECK(later_of(5'000, declared, [](Millis) { return Json::object(); }) == "conflict");
  CHECK(later_of(5'000, rule, [](Millis) { return Json{{"headers", Json::array({Json::array({"last-modified", "soon"})})}}; }) == "conflict");
}

TEST_CASE("A text with markers in it is nothing to send") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = "text";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"note", "ring thrice"}});
  device.meets(order({{"note", "ring once"}}));
  CHECK(only(device.decide(id, "merge"), "refuse").at(0)["code"] == "overlap");
  CHECK(device.count("inbox") == 1);
  SUBCASE("what a person makes of it is") {
    device.decide(id, "edit", Json{{"note", "ring four times"}}.dump());
    CHECK(body_of(device.leaves())["note"] == "ring four times");
  }
  SUBCASE("and so is one side") {
    device.decide(id, "retry");
    CHECK(body_of(device.leaves())["note"] == "ring thrice");
  }
}

TEST_CASE("A document beyond what is kept with a write makes a conflict a person's matter") {
  Courier device;
  device.now += 1;
  const std::string big = device.act("PUT", order({{"note", std::string(300'000, 'x')}}));
  device.told(device.leaves(), 200, order({{"note", std::string(300'000, 'x')}}), "\"2\"");
  const std::string id = device.act("PATCH", {{"tip", 3}});
  CHECK(device.row("mutations", id)["base"] == "");
  const Json send = device.leaves();
  CHECK(header(send, "if-match") == "\"2\"");
  device.told(send, 412);
  CHECK(device.outcome(id)["state"] == "conflict");
}
