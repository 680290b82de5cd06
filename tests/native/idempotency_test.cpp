// Promise 12: a server that knows no Idempotency-Key is declared as such.
#include <doctest/doctest.h>

#include "store.hpp"

using namespace holdfast::test;

namespace {

const std::string kOrigin = std::string("origin ") + kApp;

Device declared(const Json& idempotency, const Json& more = Json::object()) {
  Json resource{{"idempotency", idempotency}};
  resource.update(more);
  return Device(orders_config(resource));
}

std::string create(Device& device, const Json& body = {{"id", "c1"}, {"note", "tea"}}, const Json& more = Json::object()) {
  return capture(device, write("POST", "/api/orders", body, more));
}

Json only_send(Device& device) {
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  return sends[0];
}

/// The ways in which an attempt's outcome can become unknown.
enum class Loss { kBroke, kTimedOut, kServerFailed, kKilled };
constexpr Loss kLosses[] = {Loss::kBroke, Loss::kTimedOut, Loss::kServerFailed, Loss::kKilled};

void lose_first(Device& device, const std::string& id, Loss how) {
  REQUIRE(pump(device).size() == 1);
  if (how == Loss::kBroke) device.step(failure(id, 1));
  if (how == Loss::kTimedOut) device.step(failure(id, 1, "timeout"));
  if (how == Loss::kServerFailed) device.step(answer(id, 1, 503, "busy"));
  if (how == Loss::kKilled) device.kill();
}

Json url(const char* path) { return std::string(kApp) + path; }

}  // namespace

TEST_CASE("Promise 12: the key is sent to a server that knows it, and to no other but by the app's own wish") {
  for (const char* how : {"header", "verify", "none"}) {
    Device device = declared(how);
    const std::string id = create(device);
    CHECK((only_send(device)["key"] != "") == (std::string(how) == "header"));
    device.step(answer(id, 1, 201, R"({"id":"c1"})"));
    create(device, {{"id", "c2"}}, {{"key", "the app's"}});
    CHECK(only_send(device)["key"] == "the app's");
  }
}

TEST_CASE("Promise 12, verify: an unknown creation is looked up at its item, and confirmed if it is there") {
  for (const Loss how : kLosses) {
    CAPTURE(how);
    Device device = declared("verify");
    const std::string id = create(device);
    lose_first(device, id, how);
    device.now += 60'000;
    const Json lookup = only_send(device);
    CHECK(lookup["method"] == "GET");
    CHECK(lookup["lookup"] == true);
    CHECK(lookup["url"] == url("/api/orders/c1"));
    CHECK(lookup["body"].is_null());
    CHECK(lookup["key"] == "");
    const Json effects = device.step(answer(id, 2, 200, R"({"id":"c1","note":"tea","version":1})"));
    CHECK(device.count("mutations") == 0);
    CHECK(device.row("outcomes", id)["state"] == "confirmed");
    CHECK(device.row("documents", {"", "orders", "c1"})["text"] == R"({"id":"c1","note":"tea","version":1})");
    REQUIRE(only(effects, "outcome").size() == 1);
    CHECK(only(effects, "outcome")[0]["document"]["version"] == 1);
  }
}

TEST_CASE("Promise 12, verify: what isn't there is sent once more, and looked up again if that is lost too") {
  for (const Loss how : kLosses) {
    CAPTURE(how);
    Device device = declared("verify");
    const std::string id = create(device);
    lose_first(device, id, how);
    device.now += 60'000;
    only_send(device);
    device.step(answer(id, 2, 404));
    const Json again = only_send(device);
    CHECK(again["method"] == "POST");
    CHECK(again["lookup"] == false);
    device.step(failure(id, 3));
    device.now += 60'000;
    CHECK(only_send(device)["lookup"] == true);
  }
}

