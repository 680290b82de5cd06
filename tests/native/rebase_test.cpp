// A write that meets another document than it was made upon: what leaves, and what is merged (wasm/outbox/rebase.hpp).
// The merge itself has its tests in merge_test.cpp.
#include "courier.hpp"

using namespace holdfast::test;

TEST_CASE("Promise 19: a write leaves upon the version that it was made upon") {
  Courier device;
  device.act("PATCH", {{"note", "no bell"}});
  CHECK(header(device.leaves(), "if-match") == "\"1\"");
}

TEST_CASE("Promise 19: no If-Match of an app that sets a precondition itself, or declares no rules, or knows no document") {
  const Json own = with_headers({{"if-match", "\"0\""}, {"content-type", "application/json"}});
  SUBCASE("its own") {
    Courier device;
    device.act("PATCH", {{"note", "no bell"}}, own);
    const Json send = device.leaves();
    CHECK(header(send, "if-match") == "\"0\"");
    CHECK(send["headers"].size() == 2);
    device.told(send, 412);
    CHECK(device.row("inbox", send["id"])["theirs"] == "");
  }
  SUBCASE("no rules") {
    Courier device(Json::object());
    const std::string id = device.act("PATCH", {{"note", "no bell"}});
    const Json send = device.leaves();
    CHECK(header(send, "if-match") == nullptr);
    device.told(send, 412);
    CHECK(device.outcome(id)["state"] == "conflict");
  }
  SUBCASE("nothing known") {
    Device device(orders_config(rules()));
    capture(device, write("PATCH", "/api/orders/7", {{"note", "no bell"}}));
    const Json send = pump(device).at(0);
    CHECK(send["lookup"] == false);
    CHECK(header(send, "if-match") == nullptr);
  }
}

TEST_CASE("Two changes of different fields are both kept, and the write leaves with a new key") {
  Courier device;
  const std::string id = device.act("PATCH", {{"note", "no bell"}});
  const std::string key = device.row("mutations", id)["key"];
  device.meets(order({{"door", 4}}));
  const Json again = device.leaves();
  CHECK(again["lookup"] == false);
  CHECK(header(again, "if-match") == "\"2\"");
  CHECK(again["key"] != key);
  CHECK(body_of(again) == Json{{"note", "no bell"}});
  device.told(again, 200, order({{"door", 4}, {"note", "no bell"}}), "\"3\"");
  CHECK(device.outcome(id)["state"] == "confirmed");
  CHECK(device.outcome(id)["decisions"] == "");
}

TEST_CASE("A PUT is made anew as a whole, so that it takes nothing back") {
  Courier device;
  device.act("PUT", order({{"note", "no bell"}}));
  device.meets(order({{"door", 4}}));
  CHECK(body_of(device.leaves()) == order({{"door", 4}, {"note", "no bell"}}));
}

TEST_CASE("A JSON Patch is made anew as a JSON Patch") {
  Courier device;
  device.act("PATCH", Json::parse(R"([{"op":"replace","path":"/tip","value":3}])"), with_headers({{"content-type", "application/json-patch+json"}}));
  device.meets(order({{"tip", 2}}));
  CHECK(body_of(device.leaves()) == Json::parse(R"([{"op":"replace","path":"/tip","value":4}])"));
}

TEST_CASE("Counters add up: once each, however often the document changes meanwhile") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});
  device.meets(order({{"tip", 2}}));
  Json again = device.leaves();
  CHECK(body_of(again) == Json{{"tip", 4}});
  device.told(again, 412);
  CHECK(pump(device).empty());  // backs off from the second time on
  device.now += 30'000;
  const Json look = device.leaves();
  device.told(look, 200, order({{"tip", 12}}), "\"3\"");
  device.now += 30'000;
  again = device.leaves();
  CHECK(body_of(again) == Json{{"tip", 14}});
  device.told(again, 200, order({{"tip", 14}}), "\"4\"");
  CHECK(device.outcome(id)["state"] == "merged");
  const Json decisions = Json::parse(device.outcome(id)["decisions"].get<std::string>());
  REQUIRE(decisions.size() == 2);
  CHECK(decisions[0] == Json{{"path", "/tip"}, {"policy", "counter"}, {"verdict", "merged"}, {"reason", ""}, {"base", 1}, {"mine", 3}, {"theirs", 2}, {"result", 4}});
  CHECK(only(device.effects, "outcome")[0]["decisions"] == decisions);
}

TEST_CASE("A document that never holds still ends in the inbox") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});
  int rounds = 0;
  for (; device.count("mutations") > 0 && rounds < 40; ++rounds) {
    device.now += 60'000;
    const Json send = device.leaves();
    if (send["lookup"] == true) device.told(send, 200, order({{"tip", rounds}}), ("\"" + std::to_string(rounds) + "\"").c_str());
    else device.told(send, 412);
  }
  CHECK(rounds == 17);
  CHECK(device.row("inbox", id)["reason"] == "conflict");
}

