// A write that meets another document than it was made upon: what leaves, what is merged, who is asked
// (wasm/outbox/rebase.hpp). The merge itself has its tests in merge_test.cpp.
#include <doctest/doctest.h>

#include "store.hpp"

using namespace holdfast::test;

namespace {

const Json kStates = Json{{"placed", {"picked-up", "cancelled"}}, {"picked-up", {"delivered", "cancelled"}}, {"delivered", Json::array()}, {"cancelled", Json::array()}};

Json rules(const Json& status = {{"transitions", kStates}}) {
  return {{"conflicts", {{"fields", {{"status", status}, {"tip", "counter"}, {"lines", {{"list", "sku"}}}}}}}};
}

Json order(const Json& changes = Json::object()) {
  Json document = {{"id", "1"}, {"status", "picked-up"}, {"tip", 1}, {"note", "ring twice"}, {"door", 3}};
  document.update(changes);
  return document;
}

Json as_json(const char* etag = nullptr) {
  return etag != nullptr ? with_headers({{"content-type", "application/json"}, {"etag", etag}}) : with_headers({{"content-type", "application/json"}});
}

/// A device that knows order 1, by a write that the server answered.
struct Courier : Device {
  explicit Courier(const Json& resource = rules(), const char* etag = "\"1\"") : Device(orders_config(resource)) {
    const std::string first = capture(*this, write("PUT", "/api/orders/1", order()));
    Json send = pump(*this).at(0);
    step(answer(first, send["attempt"], 200, order().dump(), as_json(etag)));
    now += 1'000;
  }

  std::string act(const std::string& method, const Json& body, const Json& more = Json::object()) {
    Json event = write(method, "/api/orders/1", body, more);
    event["at"] = now;
    return capture(*this, event);
  }

  /// The one request that leaves now.
  Json leaves() {
    const auto sends = pump(*this);
    REQUIRE(sends.size() == 1);
    return sends[0];
  }

  void told(const Json& send, int status, const Json& document = nullptr, const char* etag = nullptr) {
    effects = step(answer(send["id"], send["attempt"], status, document.is_null() ? "" : document.dump(), as_json(etag)));
  }

  /// A write that was turned away, and then told what the server has.
  void meets(const Json& theirs, const char* etag = "\"2\"") {
    told(leaves(), 412);
    const Json look = leaves();
    REQUIRE(look["lookup"] == true);
    CHECK(look["method"] == "GET");
    CHECK(look["url"] == std::string(kApp) + "/api/orders/1");
    told(look, theirs.is_null() ? 404 : 200, theirs, theirs.is_null() ? nullptr : etag);
  }

  Json outcome(const std::string& id) const { return row("outcomes", id); }
  Json decide(const std::string& id, const char* action, const std::string& body = "") {
    return step({{"type", "decided"}, {"id", id}, {"action", action}, {"body", body}});
  }

  Json effects;
};

/// The value of a request's header, or null.
Json header(const Json& send, const char* wanted) {
  for (const Json& header : send["headers"]) if (header[0] == wanted) return header[1];
  return nullptr;
}

Json body_of(const Json& send) { return Json::parse(send["body"].get<std::string>()); }

}  // namespace

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
      device.decide(id, "merged");
      CHECK(body_of(device.leaves()) == Json{{"note", "at the door"}});
    }
    SUBCASE("who edits it") {
      device.decide(id, "edit", R"({"note":"sorry"})");
      const Json send = device.leaves();
      CHECK(header(send, "if-match") == "\"2\"");
      CHECK(body_of(send) == Json{{"note", "sorry"}});
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

TEST_CASE("The same change on both sides needs no sending") {
  Courier device;
  const std::string id = device.act("PATCH", {{"note", "no bell"}});
  device.meets(order({{"note", "no bell"}}));
  CHECK(device.outcome(id)["state"] == "confirmed");
  CHECK(pump(device).empty());
}

TEST_CASE("The server's own document in its refusal saves the question") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});
  SUBCASE("412 with its ETag") {
    device.told(device.leaves(), 412, order({{"tip", 2}}), "\"2\"");
    const Json again = device.leaves();
    CHECK(header(again, "if-match") == "\"2\"");
    CHECK(body_of(again) == Json{{"tip", 4}});
  }
  SUBCASE("412 without: what is there now must be asked for") {
    device.told(device.leaves(), 412, order({{"tip", 2}}));
    CHECK(device.leaves()["lookup"] == true);
  }
  SUBCASE("409") {
    device.told(device.leaves(), 409, order({{"tip", 2}}));
    const Json again = device.leaves();
    CHECK(again["lookup"] == false);
    CHECK(body_of(again) == Json{{"tip", 4}});
  }
  SUBCASE("409 without a document is a refusal for another reason") {
    device.told(device.leaves(), 409, {{"error", "the kitchen is closed"}});
    CHECK(device.row("inbox", id)["reason"] == "conflict");
  }
}

