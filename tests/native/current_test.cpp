// What the server has, told with a refusal or asked for before a write leaves (wasm/outbox/current.hpp).
#include "courier.hpp"

using namespace holdfast::test;

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

TEST_CASE("Promise 15: a replica that lags behind takes nothing back, and is asked again later") {
  Json resource = rules();
  resource["version"] = "rev";
  Courier device(resource, nullptr);
  device.bases["1"] = order({{"rev", 3}, {"tip", 2}});
  const std::string id = device.act("PATCH", {{"tip", 3}});
  const std::string before = device.row("documents", {"", "orders", "1"})["text"];
  device.told(device.leaves(), 200, order({{"rev", 2}, {"tip", 1}}), "\"2\"");
  CHECK(device.row("documents", {"", "orders", "1"})["text"] == before);
  CHECK(pump(device).empty());
  device.now += 1'001;
  const Json look = device.leaves();
  CHECK(look["lookup"] == true);
  device.told(look, 200, order({{"rev", 3}, {"tip", 2}}), "\"3\"");
  const Json send = device.leaves();
  CHECK(body_of(send) == Json{{"tip", 3}});
  SUBCASE("nor does one that shows it with a refusal") {
    device.told(send, 412, order({{"rev", 2}, {"tip", 1}}), "\"2\"");
    CHECK(device.leaves()["lookup"] == true);
    CHECK(Json::parse(device.row("documents", {"", "orders", "1"})["text"].get<std::string>())["rev"] == 3);
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
      const Json send = device.leaves();
      CHECK(body_of(send) == order({{"note", "b"}}));
      CHECK(header(send, "if-none-match") == "*");
      SUBCASE("until a moment ago") {
        device.told(send, 412, order({{"note", "c"}}), "\"9\"");
        CHECK(device.row("inbox", id)["reason"] == "conflict");
      }
    }
    SUBCASE("and somebody has") {
      device.told(look, 200, order({{"note", "c"}}), "\"9\"");
      CHECK(device.row("inbox", id)["reason"] == "conflict");
    }
  }
}

TEST_CASE("Upon what was deleted a PUT leaves at once, if still nobody has made it anew") {
  Courier device;
  device.act("DELETE", nullptr);
  device.told(device.leaves(), 204);
  device.act("PUT", order({{"note", "b"}}));
  const Json send = device.leaves();
  CHECK(send["lookup"] == false);
  CHECK(header(send, "if-none-match") == "*");
  CHECK(header(send, "if-match").is_null());
  SUBCASE("and again as it was, if nothing was heard") {
    device.step(failure(send["id"], send["attempt"]));
    device.now += 1'000;
    const Json again = device.leaves();
    CHECK(again["key"] == send["key"]);
    CHECK(again["headers"] == send["headers"]);
  }
}

TEST_CASE("A version that the body names is the precondition, and is brought up to date") {
  Json resource = rules();
  resource["version"] = "version";
  resource["conflicts"]["versionInBody"] = true;
  Courier device(resource, nullptr);
  device.act("PUT", order({{"version", 3}}));
  device.told(device.leaves(), 200, order({{"version", 3}}));
  device.now += 1'000;
  const std::string id = device.act("PATCH", {{"tip", 5}, {"version", 3}});
  const std::string next = device.act("PATCH", {{"note", "b"}, {"version", 3}});
  const Json send = device.leaves();
  CHECK(send["lookup"] == false);  // nobody has to be asked
  CHECK(header(send, "if-match").is_null());
  CHECK(body_of(send)["version"] == 3);
  SUBCASE("by the answer to the one before") {
    device.told(send, 200, order({{"tip", 5}, {"version", 4}}));
    CHECK(body_of(device.leaves()) == Json{{"note", "b"}, {"version", 4}});
  }
  SUBCASE("by a refusal with the document") {
    device.told(send, 409, order({{"tip", 2}, {"version", 7}}));
    CHECK(body_of(device.leaves()) == Json{{"tip", 6}, {"version", 7}});
  }
  SUBCASE("by a look, where the refusal has none") {
    device.told(send, 409, {{"error", "stale"}});
    const Json look = device.leaves();
    CHECK(look["lookup"] == true);
    device.told(look, 200, order({{"tip", 2}, {"version", 7}}));
    const Json again = device.leaves();
    CHECK(body_of(again) == Json{{"tip", 6}, {"version", 7}});
    CHECK(again["key"] != send["key"]);
  }
  SUBCASE("but one that is refused for another reason ends in the inbox") {
    device.told(send, 409, {{"error", "closed"}});
    for (int i = 0; i < 40 && device.row("inbox", id).is_null(); ++i) {
      device.now += 60'000;
      for (const Json& leaving : pump(device)) {
        const bool look = leaving["lookup"] == true;
        device.told(leaving, look ? 200 : 409, look ? order({{"version", 3}}) : Json{{"error", "closed"}});
      }
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

TEST_CASE("A server that never has what was told before isn't asked for ever") {
  Json resource = rules();
  resource["version"] = "/version";
  Courier device(resource, nullptr);
  device.act("PUT", order({{"version", 5}}));
  Json send = device.leaves();
  if (send["lookup"] == true) {
    device.told(send, 200, order());
    send = device.leaves();
  }
  device.told(send, 200, order({{"version", 5}}));
  device.act("PATCH", {{"tip", 3}});
  int looks = 0;
  bool left = false;
  for (int rounds = 0; rounds < 60 && !left; ++rounds) {
    const auto sends = pump(device);
    if (sends.empty()) {
      device.now += 31'000;
      continue;
    }
    left = sends[0]["lookup"] == false;
    if (left) break;
    looks += 1;
    device.told(sends[0], 200, order({{"version", 4}}));
  }
  CHECK(looks > 1);
  CHECK(left);
}

TEST_CASE("What can't be merged leaves upon the version that was seen, though a newer one is known by then") {
  Courier device;
  const Json picture = {{"kind", "bytes"}, {"text", ""}, {"size", 3}};
  Json event = write("PUT", "/api/orders/1");
  event["body"] = picture;
  event["headers"] = Json::array({Json::array({"content-type", "image/png"})});
  capture(device, event);
  device.step({{"type", "feed"}, {"action", "welcomed"}, {"user", ""}, {"cursor", "c0"}, {"gap", true}});
  device.now += 1'000;
  const Json change = {{"resource", "orders"}, {"id", "1"}, {"version", 2}, {"kind", "upsert"}, {"document", order({{"door", 4}})}, {"etag", "\"2\""}};
  const Json batch = {{"after", "c0"}, {"cursor", "c1"}, {"changes", Json::array({change})}};
  device.step({{"type", "feed"}, {"action", "changes"}, {"user", ""}, {"batch", batch.dump()}});
  CHECK(header(device.leaves(), "if-match") == "\"1\"");
}