TEST_CASE("The same change on both sides needs no sending") {
  Courier device;
  const std::string id = device.act("PATCH", {{"note", "no bell"}});
  device.meets(order({{"note", "no bell"}}));
  CHECK(device.outcome(id)["state"] == "confirmed");
  CHECK(pump(device).empty());
}

TEST_CASE("Promise 16: what follows in the lane leaves upon what the one before it has made") {
  Courier device;
  device.act("PATCH", {{"note", "no bell"}});
  const std::string second = device.act("PATCH", {{"tip", 3}});
  const Json first = device.leaves();
  SUBCASE("and nothing else") {
    device.told(first, 200, order({{"note", "no bell"}}), "\"2\"");
    const Json send = device.leaves();
    CHECK(send["lookup"] == false);
    CHECK(header(send, "if-match") == "\"2\"");
    CHECK(body_of(send) == Json{{"tip", 3}});
  }
  SUBCASE("and what others have changed") {
    device.told(first, 200, order({{"note", "no bell"}, {"tip", 2}}), "\"2\"");
    CHECK(body_of(device.leaves()) == Json{{"tip", 4}});
  }
  SUBCASE("without a version the server is asked") {
    device.told(first, 204);
    CHECK(device.leaves()["lookup"] == true);
  }
  SUBCASE("that was overruled: the rest goes on") {
    device.told(first, 412);
    device.told(device.leaves(), 200, order({{"note", "bell"}, {"tip", 2}}), "\"2\"");
    CHECK(device.count("inbox") == 1);
    const Json send = device.leaves();
    CHECK(send["id"] == second);
    CHECK(header(send, "if-match") == "\"2\"");
    CHECK(body_of(send) == Json{{"tip", 4}});
  }
}

TEST_CASE("Deleted here, changed there, and the other way round") {
  SUBCASE("asks") {
    Courier device;
    const std::string id = device.act("DELETE", nullptr);
    device.meets(order({{"tip", 2}}));
    CHECK(device.row("inbox", id)["suggested"] == order({{"tip", 2}}).dump());
    device.decide(id, "retry");
    const Json send = device.leaves();
    CHECK(send["method"] == "DELETE");
    CHECK(header(send, "if-match") == "\"2\"");
  }
  SUBCASE("is declared to be deleted") {
    Courier device({{"conflicts", {{"default", {{"policy", "merge"}, {"deleted", "delete"}}}}}});
    device.act("DELETE", nullptr);
    device.meets(order({{"tip", 2}}));
    const Json send = device.leaves();
    CHECK(send["method"] == "DELETE");
    CHECK(header(send, "if-match") == "\"2\"");
  }
  SUBCASE("is declared to be kept") {
    Courier device({{"conflicts", {{"default", {{"policy", "merge"}, {"deleted", "keep"}}}}}});
    const std::string id = device.act("DELETE", nullptr);
    device.meets(order({{"tip", 2}}));
    CHECK(device.outcome(id)["state"] == "overruled");
    CHECK(pump(device).empty());
  }
  SUBCASE("deleted on both sides is done") {
    Courier device;
    const std::string id = device.act("DELETE", nullptr);
    device.meets(nullptr);
    CHECK(device.outcome(id)["state"] == "confirmed");
    CHECK(device.row("documents", {"", "orders", "1"})["text"] == "null");
  }
  SUBCASE("a PATCH can't bring back what is gone: a person decides") {
    Courier device({{"conflicts", {{"default", {{"policy", "merge"}, {"deleted", "keep"}}}}}});
    const std::string id = device.act("PATCH", {{"tip", 3}});
    device.meets(nullptr);
    CHECK(device.row("inbox", id)["theirs"] == "null");
    CHECK(only(device.decide(id, "retry"), "refuse")[0]["code"] == "not-writable");
    CHECK(device.count("inbox") == 1);
  }
  SUBCASE("a PUT can") {
    Courier device({{"conflicts", {{"default", {{"policy", "merge"}, {"deleted", "keep"}}}}}});
    device.act("PUT", order({{"tip", 3}}));
    device.meets(nullptr);
    const Json send = device.leaves();
    CHECK(body_of(send) == order({{"tip", 3}}));
  }
}

