// What the feed tells of the user's own writes, in whatever order it and the answers come (wasm/outbox/echo.hpp,
// wasm/outbox/confirm.hpp, wasm/feed/known.hpp).
#include "fed.hpp"

using namespace holdfast::test;

namespace {

/// Ways in which an attempt ends, once its echo is here.
enum class End { kAnswered, kAnsweredBare, kLost, kKilled };
constexpr End kEnds[] = {End::kAnswered, End::kAnsweredBare, End::kLost, End::kKilled};

void end(Device& device, const std::string& id, const Json& send, End how, const Json& document) {
  device.now += 10;
  const std::string body = document.is_null() ? "" : document.dump();
  if (how == End::kAnswered) device.step(answer(id, send["attempt"], document.is_null() ? 204 : 200, body));
  if (how == End::kAnsweredBare) device.step(answer(id, send["attempt"], 204));
  if (how == End::kLost) device.step(failure(id, send["attempt"]));
  if (how == End::kKilled) {
    device.kill();
    pump(device);
  }
  CHECK(device.row("outcomes", id)["state"] == "confirmed");
  CHECK(device.count("mutations") == 0);
}

struct Case {
  const char* method;
  const char* path;
  Json body;
};

}  // namespace

TEST_CASE("Promise 25: what the feed told last stands, however the attempt before it ends") {
  for (const End how : kEnds) {
    CAPTURE(static_cast<int>(how));
    for (const Json& resource : {kVersioned, Json::object()}) {
      Fed device(resource);
      device.tell({upsert(versioned(1), 1)});
      const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}));
      const Json send = device.leaves();
      const Json made = versioned(2, {{"tip", 5}, {"total", 99}});
      const Json echo = upsert(made, 2, {{"key", send["key"]}, {"etag", "\"2\""}});
      SUBCASE("the write") {
        device.tell({echo});
        end(device, id, send, how, made);
        CHECK(device.document() == made);
        CHECK(device.stored()["etag"] == "\"2\"");
        CHECK(device.stored()["version"] == 2);
      }
      SUBCASE("a change of others") {
        device.tell({echo, upsert(versioned(3, {{"tip", 6}}), 3, {{"etag", "\"3\""}})});
        end(device, id, send, how, made);
        CHECK(device.document() == versioned(3, {{"tip", 6}}));
        CHECK(device.stored()["etag"] == "\"3\"");
      }
      SUBCASE("a deletion by others") {
        device.tell({echo, removal("1", 3)});
        end(device, id, send, how, made);
        CHECK(device.stored()["text"] == "null");
      }
      SUBCASE("another change that the write itself made") {
        device.tell({echo, upsert(versioned(3, {{"tip", 5}, {"total", 1}}), 3, {{"key", send["key"]}})});
        end(device, id, send, how, made);
        CHECK(device.document()["total"] == 1);
      }
    }
  }
}

TEST_CASE("Promise 25: what others make again after the user's deletion is there, however that ends") {
  for (const End how : kEnds) {
    Fed device;
    device.tell({upsert(versioned(1), 1)});
    const std::string id = capture(device, write("DELETE", "/api/orders/1"));
    const Json send = device.leaves();
    device.tell({removal("1", 2, {{"key", send["key"]}}), upsert(versioned(3, {{"tip", 9}}), 3)});
    end(device, id, send, how, nullptr);
    CHECK(device.document() == versioned(3, {{"tip", 9}}));
  }
}

TEST_CASE("Promise 25: an action's document is the one that the feed tells") {
  const Json made = versioned(2, {{"status", "cancelled"}});
  for (const End how : kEnds) {
    Fed device;
    device.tell({upsert(versioned(1), 1)});
    const std::string id = capture(device, write("POST", "/api/orders/1/cancel"));
    const Json send = device.leaves();
    device.tell({upsert(made, 2, {{"key", send["key"]}})});
    end(device, id, send, how, Json{{"ok", true}});
    CHECK(device.document() == made);
  }
}

TEST_CASE("Promise 25: an action that takes its entity away has done so") {
  for (const bool lost_first : {true, false}) {
    Fed device;
    device.tell({upsert(versioned(1), 1)});
    const std::string id = capture(device, write("POST", "/api/orders/1/archive"));
    const Json send = device.leaves();
    if (lost_first) device.step(failure(id, send["attempt"]));
    device.tell({removal("1", 2, {{"key", send["key"]}})});
    if (!lost_first) device.step(answer(id, send["attempt"], 200, R"({"ok":true})"));
    CHECK(device.row("outcomes", id)["state"] == "confirmed");
    CHECK(device.stored()["text"] == "null");
  }
}