TEST_CASE("Promise 12, verify: a lookup that fails is made again, and never stands for the write") {
  Device device = declared("verify");
  const std::string id = create(device);
  pump(device);
  device.step(failure(id, 1));
  device.now += 60'000;
  REQUIRE(only_send(device)["lookup"] == true);
  SUBCASE("silence") { device.step(failure(id, 2)); }
  SUBCASE("an answer that comes too late to be its own") {
    device.step(failure(id, 2, "timeout"));
    device.step(answer(id, 2, 200, R"({"id":"c1"})"));
    CHECK(device.count("mutations") == 1);
  }
  SUBCASE("the server is in trouble") { device.step(answer(id, 2, 503)); }
  SUBCASE("the worker was killed") { device.kill(); }
  SUBCASE("nobody is signed in") {
    device.step(answer(id, 2, 401));
    CHECK(pump(device).empty());
    device.step({{"type", "session"}, {"action", "credentials"}, {"origin", kApp}, {"ok", true}});
  }
  SUBCASE("a sign-in page") {
    device.step(answer(id, 2, 200, "<p>", with_headers({{"content-type", "text/html"}})));
    CHECK(pump(device).empty());
    device.step({{"type", "session"}, {"action", "credentials"}, {"origin", kApp}, {"ok", true}});
  }
  device.now += 60'000;
  const Json again = only_send(device);
  CHECK(again["lookup"] == true);
  CHECK(again["attempt"] == 3);
}

TEST_CASE("Promise 12, verify: a creation under the server's own id is found in the list by the declared field") {
  const Json filter{{"list", {{"rows", "/orders"}, {"filter", {{"client", "clientId"}}}}}};
  Device device = declared({{"verify", "clientId"}}, filter);
  const std::string id = create(device, {{"clientId", "ü/1"}, {"note", "tea"}});
  pump(device);
  device.step(failure(id, 1));
  device.now += 60'000;
  CHECK(only_send(device)["url"] == url("/api/orders?client=%C3%BC%2F1"));
  SUBCASE("it is there") {
    device.step(answer(id, 2, 200, R"({"orders":[{"id":8,"clientId":"x"},{"id":9,"clientId":"ü/1","note":"tea"}]})",
                       with_headers({{"content-type", "application/json"}, {"etag", "\"of the list\""}})));
    CHECK(device.row("outcomes", id)["state"] == "confirmed");
    const Json kept = Json::parse(device.row("outcomes", id)["document"].get<std::string>());
    CHECK(kept == Json{{"id", 9}, {"clientId", "ü/1"}, {"note", "tea"}});
    for (const Json& row : device.store.rows("documents")) CHECK(row["etag"] == "");
  }
  SUBCASE("it isn't") {
    device.step(answer(id, 2, 200, R"({"orders":[{"id":8,"clientId":"x"}]})"));
    CHECK(only_send(device)["method"] == "POST");
  }
  SUBCASE("the answer doesn't tell: a person decides, with the answer as evidence") {
    const char* unclear = "{}";
    int status = 200;
    SUBCASE("no list") {}
    SUBCASE("not allowed") { status = 403; }
    SUBCASE("the list isn't there") { status = 404; }
    device.step(answer(id, 2, status, unclear));
    CHECK(pump(device).empty());
    REQUIRE(device.count("inbox") == 1);
    CHECK(device.row("inbox", id)["reason"] == "unknown-outcome");
    CHECK(device.row("inbox", id)["status"] == status);
    CHECK(device.row("inbox", id)["answer"] == unclear);
  }
}

TEST_CASE("Promise 12, verify: an item below others is looked up below them; where the path doesn't say, a person is asked") {
  const Json lists{{"path", "/api/users/:user/orders/:id"}, {"lists", {{"/api/desk", Json::object()}}}};
  Device device = declared("verify", lists);
  const std::string id = capture(device, write("POST", "/api/users/ann/orders?x=1", {{"id", "a b"}}));
  const std::string desk = capture(device, write("POST", "/api/desk", {{"id", "d1"}}));
  pump(device);
  device.step(failure(id, 1));
  device.step(failure(desk, 1));
  device.now += 60'000;
  CHECK(only_send(device)["url"] == url("/api/users/ann/orders/a%20b"));
  CHECK(device.row("inbox", desk)["reason"] == "unknown-outcome");
}

