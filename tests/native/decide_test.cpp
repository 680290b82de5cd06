// What no rule can settle, and what a person decides about it (wasm/outbox/rebase.hpp, rebase_decided).
#include <algorithm>

#include "courier.hpp"
#include "outbox/decisions.hpp"

using namespace holdfast::test;

namespace {

Json json_patch() { return with_headers({{"content-type", "application/json-patch+json"}}); }

}  // namespace

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
  const std::string id = device.act("PATCH", Json::parse(R"([{"op":"replace","path":"/note","value":"no bell"}])"), json_patch());
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

TEST_CASE("Retry keeps mine only where no rule could settle it; what a resolver settled stays settled") {
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

TEST_CASE("A second question shows as mine what is mine now") {
  Json resource = rules();
  resource["conflicts"]["fields"]["door"] = "manual";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"door", 4}});
  device.meets(order({{"door", 5}}));
  device.decide(id, "edit", Json{{"door", 6}}.dump());
  device.told(device.leaves(), 412, order({{"door", 7}}), "\"3\"");
  const Json entry = device.row("inbox", id);
  REQUIRE(!entry.is_null());
  CHECK(Json::parse(entry["mine"].get<std::string>())["door"] == 6);
  CHECK(Json::parse(entry["mutation"]["base"].get<std::string>())["door"] == 5);
}

TEST_CASE("An edit that isn't an object isn't swallowed") {
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

TEST_CASE("The base of a decided write shows what the user saw, whatever becomes of the writes before it") {
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

TEST_CASE("An edited PATCH where the document is gone doesn't leave with If-None-Match") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});
  device.meets(nullptr);
  REQUIRE(device.row("inbox", id)["theirs"] == "null");
  const Json effects = device.decide(id, "edit", Json{{"tip", 4}}.dump());
  for (const Json& send : pump(device)) CHECK(header(send, "if-none-match").is_null());
}

TEST_CASE("What met another document eight times waits with both documents") {
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

TEST_CASE("What a person edits is made upon what the person sees then") {
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

TEST_CASE("A request that is delivered twice is one write, also after a person has decided it") {
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

TEST_CASE("A resolver may have any name, also one that means something elsewhere") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = {{"resolver", "overlap"}};
  resource["conflicts"]["fields"]["door"] = {{"resolver", "decided by a person"}};
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"note", "mine"}, {"door", 4}, {"tip", 3}});
  device.meets(order({{"note", "theirs"}, {"door", 5}, {"tip", 2}}));
  const Json question = only(device.effects, "resolve").at(0);
  SUBCASE("what it leaves to a person has no markers in it") {
    device.step({{"type", "resolved"}, {"id", id}, {"asking", question["asking"]}, {"values", R"({"/door":5})"}});
    REQUIRE(device.row("inbox", id)["reason"] == "conflict");
    CHECK(only(device.decide(id, "merge"), "refuse").empty());
  }
  SUBCASE("what it settles against the user stays overruled") {
    device.step({{"type", "resolved"}, {"id", id}, {"asking", question["asking"]}, {"values", R"({"/note":"theirs","/door":7})"}});
    device.told(device.leaves(), 200, order({{"note", "theirs"}, {"door", 7}, {"tip", 4}}), "\"3\"");
    CHECK(device.outcome(id)["state"] == "overruled");
  }
}

TEST_CASE("Of more decisions than are kept, what gave way stays") {
  holdfast::Mutation mutation;
  const auto decision = [](holdfast::Verdict verdict) {
    return holdfast::Decision{{"tip"}, holdfast::Policy::kCounter, verdict, std::nullopt, std::nullopt, std::nullopt, std::nullopt, ""};
  };
  std::vector<holdfast::Decision> many(holdfast::kDecisionsMax, decision(holdfast::Verdict::kMerged));
  many.insert(many.begin() + 1, decision(holdfast::Verdict::kTheirs));
  many.push_back(decision(holdfast::Verdict::kTheirs));
  note_decisions(mutation, many);
  const Json kept = Json::parse(mutation.decisions);
  CHECK(kept.size() == holdfast::kDecisionsMax);
  CHECK(std::count_if(kept.begin(), kept.end(), [](const Json& one) { return one["verdict"] == "theirs"; }) == 2);
}
