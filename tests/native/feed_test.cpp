// The server's changes, taken into what is known (wasm/feed/changes.hpp, wasm/outbox/echo.hpp).
#include "fed.hpp"

using namespace holdfast::test;

TEST_CASE("Promise 25: what others change is known with the batch that tells it, and where the feed has got to") {
  Fed device;
  const Json fed = device.tell({upsert(versioned(1), 1), upsert(versioned(1, {{"id", "2"}}), 1)});
  CHECK(fed["how"] == "applied");
  CHECK(fed["resources"] == Json::array({{{"resource", "orders"}, {"ids", {"1", "2"}}, {"url", std::string(kApp) + "/api/orders"}}}));
  CHECK(device.tell({upsert(versioned(2), 2)})["resources"][0]["url"] == std::string(kApp) + "/api/orders/1");
  CHECK(device.document() == versioned(2));
  CHECK(device.feed()["cursor"] == "c0++");
  CHECK(device.feed()["changes"] == 3);
}

TEST_CASE("Promise 25: a batch is taken in once, and only where the last one ended") {
  Fed device;
  const Json first = batch("c0", "c1", {upsert(versioned(1), 1)});
  CHECK(device.tell(first)["how"] == "applied");
  SUBCASE("the same again") {
    CHECK(device.tell(first) == Json{{"do", "fed"}, {"how", "elsewhere"}, {"cursor", "c1"}});
    CHECK(device.feed()["changes"] == 1);
  }
  SUBCASE("with a gap before it") {
    CHECK(device.tell(batch("c2", "c3", {upsert(versioned(3), 3)}))["how"] == "elsewhere");
    CHECK(device.document() == versioned(1));
    CHECK(device.feed()["cursor"] == "c1");
  }
  SUBCASE("over the link of a user who has gone") {
    device.step({{"type", "session"}, {"action", "sign-in"}, {"user", "ann"}});
    CHECK(device.tell(batch("c1", "c2", {upsert(versioned(2), 2)}))["how"] == "elsewhere");
    CHECK(device.document() == versioned(1));
  }
  SUBCASE("a step that is lost is one that didn't happen") {
    device.step_lost({{"type", "feed"}, {"action", "changes"}, {"user", ""}, {"batch", batch("c1", "c2", {upsert(versioned(2), 2)}).dump()}});
    CHECK(device.tell(batch("c1", "c2", {upsert(versioned(2), 2)}))["how"] == "applied");
    CHECK(device.document() == versioned(2));
  }
}

TEST_CASE("Of a batch that can't be read nothing is taken in") {
  Fed device;
  Json message = batch("c0", "c1", {upsert(versioned(1), 1), upsert(versioned(1, {{"id", "2"}}), 1)});
  SUBCASE("a change of no kind") { message["changes"][1]["kind"] = "rename"; }
  SUBCASE("without its document") { message["changes"][1].erase("document"); }
  SUBCASE("a version that is none") { message["changes"][1]["version"] = "2"; }
  SUBCASE("no list") { message["changes"] = "none"; }
  SUBCASE("no cursor") { message.erase("cursor"); }
  CHECK(device.tell(message)["how"] == "unreadable");
  CHECK(device.document().is_null());
  CHECK(device.feed()["cursor"] == "c0");
}

TEST_CASE("What isn't declared is passed over, and the feed goes on") {
  Fed device;
  Json other = upsert(versioned(1), 1);
  other["resource"] = "invoices";
  CHECK(device.tell({other})["resources"].empty());
  CHECK(device.feed()["changes"] == 1);
  CHECK(device.count("documents") == 0);
}

TEST_CASE("Promise 15: the feed never takes back what an answer told before it") {
  Fed device;
  device.counts();
  device.bases["1"] = versioned(3, {{"note", "read"}});
  SUBCASE("older") {
    CHECK(device.tell({upsert(versioned(2), 2)})["resources"].empty());
    CHECK(device.document().is_null());
  }
  SUBCASE("the same") { CHECK(device.tell({upsert(versioned(3), 3)})["resources"].empty()); }
  SUBCASE("newer") {
    CHECK(device.tell({upsert(versioned(4), 4)})["resources"].size() == 1);
    CHECK(device.document() == versioned(4));
  }
  SUBCASE("a deletion from before it was made again") {
    device.tell({removal("1", 2)});
    CHECK(device.row("documents", Json::array({"", "orders", "1"})).is_null());
  }
  SUBCASE("a deletion since") {
    device.tell({removal("1", 4)});
    CHECK(device.row("documents", Json::array({"", "orders", "1"}))["text"] == "null");
  }
}