TEST_CASE("Promise 12: an unsafe write whose outcome is unknown goes to the inbox, and is never sent again by itself") {
  struct Case { const char* how; Json event; };
  const Json json_patch = Json::array({{{"op", "add"}, {"path", "/lines/-"}, {"value", 1}}});
  const Case cases[] = {
      {"none", write("POST", "/api/orders", {{"id", "c1"}})},
      {"none", write("POST", "/api/orders/1/cancel", {{"why", "late"}})},
      {"verify", write("POST", "/api/orders/1/cancel", {{"why", "late"}})},
      {"none", write("PATCH", "/api/orders/1", json_patch, with_headers({{"content-type", "application/json-patch+json"}}))},
      {"none", write("PATCH", "/api/orders/1", nullptr, {{"body", {{"kind", "bytes"}, {"size", 9}}}})},
      {"verify", write("POST", "/api/orders", {{"note", "names nothing to look for"}})},
      {"verify", write("POST", "/api/orders", Json::array({{{"id", "a"}}, {{"id", "b"}}}))},
  };
  for (const Case& one : cases) {
    for (const Loss loss : kLosses) {
      CAPTURE(one.event);
      CAPTURE(loss);
      Device device = declared(one.how);
      const std::string id = capture(device, one.event);
      lose_first(device, id, loss);
      for (int i = 0; i < 10; ++i) {
        device.now += 60'000;
        CHECK(pump(device).empty());
      }
      CHECK(device.count("mutations") == 0);
      CHECK(device.count("lanes") == 0);
      CHECK(device.row("inbox", id)["reason"] == "unknown-outcome");
      CHECK(device.row("outcomes", id)["state"] == "unknown");
      CHECK(device.row("meta", "counts ")["inbox"] == 1);
      CHECK(device.row("meta", "counts ")["pending"] == 0);
    }
  }
}

TEST_CASE("Promise 12: a person may send a write of unknown outcome again, or discard it") {
  Device device = declared("none");
  const std::string id = create(device);
  lose_first(device, id, Loss::kServerFailed);
  SUBCASE("again") {
    device.step({{"type", "decided"}, {"id", id}, {"action", "retry"}});
    const Json again = only_send(device);
    CHECK(again["lookup"] == false);
    device.step(answer(id, again["attempt"], 200, R"({"id":"c1"})"));
    CHECK(device.row("outcomes", id)["state"] == "confirmed");
  }
  SUBCASE("discard") {
    device.step({{"type", "decided"}, {"id", id}, {"action", "discard"}});
    CHECK(device.row("outcomes", id)["state"] == "discarded");
  }
  CHECK(device.count("inbox") == 0);
}

TEST_CASE("Promise 12, none: the evidence is the answer that left it open, and the page is told that its write is kept") {
  Device device = declared("none");
  const std::string id = create(device);
  pump(device);
  const Json effects = device.step(answer(id, 1, 502, "bad gateway", {{"waiting", true}}));
  CHECK(device.row("inbox", id)["status"] == 502);
  CHECK(device.row("inbox", id)["answer"] == "bad gateway");
  REQUIRE(only(effects, "respond").size() == 1);
  CHECK(only(effects, "respond")[0]["how"] == "queued");
  CHECK(only(effects, "outcome")[0]["state"] == "unknown");
}

TEST_CASE("Promise 12: what is idempotent is sent again whatever the server knows (RFC 9110, section 9.2.2)") {
  for (const char* how : {"verify", "none"}) {
    for (const char* method : {"PUT", "PATCH", "DELETE"}) {
      CAPTURE(how);
      CAPTURE(method);
      Device device = declared(how);
      const std::string id = capture(device, write(method, "/api/orders/1", {{"a", 1}}));
      pump(device);
      device.step(failure(id, 1));
      device.now += 60'000;
      const Json again = only_send(device);
      CHECK(again["method"] == method);
      // The second deletion finds nothing, and that is what it was for; a change that finds nothing was turned down.
      device.step(answer(id, 2, 404));
      CHECK(device.row("outcomes", id)["state"] == (again["method"] == "DELETE" ? "confirmed" : "rejected"));
    }
  }
}

TEST_CASE("Promise 12: a first deletion that finds nothing is turned down, as ever") {
  Device device = declared("none");
  const std::string id = capture(device, write("DELETE", "/api/orders/1"));
  pump(device);
  device.step(answer(id, 1, 404));
  CHECK(device.row("outcomes", id)["state"] == "rejected");
}