TEST_CASE("Promise 23: where no version is known, the server is asked before each attempt") {
  Courier device(rules(), nullptr);
  const std::string id = device.act("PATCH", {{"tip", 3}});
  Json look = device.leaves();
  CHECK(look["lookup"] == true);
  SUBCASE("nothing has changed") {
    device.told(look, 200, order());
    Json send = device.leaves();
    CHECK(send["lookup"] == false);
    CHECK(header(send, "if-match") == nullptr);
    CHECK(body_of(send) == Json{{"tip", 3}});
    SUBCASE("and after an outage again, with the key that it had: it may have been carried out") {
      const Json key = send["key"];
      device.step(failure(id, send["attempt"]));
      device.now += 60'000;
      look = device.leaves();
      CHECK(look["lookup"] == true);
      device.told(look, 200, order());
      send = device.leaves();
      CHECK(send["key"] == key);
      CHECK(body_of(send) == Json{{"tip", 3}});
    }
    SUBCASE("and the outage left open whose tip it is: a person decides") {
      device.step(failure(id, send["attempt"]));
      device.now += 60'000;
      device.told(device.leaves(), 200, order({{"tip", 2}}));
      CHECK(device.row("inbox", id)["reason"] == "conflict");
    }
    SUBCASE("and it had been carried out") {
      SUBCASE("when the connection broke") { device.step(failure(id, send["attempt"])); }
      SUBCASE("when the worker was killed") { device.kill(); }
      device.now += 60'000;
      device.told(device.leaves(), 200, order({{"tip", 3}}));
      CHECK(device.row("inbox", id)["reason"] == "conflict");
    }
  }
  SUBCASE("somebody has changed it") {
    device.told(look, 200, order({{"tip", 2}}));
    CHECK(body_of(device.leaves()) == Json{{"tip", 4}});
  }
  SUBCASE("an ETag that comes with it is used") {
    device.told(look, 200, order(), "\"9\"");
    CHECK(header(device.leaves(), "if-match") == "\"9\"");
  }
  SUBCASE("a weak one is none (RFC 9110, section 13.1.1)") {
    device.told(look, 200, order(), "W/\"9\"");
    CHECK(header(device.leaves(), "if-match") == nullptr);
  }
  SUBCASE("nobody may read it: a person decides, and nothing is overwritten blindly") {
    device.told(look, 403);
    CHECK(device.row("inbox", id)["reason"] == "conflict");
    CHECK(pump(device).empty());
  }
  SUBCASE("the worker is killed over the question: it asks again") {
    device.kill();
    CHECK(device.leaves()["lookup"] == true);
  }
  SUBCASE("the server is in trouble: later") {
    device.told(look, 503);
    device.now += 60'000;
    CHECK(device.leaves()["lookup"] == true);
  }
}

TEST_CASE("Promise 23: an answer that was kept is newer than the confirmed document, and names no version") {
  Courier device;
  device.bases["1"] = order({{"status", "placed"}});
  device.act("PATCH", {{"status", "picked-up"}});
  SUBCASE("so the server is asked") {}
  SUBCASE("and once it is no longer kept, the older document tells nothing of what others did") { device.bases.clear(); }
  CHECK(device.leaves()["lookup"] == true);
}

TEST_CASE("Promise 19: with the ETag of a kept answer the server needn't be asked") {
  Courier device;
  device.bases["1"] = order({{"tip", 2}});
  device.etags["1"] = "\"5\"";
  SUBCASE("a strong one") {
    device.act("PATCH", {{"tip", 3}});
    const Json send = device.leaves();
    CHECK(send["lookup"] == false);
    CHECK(header(send, "if-match") == "\"5\"");
  }
  SUBCASE("a weak one says too little (RFC 9110, section 13.1.1)") {
    device.etags["1"] = "W/\"5\"";
    device.act("PATCH", {{"tip", 3}});
    CHECK(device.leaves()["lookup"] == true);
  }
}