TEST_CASE("A server that answers 404 to a write, precondition or not, has told what it has") {
  Courier device;
  SUBCASE("what was to be deleted") {
    const std::string id = device.act("DELETE", nullptr);
    device.told(device.leaves(), 404);
    CHECK(device.outcome(id)["state"] == "confirmed");
  }
  SUBCASE("what was to be changed") {
    const std::string id = device.act("PATCH", {{"tip", 3}});
    device.told(device.leaves(), 410);
    CHECK(device.row("inbox", id)["reason"] == "conflict");
    CHECK(device.row("inbox", id)["theirs"] == "null");
  }
}

TEST_CASE("Promise 12: on a server without keys, a lost answer leaves open whose change it was that is met") {
  Json resource = rules();
  resource["idempotency"] = "verify";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"tip", 3}, {"note", "no bell"}});
  const Json lost = device.leaves();
  device.step(failure(id, lost["attempt"]));
  device.now += 60'000;
  SUBCASE("a tip may be its own: a person decides") {
    device.meets(order({{"tip", 2}}));
    CHECK(device.row("inbox", id)["reason"] == "conflict");
  }
  SUBCASE("and one that is as it was may have been set back") {
    device.meets(order({{"note", "no bell"}}));
    CHECK(device.row("inbox", id)["reason"] == "conflict");
  }
}

TEST_CASE("Writes are joined only upon the same document") {
  Json resource = rules();
  resource["coalesce"] = {{"patch", "merge"}};
  Courier device(resource);
  device.act("PATCH", {{"note", "b"}}, {{"stamp", "1"}});
  std::size_t writes = 1;
  SUBCASE("") {
    device.bases["1"] = order({{"tip", 2}, {"door", 4}});
    device.etags["1"] = "\"2\"";
    writes = 2;
  }
  device.act("PATCH", {{"tip", 3}}, {{"stamp", "2"}});
  CHECK(device.count("mutations") == writes);
}

TEST_CASE("A JSON Patch with a test has a precondition of its own") {
  Courier device({{"conflicts", Json::object()}});
  const Json as_patch = with_headers({{"content-type", "application/json-patch+json"}});
  const std::string id = device.act("PATCH", Json::parse(R"([{"op":"test","path":"/status","value":"picked-up"},{"op":"replace","path":"/door","value":5}])"), as_patch);
  CHECK(device.row("mutations", id)["base"] == "");
  CHECK(header(device.leaves(), "if-match") == nullptr);
}

TEST_CASE("What stands beside the document in a body stays there") {
  Json resource = rules();
  resource["envelope"] = "/order";
  Courier device(resource);
  device.bases["1"] = order();
  device.etags["1"] = "\"1\"";
  device.act("PATCH", {{"order", {{"tip", 3}}}, {"reason", "kind"}});
  device.meets({{"order", order({{"tip", 2}})}});
  CHECK(body_of(device.leaves()) == Json{{"order", {{"tip", 4}}}, {"reason", "kind"}});
}

TEST_CASE("Promise 16: a write isn't taken for done because one before it, which was refused, would have done the same") {
  Courier device;
  const std::string refused = device.act("PATCH", {{"note", "b"}});
  const std::string again = device.act("PATCH", {{"note", "b"}});
  device.told(device.leaves(), 422);
  CHECK(Json::parse(device.row("mutations", again)["base"].get<std::string>()) == order());
  const Json look = device.leaves();
  CHECK(look["lookup"] == true);
  device.told(look, 200, order(), "\"1\"");
  CHECK(body_of(device.leaves()) == Json{{"note", "b"}});
}

TEST_CASE("Promise 16: what was added upon a write that isn't carried out is added without it") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = "text";
  Courier device(resource);
  device.act("PATCH", {{"tip", 5}, {"door", 4}, {"note", "ring twice\nthird floor\n"}});
  SUBCASE("in a PATCH") {
    const std::string second = device.act("PATCH", {{"tip", 7}, {"note", "ring twice\nthird floor\nthanks\n"}});
    const std::string third = device.act("PATCH", {{"tip", 8}});
    device.told(device.leaves(), 422);
    device.told(device.leaves(), 200, order(), "\"1\"");  // the look
    const Json send = device.leaves();
    CHECK(body_of(send)["tip"] == 3);
    device.told(send, 200, order({{"tip", 3}}), "\"2\"");
    CHECK(body_of(device.leaves()) == Json{{"tip", 4}});
  }
  SUBCASE("in a PUT, which doesn't bring it back") {
    device.act("PUT", order({{"tip", 7}, {"door", 4}, {"note", "ring twice\nthird floor\n"}}));
    device.told(device.leaves(), 422);
    device.told(device.leaves(), 200, order(), "\"1\"");
    CHECK(body_of(device.leaves()) == order({{"tip", 3}}));
  }
  SUBCASE("in a JSON Patch") {
    device.act("PATCH", Json::array({Json{{"op", "replace"}, {"path", "/tip"}, {"value", 7}}}), with_headers({{"content-type", "application/json-patch+json"}}));
    device.told(device.leaves(), 422);
    device.told(device.leaves(), 200, order(), "\"1\"");
    CHECK(body_of(device.leaves()) == Json::array({Json{{"op", "replace"}, {"path", "/tip"}, {"value", 3}}}));
  }
}