TEST_CASE("Promise 12, none: an answer that says that nothing was done leaves nothing unknown") {
  for (const int status : {408, 425, 429, 401}) {
    CAPTURE(status);
    Device device = declared("none");
    const std::string id = create(device);
    pump(device);
    device.step(answer(id, 1, status));
    CHECK(device.count("inbox") == 0);
    if (status == 401) device.step({{"type", "session"}, {"action", "credentials"}, {"origin", kApp}, {"ok", true}});
    device.now += 60'000;
    CHECK(only_send(device)["method"] == "POST");
  }
}

TEST_CASE("Promise 12, none: what may leave only once is never what tests a silent link") {
  Device device = declared("none");
  const std::string lost = create(device);
  pump(device);
  device.step(failure(lost, 1));
  REQUIRE(device.count("inbox") == 1);
  const std::string id = create(device, {{"id", "c2"}});
  int asked = 0;
  for (int i = 0; i < 20; ++i) {
    device.now += 60'000;
    const auto sends = pump(device);
    if (sends.empty()) continue;
    ++asked;
    CHECK(sends[0]["method"] == "HEAD");
    CHECK(sends[0]["url"] == url("/api/orders"));
    if (i % 2 == 0) device.step(failure(sends[0]["id"], sends[0]["attempt"]));
    else device.kill();
  }
  CHECK(asked > 5);
  CHECK(device.count("inbox") == 1);
  device.now += 60'000;
  const Json last = only_send(device);
  int status = 200;
  SUBCASE("any answer is a sign of life") {}
  SUBCASE("even one that isn't there") { status = 405; }
  device.step(answer(id, last["attempt"], status));
  CHECK(device.row("meta", kOrigin)["silences"] == 0);
  CHECK(only_send(device)["method"] == "POST");
}

TEST_CASE("Promise 12: only what may be sent twice is opened anew within its attempt") {
  for (const char* how : {"header", "verify", "none"}) {
    Device device = declared(how);
    const std::string before = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
    pump(device);
    device.step(answer(before, 1, 200));  // a link that works
    create(device);
    CHECK((only_send(device)["againAfterMs"] < 10'000) == (std::string(how) == "header"));
  }
}

TEST_CASE("Promise 12: a lookup proves the link, and nothing about a server that turns writes away") {
  Device device = declared("verify");
  const std::string id = create(device);
  for (int attempt = 1; attempt <= 9; attempt += 2) {
    device.now += 60'000;
    REQUIRE(only_send(device)["lookup"] == false);
    device.step(answer(id, attempt, 503));
    device.now += 60'000;
    REQUIRE(only_send(device)["lookup"] == true);
    device.step(answer(id, attempt + 1, 404));
  }
  CHECK(device.row("meta", kOrigin)["failures"] == 5);
  CHECK(pump(device).empty());
}

TEST_CASE("Promise 12: the writes behind one whose outcome is unknown go on") {
  Device device = declared("none");
  const std::string id = create(device);
  const std::string behind = capture(device, write("PATCH", "/api/orders/c1", {{"note", "milk"}}));
  pump(device);
  device.step(answer(id, 1, 500));
  CHECK(only_send(device)["id"] == behind);
  device.step(answer(behind, 1, 404));
  CHECK(device.row("inbox", behind)["reason"] == "rejected");
  CHECK(device.count("inbox") == 2);
}

TEST_CASE("Promise 12: the declaration is checked") {
  const auto errors = [](const Json& idempotency, const Json& more = Json::object()) {
    const Json told = Json::parse(declared(idempotency, more).configured);
    return told["ok"].get<bool>() ? std::string() : told["errors"][0]["field"].get<std::string>();
  };
  const Json pages{{"list", {{"page", {{"offset", "o"}, {"limit", "l"}}}}}};
  Json filtered = pages;
  filtered["list"]["filter"] = {{"client", "clientId"}};
  CHECK(errors("header") == "");
  CHECK(errors("verify", pages) == "");
  CHECK(errors({{"verify", "/clientId"}}) == "");
  CHECK(errors({{"verify", "/clientId"}}, filtered) == "");
  CHECK(errors({{"verify", "/clientId"}}, pages) == "resources.orders.idempotency.verify");
  CHECK(errors({{"verify", ""}}) == "resources.orders.idempotency.verify");
  CHECK(errors("maybe") == "resources.orders.idempotency");
  CHECK(errors(true) == "resources.orders.idempotency");
}