TEST_CASE("Promise 25: documents without their ids are told as any others") {
  Fed device(Json::object());
  const auto told = [](const Json& document, const char* id, int version, const Json& more = Json::object()) {
    Json change = {{"resource", "orders"}, {"id", id}, {"version", version}, {"kind", "upsert"}, {"document", document}};
    change.update(more);
    return change;
  };
  SUBCASE("a change") {
    device.tell({told({{"tip", 1}}, "1", 1)});
    const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}));
    const Json send = device.leaves();
    device.step(failure(id, send["attempt"]));
    device.tell({told({{"tip", 5}, {"total", 9}}, "1", 2, {{"key", send["key"]}})});
    CHECK(device.document()["total"] == 9);
  }
  SUBCASE("a creation") {
    const std::string id = capture(device, write("POST", "/api/orders", {{"tip", 5}}));
    const Json send = device.leaves();
    device.tell({told({{"tip", 5}}, "77", 1, {{"key", send["key"]}})});
    device.step(failure(id, send["attempt"]));
    CHECK(device.shown("/api/orders/77")["document"]["tip"] == 5);
    CHECK(device.shown("/api/orders")["changes"].size() == 1);
  }
}

TEST_CASE("Promise 25: what a creation did to others is no echo of it") {
  const Json others[] = {upsert(versioned(2, {{"id", "2"}, {"tip", 0}}), 2), removal("2", 2)};
  for (const bool own_first : {true, false}) {
    for (const bool lost_first : {true, false}) {
      for (Json other : others) {
        Fed device;
        device.tell({upsert(versioned(1, {{"id", "2"}}), 1)});
        const std::string id = capture(device, write("POST", "/api/orders", {{"tip", 5}}));
        const Json send = device.leaves();
        if (lost_first) device.step(failure(id, send["attempt"]));
        const Json own = upsert(versioned(1, {{"id", "77"}, {"tip", 5}}), 1, {{"key", send["key"]}});
        other["key"] = send["key"];
        if (own_first) device.tell({own, other});
        else device.tell({other, own});
        if (!lost_first) device.step(failure(id, send["attempt"]));
        CHECK(device.row("outcomes", id)["state"] == "confirmed");
        CHECK(device.shown("/api/orders/" + id)["document"]["id"] == "77");
        CHECK(device.shown("/api/orders/77")["document"]["tip"] == 5);
        if (other["kind"] == "delete") CHECK(device.shown("/api/orders/2")["gone"] == true);
        else CHECK(device.shown("/api/orders/2")["document"]["tip"] == 0);
      }
    }
  }
}

TEST_CASE("Promise 25: what others do to what the user has just made is about the same entity") {
  const Json made = versioned(1, {{"id", "77"}, {"tip", 5}});
  for (const bool answered : {true, false}) {
    for (const bool keys : {true, false}) {
      if (!keys && !answered) continue;  // nobody could tell that it is there
      Fed device(keys ? kVersioned : Json{{"version", "/version"}, {"idempotency", "none"}});
      device.counts();
      const std::string id = capture(device, write("POST", "/api/orders", {{"tip", 5}}));
      const Json send = device.leaves();
      device.tell({upsert(made, 1, keys ? Json{{"key", send["key"]}} : Json::object())});
      device.tell({upsert(versioned(2, {{"id", "77"}, {"tip", 6}}), 2)});
      if (answered) device.step(answer(id, send["attempt"], 201, made.dump()));
      else device.step(failure(id, send["attempt"]));
      CHECK(device.shown("/api/orders/77")["document"]["tip"] == 6);
      CHECK(device.shown("/api/orders/" + id)["document"]["tip"] == 6);
      CHECK(device.shown("/api/orders")["changes"].size() == 2);  // with the one that shows how the feed counts
    }
  }
}

TEST_CASE("A creation that takes a deleted one's id isn't hidden by what is known of that") {
  Fed device(Json{{"idempotency", "none"}});
  device.tell({upsert(order({{"id", "77"}}), 1), removal("77", 2)});
  device.now += 1'000;
  const std::string id = capture(device, write("POST", "/api/orders", {{"tip", 5}}, {{"at", device.now}}));
  const Json send = device.leaves();
  device.step(answer(id, send["attempt"], 201, order({{"id", "77"}, {"tip", 5}}).dump()));
  CHECK(device.shown("/api/orders/77")["document"]["tip"] == 5);
  CHECK(device.shown("/api/orders")["changes"].size() == 1);
}

TEST_CASE("Promise 25: who waits for a write that only the feed confirms isn't given the trouble on the way") {
  for (const int status : {503, 412, 409, 401, 403}) {
    CAPTURE(status);
    Fed device;
    device.tell({upsert(versioned(1), 1)});
    const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}));
    const Json send = device.leaves();
    device.tell({upsert(versioned(2, {{"tip", 5}}), 2, {{"key", send["key"]}})});
    const Json effects = device.step(answer(id, send["attempt"], status, "", Json{{"waiting", true}}));
    CHECK(only(effects, "respond").empty());
    CHECK(only(effects, "outcome").at(0)["state"] == "confirmed");
    CHECK(only(effects, "outcome").at(0)["document"]["tip"] == 5);
  }
}

