// What no rule can settle, and what a person decides about it (wasm/outbox/rebase.hpp, rebase_decided).
#include "courier.hpp"

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