TEST_CASE("What is made anew while an attempt's outcome is unknown has a key of its own") {
  Courier device(rules(), nullptr);
  const std::string id = device.act("PUT", order({{"note", "no bell"}}));
  device.told(device.leaves(), 200, order());
  const Json lost = device.leaves();
  device.step(failure(id, lost["attempt"]));
  device.now += 60'000;
  device.told(device.leaves(), 200, order({{"door", 4}}));
  CHECK(device.row("mutations", id)["state"] == "queued");
  const Json again = device.leaves();
  CHECK(body_of(again) == order({{"door", 4}, {"note", "no bell"}}));
  CHECK(again["key"] != lost["key"]);
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

TEST_CASE("Promise 21: what follows in the lane leaves upon what the one before it has made") {
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
  SUBCASE("a note that is as it was to be has arrived") {
    device.meets(order({{"tip", 1}, {"note", "no bell"}}));
    CHECK(body_of(device.leaves()) == Json{{"tip", 3}, {"note", "no bell"}});
  }
}

TEST_CASE("Only the entity's own document counts as what the server has") {
  SUBCASE("not another one's, in a refusal") {
    Courier device;
    const std::string id = device.act("PUT", order({{"note", "b"}}));
    device.told(device.leaves(), 409, order({{"id", "2"}, {"door", 9}}));
    CHECK(device.row("inbox", id)["reason"] == "conflict");
    CHECK(pump(device).empty());
  }
  SUBCASE("nor in the answer to the question") {
    Courier device;
    const std::string id = device.act("PUT", order({{"note", "b"}}));
    const std::string before = device.row("documents", {"", "orders", "1"})["text"];
    device.meets(order({{"id", "2"}, {"door", 9}}));
    CHECK(device.row("inbox", id)["reason"] == "conflict");
    CHECK(device.row("documents", {"", "orders", "1"})["text"] == before);
  }
  SUBCASE("nor the body of an error about a single document") {
    Device device({{"resources", {{"profile", {{"path", "/api/profile"}, {"singleton", true}, {"conflicts", Json::object()}}}}}});
    const std::string first = capture(device, write("PUT", "/api/profile", {{"a", 1}, {"b", 2}}));
    device.step(answer(first, pump(device).at(0)["attempt"], 200, R"({"a":1,"b":2})", as_json("\"1\"")));
    const std::string id = capture(device, write("PUT", "/api/profile", {{"a", 1}, {"b", 2}, {"c", 3}}));
    device.step(answer(id, pump(device).at(0)["attempt"], 409, R"({"error":"closed"})", as_json()));
    CHECK(device.row("inbox", id)["reason"] == "conflict");
    CHECK(pump(device).empty());
  }
}

TEST_CASE("A look is good for a moment") {
  Courier device(rules(), nullptr);
  device.act("PUT", order({{"note", "b"}}));
  device.told(device.leaves(), 200, order());
  SUBCASE("") { device.kill(); }
  device.now += 5'001;
  CHECK(device.leaves()["lookup"] == true);
}

TEST_CASE("What was deleted isn't made anew over what others have made of it") {
  Courier device;
  device.act("DELETE", nullptr);
  const std::string id = device.act("PUT", order({{"note", "b"}}));
  SUBCASE("of a deletion that somebody has to decide about") {
    device.meets(order({{"tip", 2}}));
    const Json send = device.leaves();
    CHECK(header(send, "if-match") == "\"2\"");
    CHECK(body_of(send) == order({{"tip", 2}, {"note", "b"}}));
  }
  SUBCASE("of one that was carried out") {
    device.told(device.leaves(), 204);
    const Json look = device.leaves();
    CHECK(look["lookup"] == true);
    SUBCASE("and nobody has") {
      device.told(look, 404);
      CHECK(body_of(device.leaves()) == order({{"note", "b"}}));
    }
    SUBCASE("and somebody has") {
      device.told(look, 200, order({{"note", "c"}}), "\"9\"");
      CHECK(device.row("inbox", id)["reason"] == "conflict");
    }
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

TEST_CASE("An answer to a look that comes late confirms nothing") {
  Courier device(rules(), nullptr);
  device.act("PATCH", {{"tip", 3}});
  const Json look = device.leaves();
  device.step(failure(look["id"], look["attempt"]));
  device.told(look, 200, order());
  CHECK(device.count("mutations") == 1);
}

TEST_CASE("A JSON Patch with a test has a precondition of its own") {
  Courier device({{"conflicts", Json::object()}});
  const Json as_patch = with_headers({{"content-type", "application/json-patch+json"}});
  const std::string id = device.act("PATCH", Json::parse(R"([{"op":"test","path":"/status","value":"picked-up"},{"op":"replace","path":"/door","value":5}])"), as_patch);
  CHECK(device.row("mutations", id)["base"] == "");
  CHECK(header(device.leaves(), "if-match") == nullptr);
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

TEST_CASE("What a person decides for the user is no longer overruled") {
  Json resource = rules();
  resource["conflicts"]["fields"]["door"] = "server-wins";
  resource["conflicts"]["fields"]["note"] = "manual";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"door", 7}, {"note", "b"}});
  device.meets(order({{"door", 4}, {"note", "c"}}));
  device.decide(id, "retry");
  const Json send = device.leaves();
  CHECK(body_of(send) == Json{{"door", 7}, {"note", "b"}});
  device.told(send, 200, order({{"door", 7}, {"note", "b"}}), "\"3\"");
  CHECK(device.outcome(id)["state"] == "merged");
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

TEST_CASE("A mistake in the rules names its place") {
  Device device(orders_config({{"conflicts", {{"fields", {{"tip", "sum"}}}}}}));
  CHECK(device.configured.find("resources.orders.conflicts.fields.tip") != std::string::npos);
}