TEST_CASE("Promise 25: of writes under one key of the app's own, the one that was sent is echoed") {
  Fed device;
  device.tell({upsert(versioned(1), 1)});
  const std::string first = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}, {{"key", "k"}, {"stamp", "1"}}));
  const Json send = device.leaves();
  const std::string second = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}, {{"key", "k"}, {"stamp", "2"}}));
  device.step(failure(first, send["attempt"]));
  device.tell({upsert(versioned(2, {{"tip", 5}}), 2, {{"key", "k"}})});
  CHECK(device.row("outcomes", first)["state"] == "confirmed");
  CHECK(device.row("mutations", second)["state"] == "queued");
}

TEST_CASE("Promise 9: what was set aside and turns out to be carried out needs no decision any more") {
  for (const bool creation : {false, true}) {
    Fed device;
    if (!creation) device.tell({upsert(versioned(1), 1)});
    const std::string id = capture(device, creation ? write("POST", "/api/orders", {{"tip", 5}}) : write("PATCH", "/api/orders/1", {{"tip", 5}}));
    Json send = device.leaves();
    device.step(failure(id, send["attempt"]));
    device.now += 60'000;
    send = device.leaves();
    device.step(answer(id, send["attempt"], 403));
    REQUIRE(device.count("inbox") == 1);
    const Json made = versioned(creation ? 1 : 2, {{"id", creation ? "77" : "1"}, {"tip", 5}});
    device.tell({upsert(made, creation ? 1 : 2, {{"key", send["key"]}})});
    CHECK(device.count("inbox") == 0);
    CHECK(device.row("meta", "counts ")["inbox"] == 0);
    CHECK(device.row("outcomes", id)["state"] == "confirmed");
    CHECK(device.shown("/api/orders/" + std::string(creation ? "77" : "1"))["document"] == made);
    if (creation) CHECK(device.shown("/api/orders/" + id)["document"] == made);
  }
}

TEST_CASE("What the feed tells behind the deletion of all isn't deleted with it") {
  Fed device;
  device.tell({upsert(versioned(1), 1)});
  const std::string id = capture(device, write("DELETE", "/api/orders"));
  const Json send = device.leaves();
  device.tell({removal("1", 2, {{"key", send["key"]}}), upsert(versioned(1, {{"id", "9"}}), 1)});
  device.now += 10;
  device.step(answer(id, send["attempt"], 204));
  CHECK(device.shown("/api/orders/9")["document"]["id"] == "9");
  CHECK(device.shown("/api/orders/1")["gone"] == true);
}

TEST_CASE("Promise 15: what documents declare isn't taken for the feed's count unless the feed counts so") {
  const auto at = [](std::int64_t time, const Json& more = Json::object()) {
    Json document = order({{"updatedAt", 1'700'000'000'000 + time}});
    document.update(more);
    return document;
  };
  Fed device(Json{{"version", "/updatedAt"}});
  SUBCASE("deleted by others") {
    device.bases["1"] = at(0);
    device.tell({removal("1", 2)});
    CHECK(device.stored()["text"] == "null");
  }
  SUBCASE("changed by others after a write of one's own") {
    device.tell({upsert(at(0), 1)});
    const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}));
    const Json send = device.leaves();
    device.step(answer(id, send["attempt"], 200, at(1, {{"tip", 5}}).dump()));
    device.tell({upsert(at(2, {{"tip", 6}}), 3)});
    CHECK(device.document()["tip"] == 6);
  }
  SUBCASE("once the same, and then not") {
    device.tell({upsert(order({{"updatedAt", 2}}), 2)});
    CHECK(device.feed()["counted"] == Json::array({"orders"}));
    device.tell({upsert(order({{"updatedAt", 9}}), 3)});
    CHECK(device.feed()["counted"] == Json::array());
    device.tell({removal("1", 4)});
    CHECK(device.stored()["text"] == "null");
  }
}