TEST_CASE("Promise 15: without versions of their own, documents go by the feed's count") {
  Fed device(Json::object());
  device.tell({upsert(order({{"tip", 2}}), 7), upsert(order({{"tip", 1}}), 6)});
  CHECK(device.document()["tip"] == 2);
  device.tell({removal("1", 8), upsert(order(), 7)});
  CHECK(device.row("documents", Json::array({"", "orders", "1"}))["text"] == "null");
  device.tell({upsert(order({{"tip", 9}}), 9)});
  CHECK(device.document()["tip"] == 9);
}

namespace {

/// A device whose user has deleted order 1, of version 4, and was told that the server has, too.
struct Deleted : Fed {
  explicit Deleted(bool fed) {
    counts();
    if (fed) {
      tell({upsert(versioned(4), 4)});
    } else {
      bases["1"] = versioned(4);
      asked["1"] = now;
    }
    now += 1'000;
    capture(*this, write("DELETE", "/api/orders/1"));
    const Json send = leaves();
    step(answer(send["id"], send["attempt"], 204));
  }

  bool gone() const { return row("documents", Json::array({"", "orders", "1"}))["text"] == "null"; }
};

}  // namespace

TEST_CASE("Promise 15: what the user has deleted doesn't come back for a moment with what happened before") {
  for (const bool fed : {true, false}) {
    Deleted device(fed);
    device.tell({upsert(versioned(4), 4)});
    CHECK(device.gone());
    device.tell({removal("1", 5)});
    CHECK(device.gone());
  }
}

TEST_CASE("What somebody makes again after the user's deletion is there") {
  for (const bool fed : {true, false}) {
    Deleted device(fed);
    device.tell({removal("1", 5), upsert(versioned(6), 6)});
    CHECK(device.document() == versioned(6));
  }
}

TEST_CASE("A number that JavaScript can't hold arrives as it was sent") {
  Fed device;
  Json document = versioned(1);
  document["serial"] = 9'223'372'036'854'775'807LL;
  device.tell({upsert(document, 1)});
  CHECK(device.row("documents", Json::array({"", "orders", "1"}))["text"].get<std::string>().find("9223372036854775807") != std::string::npos);
}

TEST_CASE("Promise 25: a change under a pending write shows below it") {
  Fed device;
  device.tell({upsert(versioned(1), 1)});
  capture(device, write("PATCH", "/api/orders/1", {{"note", "no bell"}}));
  device.now += 1'000;
  device.tell({upsert(versioned(2, {{"door", 9}}), 2)});
  const Json view = device.shown();
  CHECK(view["pending"] == 1);
  CHECK(view["document"]["door"] == 9);
  CHECK(view["document"]["note"] == "no bell");
}

TEST_CASE("Promise 25: a write whose answer was lost is settled by its echo, and never leaves again") {
  Fed device;
  device.tell({upsert(versioned(1), 1)});
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"note", "no bell"}}));
  const Json send = device.leaves();
  device.step(failure(id, send["attempt"]));
  device.now += 60'000;
  device.tell({upsert(versioned(2, {{"note", "no bell"}}), 2, {{"key", send["key"]}, {"etag", "\"2\""}})});
  CHECK(device.row("outcomes", id)["state"] == "confirmed");
  CHECK(device.count("mutations") == 0);
  CHECK(pump(device).empty());
  CHECK(device.document() == versioned(2, {{"note", "no bell"}}));
  CHECK(device.row("documents", Json::array({"", "orders", "1"}))["etag"] == "\"2\"");
}