TEST_CASE("What the rows of a list leave out, the user had not seen: a write that names it sets it") {
  Json resource = rules();
  resource["list"] = {{"partial", true}};
  Device device(orders_config(resource));
  device.bases["1"] = {{"id", "1"}, {"tip", 1}, {"place", {{"street", "a"}}}};
  device.partial["1"] = true;
  const auto met = [&](const Json& body) {
    const std::string id = capture(device, write("PATCH", "/api/orders/1", body));
    const Json look = pump(device).at(0);
    REQUIRE(look["lookup"] == true);
    const Json theirs = {{"id", "1"}, {"tip", 2}, {"stock", 7}, {"place", {{"street", "a"}, {"city", "b"}}}};
    device.step(answer(look["id"], look["attempt"], 200, theirs.dump(), as_json("\"5\"")));
    return body_of(pump(device).at(0));
  };
  SUBCASE("a plain member") { CHECK(met({{"stock", 3}}) == Json{{"stock", 3}}); }
  SUBCASE("one inside of another") { CHECK(met({{"place", {{"city", "c"}}}}) == Json{{"place", {{"city", "c"}}}}); }
  SUBCASE("but what it had seen is merged") { CHECK(met({{"tip", 4}, {"stock", 3}}) == Json{{"stock", 3}, {"tip", 5}}); }
}

TEST_CASE("What the server itself puts into a document is no change of others") {
  Courier device;
  SUBCASE("when it creates it") {
    capture(device, write("POST", "/api/orders", {{"id", "7"}, {"tip", 1}}));
    capture(device, write("PATCH", "/api/orders/7", {{"courier", "ben"}, {"tip", 2}}));
    capture(device, write("PATCH", "/api/orders/7", {{"courier", "ann"}}));
    device.told(device.leaves(), 201, {{"id", "7"}, {"tip", 1}, {"courier", nullptr}, {"version", 1}}, "\"1\"");
    const Json send = device.leaves();
    CHECK(header(send, "if-match") == "\"1\"");
    CHECK(body_of(send) == Json{{"courier", "ben"}, {"tip", 2}});
    device.told(send, 200, {{"id", "7"}, {"tip", 2}, {"courier", "ben"}, {"version", 2}}, "\"2\"");
    const Json last = device.leaves();
    CHECK(body_of(last) == Json{{"courier", "ann"}});
    device.told(last, 200, {{"id", "7"}, {"tip", 2}, {"courier", "ann"}, {"version", 3}}, "\"3\"");
    for (const Json& row : device.store.rows("outcomes")) CHECK(row["state"] == "confirmed");
  }
  SUBCASE("when it changes it") {
    device.act("PATCH", {{"tip", 2}});
    const std::string id = device.act("PATCH", {{"note", "b"}, {"total", 9}});
    device.told(device.leaves(), 200, order({{"tip", 2}, {"total", 7}}), "\"2\"");
    CHECK(body_of(device.leaves()) == Json{{"note", "b"}, {"total", 9}});
  }
  SUBCASE("but what others have changed meanwhile still is") {
    device.act("PATCH", {{"tip", 2}});
    const std::string id = device.act("PATCH", {{"door", 9}});
    device.meets(order({{"door", 7}}));
    device.told(device.leaves(), 200, order({{"tip", 2}, {"door", 7}}), "\"3\"");
    CHECK(pump(device).empty());
    CHECK(device.row("inbox", id)["reason"] == "conflict");
  }
}

TEST_CASE("A change of what the write before it was to make anew, and didn't, isn't taken for done") {
  Courier device;
  device.act("DELETE", nullptr);
  device.act("PUT", order({{"note", "b"}}));
  const std::string id = device.act("PATCH", {{"tip", 3}});
  device.told(device.leaves(), 204);
  device.told(device.leaves(), 404);  // the look before the PUT
  device.told(device.leaves(), 422);
  const Json look = device.leaves();
  REQUIRE(look["lookup"] == true);
  device.told(look, 200, order({{"note", "c"}}), "\"9\"");
  CHECK(device.row("inbox", id)["reason"] == "conflict");
}

TEST_CASE("A mistake in the rules names its place") {
  Device device(orders_config({{"conflicts", {{"fields", {{"tip", "sum"}}}}}}));
  CHECK(device.configured.find("resources.orders.conflicts.fields.tip") != std::string::npos);
}