TEST_CASE("Promise 25: a server that came back from a backup is believed, though it counts lower than before") {
  Fed device;
  device.tell({upsert(versioned(9, {{"tip", 9}}), 9)});
  const auto gap = [&](bool anew = true) {
    device.now += 1'000;
    device.step({{"type", "feed"}, {"action", "welcomed"}, {"user", ""}, {"cursor", "n0"}, {"gap", true}, {"anew", anew}});
    device.now += 1'000;
  };
  SUBCASE("by its feed") {
    gap();
    device.tell({upsert(versioned(6, {{"tip", 6}}), 6)});
    CHECK(device.document()["tip"] == 6);
    device.tell({upsert(versioned(5, {{"tip", 5}}), 5)});  // of today's counts the higher one stands
    CHECK(device.document()["tip"] == 6);
  }
  SUBCASE("by its feed, of what was read") {
    device.bases["1"] = versioned(9);
    gap();
    device.tell({upsert(versioned(6, {{"tip", 6}}), 6)});
    CHECK(device.document()["tip"] == 6);
  }
  SUBCASE("but not one that only has no cursors") {
    gap(false);
    device.tell({upsert(versioned(6, {{"tip", 6}}), 6)});
    CHECK(device.document()["tip"] == 9);
    device.bases["1"] = versioned(10);
    device.tell({upsert(versioned(10, {{"tip", 10}}), 0)});  // what was read is as new
    CHECK(device.document()["tip"] == 9);
  }
  SUBCASE("by its answer") {
    gap();
    const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"tip", 7}}));
    const Json send = device.leaves();
    device.step(answer(id, send["attempt"], 200, versioned(6, {{"tip", 7}}).dump()));
    CHECK(device.document() == versioned(6, {{"tip", 7}}));
  }
}

TEST_CASE("When others changed a document is known from the feed as from an answer") {
  for (const bool fed : {true, false}) {
    Json resource = rules();
    resource["conflicts"]["fields"]["note"] = "last-write-wins";
    resource["conflicts"]["changedAt"] = "changed";
    Courier device(resource);
    device.step({{"type", "feed"}, {"action", "welcomed"}, {"cursor", "c0"}, {"gap", true}});
    device.act("PATCH", {{"note", "mine"}, {"door", 4}});
    device.now += 5'000;
    const Json theirs = order({{"note", "theirs"}, {"changed", device.now}});
    device.now += 5'000;
    if (fed) device.step({{"type", "feed"}, {"action", "changes"}, {"user", ""}, {"batch", batch("c0", "c1", {upsert(theirs, 2)}).dump()}});
    device.now += 5'000;
    device.meets(theirs);
    CHECK(body_of(device.leaves()).contains("note") == false);  // theirs is the later one
  }
}

TEST_CASE("A change of what no URL leads to is said to be one, and the feed goes on") {
  const Json config = {{"resources", {{"lines", {{"path", "/api/shops/:shop/lines/:id"}}}}}};
  Fed device(config, Fed::Whole{});
  const auto line = [](const char* id) {
    return Json{{"resource", "lines"}, {"id", id}, {"version", 1}, {"kind", "upsert"}, {"document", {{"id", 7}, {"count", 2}}}};
  };
  const Json effects = device.step({{"type", "feed"}, {"action", "changes"}, {"user", ""}, {"batch", batch("c0", "c1", {line("7"), line(""), line("s/7")}).dump()}});
  const auto problems = only(effects, "problem");
  CHECK(problems.size() == 1);
  CHECK(problems.at(0)["code"] == "feed-id");
  CHECK(problems.at(0)["message"].get<std::string>().find("'7' in 'lines'") != std::string::npos);
  CHECK(device.count("documents") == 1);
  CHECK(device.feed()["cursor"] == "c1");
}

TEST_CASE("A repeated answer that says it is gone isn't taken for today's") {
  Fed device(Json{{"version", "/version"}, {"conflicts", Json::object()}});
  device.tell({upsert(versioned(1), 1, {{"etag", "\"1\""}})});
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}));
  Json send = device.leaves();
  device.step(failure(id, send["attempt"]));
  device.tell({removal("1", 2), upsert(versioned(3, {{"door", 34}}), 3)});
  device.now += 60'000;
  send = device.leaves();
  device.step(answer(id, send["attempt"], 404));  // as to the first attempt, when it was gone
  CHECK(device.document() == versioned(3, {{"door", 34}}));
  device.now += 60'000;
  const Json look = device.leaves();
  REQUIRE(look["lookup"] == true);
  device.step(answer(id, look["attempt"], 200, versioned(3, {{"door", 34}}).dump(), as_json("\"3\"")));
  CHECK(body_of(device.leaves())["tip"] == 5);
}

TEST_CASE("The ETag of a repeated answer counts where the feed tells the same document") {
  for (const bool same : {true, false}) {
    Fed device(Json{{"version", "/version"}, {"conflicts", Json::object()}});
    device.tell({upsert(versioned(1), 1, {{"etag", "\"1\""}})});
    const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"tip", 5}}));
    device.step(failure(id, device.leaves()["attempt"]));
    device.now += 60'000;
    const Json send = device.leaves();
    const Json made = versioned(2, {{"tip", 5}});
    device.tell({upsert(same ? made : versioned(3, {{"tip", 5}, {"total", 9}}), 2, {{"key", send["key"]}})});
    device.step(answer(id, send["attempt"], 200, made.dump(), as_json("\"2\"")));
    CHECK(device.stored()["etag"] == (same ? "\"2\"" : ""));
  }
}