TEST_CASE("Promise 25: an echo that overtakes the answer changes nothing that is shown, and leaves the page its answer") {
  Fed device;
  device.tell({upsert(versioned(1, {{"tip", 1}}), 1)});
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}));
  const Json send = device.leaves();
  const Json made = versioned(2, {{"tip", 5}});
  const Json before = device.shown();
  device.now += 10;
  const Json fed = device.tell({upsert(made, 2, {{"key", send["key"]}})});
  CHECK(fed["resources"].empty());
  CHECK(device.shown() == before);
  SUBCASE("the answer") {
    const Json effects = device.step(answer(id, send["attempt"], 200, made.dump(), Json{{"waiting", true}}));
    CHECK(only(effects, "respond").at(0)["how"] == "answer");
  }
  SUBCASE("no answer") { device.step(failure(id, send["attempt"])); }
  SUBCASE("the answer that it is still being carried out") { device.step(answer(id, send["attempt"], 409, "", with_headers({{"retry-after", "1"}}))); }
  SUBCASE("trouble") { device.step(answer(id, send["attempt"], 503)); }
  SUBCASE("the worker dies") {
    device.kill();
    pump(device);
  }
  CHECK(device.row("outcomes", id)["state"] == "confirmed");
  CHECK(device.count("mutations") == 0);
  CHECK(device.document() == made);
  CHECK(pump(device).empty());
}

TEST_CASE("Promise 25: what others did after the echo isn't taken back by the answer that comes behind it") {
  for (const Json& resource : {kVersioned, Json::object()}) {
    Fed device(resource);
    device.tell({upsert(versioned(1), 1)});
    const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}));
    const Json send = device.leaves();
    device.now += 10;
    device.tell({upsert(versioned(2, {{"tip", 5}}), 2, {{"key", send["key"]}}), upsert(versioned(3, {{"tip", 6}}), 3)});
    SUBCASE("answered") { device.step(answer(id, send["attempt"], 200, versioned(2, {{"tip", 5}}).dump())); }
    SUBCASE("lost") { device.step(failure(id, send["attempt"])); }
    CHECK(device.row("outcomes", id)["state"] == "confirmed");
    CHECK(device.document() == versioned(3, {{"tip", 6}}));
  }
}

TEST_CASE("Promise 25: the echo of a creation shows no second entity, and names the first") {
  Fed device;
  const std::string id = capture(device, write("POST", "/api/orders", {{"tip", 5}}));
  const Json send = device.leaves();
  Json made = versioned(1, {{"id", "77"}, {"tip", 5}});
  device.now += 10;
  device.tell({upsert(made, 1, {{"key", send["key"]}})});
  CHECK(device.count("documents") == 0);
  CHECK(device.shown("/api/orders")["changes"].size() == 1);
  device.step(failure(id, send["attempt"]));
  CHECK(device.row("outcomes", id)["state"] == "confirmed");
  const Json list = device.shown("/api/orders");
  CHECK(list["changes"].size() == 1);
  CHECK(list["changes"][0]["id"] == "77");
}

TEST_CASE("Promise 25: a deletion is settled by its echo") {
  Fed device;
  device.tell({upsert(versioned(1), 1)});
  const std::string id = capture(device, write("DELETE", "/api/orders/1"));
  const Json send = device.leaves();
  device.step(failure(id, send["attempt"]));
  device.tell({removal("1", 2, {{"key", send["key"]}})});
  CHECK(device.row("outcomes", id)["state"] == "confirmed");
  CHECK(device.row("documents", Json::array({"", "orders", "1"}))["text"] == "null");
}

TEST_CASE("What a write changed besides its own document is no echo of it") {
  Fed device;
  device.tell({upsert(versioned(1), 1), upsert(versioned(1, {{"id", "2"}}), 1)});
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}));
  const Json send = device.leaves();
  device.step(failure(id, send["attempt"]));
  device.tell({upsert(versioned(2, {{"id", "2"}, {"tip", 0}}), 2, {{"key", send["key"]}})});
  CHECK(device.count("mutations") == 1);
  CHECK(device.document("2")["tip"] == 0);
  device.tell({upsert(versioned(2, {{"tip", 5}}), 2, {{"key", send["key"]}})});
  CHECK(device.row("outcomes", id)["state"] == "confirmed");
  CHECK(device.document() == versioned(2, {{"tip", 5}}));
}

TEST_CASE("An entity that nobody here has seen counts as new only with its first version") {
  Fed device;
  device.tell({upsert(versioned(1), 1), upsert(versioned(5, {{"id", "2"}}), 5)});
  CHECK(device.row("documents", Json::array({"", "orders", "1"}))["createdAt"] == device.now);
  CHECK(device.row("documents", Json::array({"", "orders", "2"}))["createdAt"] == 0);
}

TEST_CASE("What was made with an earlier key is no echo of the write as it is now") {
  Courier device(Json{{"conflicts", Json::object()}});
  device.step({{"type", "feed"}, {"action", "welcomed"}, {"cursor", "c0"}, {"gap", true}});
  const std::string id = device.act("PATCH", {{"note", "no bell"}});
  const std::string key = device.row("mutations", id)["key"];
  device.meets(order({{"door", 4}}));
  CHECK(device.row("mutations", id)["key"] != key);
  const Json message = batch("c0", "c1", {upsert(order({{"door", 5}}), 0, {{"key", key}})});
  device.step({{"type", "feed"}, {"action", "changes"}, {"user", ""}, {"batch", message.dump()}});
  CHECK(device.count("mutations") == 1);
  CHECK(Json::parse(device.row("documents", Json::array({"", "orders", "1"}))["text"].get<std::string>())["door"] == 5);
}

TEST_CASE("Promise 25: a gap stands in the row until everything has been read again") {
  Fed device;
  device.tell({upsert(versioned(1), 1)});
  const auto welcome = [&](const char* cursor, bool gap) {
    return only(device.step({{"type", "feed"}, {"action", "welcomed"}, {"user", ""}, {"cursor", cursor}, {"gap", gap}}), "fed").at(0);
  };
  CHECK(welcome("c0+", false) == Json{{"do", "fed"}, {"how", "welcomed"}, {"gapAt", nullptr}});
  CHECK(welcome("c7", false)["how"] == "elsewhere");
  const Json told = welcome("c9", true);
  CHECK(told["gapAt"] == device.now);
  // What comes meanwhile isn't skipped, and a worker that is killed over the reading begins it again.
  CHECK(device.tell(batch("c9", "c10", {upsert(versioned(5), 5)}))["how"] == "applied");
  CHECK(welcome("c10", false)["gapAt"] == told["gapAt"]);
  device.now += 1'000;
  const Json second = welcome("c20", true);
  device.step({{"type", "feed"}, {"action", "refreshed"}, {"user", ""}, {"since", told["gapAt"]}});
  CHECK(device.feed()["gapAt"] == second["gapAt"]);
  device.step({{"type", "feed"}, {"action", "refreshed"}, {"user", ""}, {"since", second["gapAt"]}});
  CHECK(device.feed()["gapAt"] == 0);
}

TEST_CASE("Promise 18: nothing is left of the feed of a user who signed out while it was read again") {
  Device device(orders_config(kVersioned));
  device.step({{"type", "feed"}, {"action", "refreshed"}, {"user", "ann"}, {"since", device.now}});
  CHECK(device.count("meta") == 0);
}

TEST_CASE("Entities below others, and single documents, are found by the ids on their way") {
  const Json config = {{"resources", {{"lines", {{"path", "/api/shops/:shop/lines/:id"}}}, {"profile", {{"path", "/api/profile"}, {"singleton", true}}}}}};
  Device device(config);
  device.step({{"type", "feed"}, {"action", "welcomed"}, {"cursor", "c0"}, {"gap", true}});
  Json line = {{"resource", "lines"}, {"id", "s1/7"}, {"version", 1}, {"kind", "upsert"}, {"document", {{"id", 7}, {"count", 2}}}};
  Json profile = {{"resource", "profile"}, {"id", ""}, {"version", 1}, {"kind", "upsert"}, {"document", {{"name", "Ann"}}}};
  device.step({{"type", "feed"}, {"action", "changes"}, {"user", ""}, {"batch", batch("c0", "c1", {line, profile}).dump()}});
  const auto view = [&](const char* path) { return only(device.step({{"type", "read"}, {"url", std::string(kApp) + path}, {"at", 1}}), "view").at(0); };
  CHECK(view("/api/shops/s1/lines/7")["document"]["count"] == 2);
  CHECK(view("/api/profile")["document"]["name"] == "Ann");
}
