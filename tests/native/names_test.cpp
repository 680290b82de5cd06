// Promises 9 and 11: an entity keeps its lane and its rows whatever the server calls it, and what refers to one that is
// yet to be created waits for it.
#include <doctest/doctest.h>

#include "store.hpp"

using namespace holdfast::test;

namespace {

/// Articles by slugs, comments below them, and shelves that name articles in their documents.
Json library() {
  return Json::parse(R"({"resources": {
    "articles": {"path": "/api/articles/:slug", "id": "slug", "envelope": "/article", "actions": {"favorite": {"favorited": true}}},
    "comments": {"path": "/api/articles/:slug/comments/:id", "list": {"rows": "/comments"}},
    "shelves": {"path": "/api/shelves/:id", "references": {"top": "articles", "/rows/*/article": "articles"}}}})");
}

Json one_send(Device& device) {
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  return sends[0];
}

std::vector<std::string> urls(const std::vector<Json>& sends) {
  std::vector<std::string> list;
  for (const Json& send : sends) list.push_back(send["url"].get<std::string>().substr(std::string(kApp).size()));
  return list;
}
using Urls = std::vector<std::string>;

Json view(Device& device, const std::string& path) {
  return only(device.step({{"type", "read"}, {"url", kApp + path}, {"at", 0}}), "view").at(0);
}

std::string located(Device& device, const std::string& path) {
  const std::string url = only(device.step({{"type", "locate"}, {"url", kApp + path}}), "located").at(0)["url"];
  return url.substr(std::string(kApp).size());
}

/// Creates an order without an id. @return the id that holdfast gave it
std::string create(Device& device) { return capture(device, write("POST", "/api/orders", {{"dish", "soup"}})); }

std::string article(const char* slug) { return Json{{"article", {{"slug", slug}, {"title", "x"}}}}.dump(); }

}  // namespace

TEST_CASE("Promise 9: what was queued under the client's id leaves with the server's") {
  Device device(orders_config());
  const std::string id = create(device);
  capture(device, write("PATCH", "/api/orders/" + id, {{"id", id}, {"tip", 1}}));
  capture(device, write("POST", "/api/orders/" + id + "/cancel?why=a%20b"));
  CHECK(urls(pump(device)) == Urls{"/api/orders"});
  std::string named = "43";
  SUBCASE("a number in its document") { device.step(answer(id, 1, 201, R"({"id": 43, "dish": "soup"})")); }
  SUBCASE("a text that has to be encoded") {
    named = "a%2Fb%20%C3%A4";
    device.step(answer(id, 1, 201, Json{{"id", "a/b ä"}}.dump()));
  }
  SUBCASE("only in Location") {
    device.step(answer(id, 1, 201, "", with_headers({{"location", "/api/orders/43"}})));
    CHECK(view(device, "/api/orders/43")["document"]["id"] == 43);
    CHECK(view(device, "/api/orders/43")["document"]["dish"] == "soup");
  }
  SUBCASE("after a kill") {
    device.kill();
    one_send(device);
    device.step(answer(id, 2, 201, R"({"id": 43})"));
    device.kill();
  }
  const Json patch = one_send(device);
  CHECK(patch["url"] == kApp + ("/api/orders/" + named));
  CHECK(Json::parse(patch["body"].get<std::string>())["id"] != id);
  CHECK(Json::parse(patch["body"].get<std::string>())["tip"] == 1);
  device.step(answer(patch["id"], 1, 200));
  CHECK(one_send(device)["url"] == kApp + ("/api/orders/" + named + "/cancel?why=a%20b"));
  CHECK(located(device, "/api/orders/" + id + "?x=1") == "/api/orders/" + named + "?x=1");
  CHECK(located(device, "/api/orders/" + named) == "/api/orders/" + named);
}

TEST_CASE("Promise 9: whichever name a page uses, it is one entity, in one lane") {
  Device device(orders_config());
  const std::string id = create(device);
  pump(device);
  device.step(answer(id, 1, 201, R"({"id": 43, "dish": "soup"})"));
  const std::string first = capture(device, write("PATCH", "/api/orders/" + id, {{"tip", 1}}));
  const std::string second = capture(device, write("PATCH", "/api/orders/43", {{"tip", 2}}));
  CHECK(device.count("lanes") == 1);
  for (const char* name : {"43", id.c_str()}) {
    const Json shown = view(device, std::string("/api/orders/") + name);
    CHECK(shown["document"] == Json{{"id", 43}, {"dish", "soup"}, {"tip", 2}});
    CHECK(shown["pending"] == 2);
  }
  const Json changes = view(device, "/api/orders")["changes"];
  REQUIRE(changes.size() == 1);
  CHECK(changes[0]["id"] == "43");
  CHECK(changes[0]["formerIds"] == Json::array({id}));
  CHECK(one_send(device)["id"] == first);
}

TEST_CASE("Promise 3: a write that may have arrived keeps its bytes and its URL, whatever its entity is called by then") {
  Device device(library());
  const std::string renaming = capture(device, write("PUT", "/api/articles/old", {{"article", {{"title", "New"}}}}));
  const std::string comment = capture(device, write("POST", "/api/articles/old/comments", {{"body", "a"}}));
  CHECK(urls(pump(device)) == Urls{"/api/articles/old", "/api/articles/old/comments"});
  device.step(failure(comment, 1));
  device.step(answer(renaming, 1, 200, article("new")));
  device.now += 60'000;
  const Json again = one_send(device);
  CHECK(again["url"] == kApp + std::string("/api/articles/old/comments"));
  // Not found: no attempt was carried out, so it may leave by the new name, as another payload.
  device.step(answer(comment, 2, 404));
  const Json anew = one_send(device);
  CHECK(anew["url"] == kApp + std::string("/api/articles/new/comments"));
  CHECK(anew["key"] != again["key"]);
  device.step(answer(comment, 3, 404));
  CHECK(device.row("inbox", comment)["reason"] == "rejected");
}

TEST_CASE("Promise 9: what overtakes the answer to a renaming, or meets its loss, follows once the name is known") {
  Device device(library());
  const std::string renaming = capture(device, write("PUT", "/api/articles/old", {{"article", {{"title", "New"}}}}));
  const std::string comment = capture(device, write("POST", "/api/articles/old/comments", {{"body", "a"}}));
  const Json first = pump(device)[1];
  device.step(answer(comment, 1, 404));
  CHECK(device.row("inbox", comment).is_null());
  CHECK(pump(device).empty());  // it backs off
  device.step(failure(renaming, 1));
  device.now += 60'000;
  for (int attempt = 2; attempt < 4; ++attempt) {
    for (const Json& send : pump(device)) if (send["id"] == comment) device.step(answer(comment, attempt, 404));
    device.now += 60'000;
    CHECK(device.row("mutations", comment)["state"] == "queued");
  }
  device.step(answer(renaming, 2, 200, article("new")));
  const Json last = one_send(device);
  CHECK(last["url"] == kApp + std::string("/api/articles/new/comments"));
  CHECK(last["key"] != first["key"]);
}

TEST_CASE("What is not found is turned down if nothing is being renamed") {
  Device device(library());
  const std::string comment = capture(device, write("POST", "/api/articles/old/comments", {{"body", "a"}}));
  one_send(device);
  capture(device, write("PUT", "/api/articles/old", {{"article", {{"title", "New"}}}}));  // never attempted so far
  device.step(answer(comment, 1, 404));
  CHECK(device.row("inbox", comment)["reason"] == "rejected");
}

TEST_CASE("Promise 9: a slug that changes with the title, and back") {
  Device device(library());
  const std::string put = capture(device, write("PUT", "/api/articles/old", {{"article", {{"title", "New"}}}}));
  const std::string star = capture(device, write("POST", "/api/articles/old/favorite"));
  const std::string comment = capture(device, write("DELETE", "/api/articles/old/comments/7"));
  CHECK(urls(pump(device)) == Urls{"/api/articles/old", "/api/articles/old/comments/7"});
  device.step(answer(comment, 1, 503));
  device.step(answer(put, 1, 200, article("new")));
  CHECK(one_send(device)["url"] == kApp + std::string("/api/articles/new/favorite"));
  CHECK(view(device, "/api/articles/new")["document"]["favorited"] == true);
  CHECK(view(device, "/api/articles/old")["document"]["favorited"] == true);
  device.step(answer(star, 1, 200, article("new")));
  // What lies below it follows: one comment, by whichever of the names.
  CHECK(view(device, "/api/articles/new/comments/7")["gone"] == true);

  const std::string back = capture(device, write("PUT", "/api/articles/new", {{"article", {{"title", "Old"}}}}));
  one_send(device);
  device.step(answer(back, 1, 200, article("old")));
  CHECK(located(device, "/api/articles/new") == "/api/articles/old");
  CHECK(located(device, "/api/articles/old") == "/api/articles/old");
}

TEST_CASE("A name that another entity was created with means that one from then on") {
  Device device(library());
  const std::string put = capture(device, write("PUT", "/api/articles/old", {{"article", {{"title", "New"}}}}));
  pump(device);
  device.step(answer(put, 1, 200, article("new")));
  const std::string made = capture(device, write("POST", "/api/articles", {{"article", {{"title", "Old"}}}}));
  pump(device);
  device.step(answer(made, 1, 201, article("old")));
  CHECK(located(device, "/api/articles/" + made) == "/api/articles/old");
  CHECK(located(device, "/api/articles/old") == "/api/articles/old");
  CHECK(located(device, "/api/articles/new") == "/api/articles/new");
  const std::string first = capture(device, write("PATCH", "/api/articles/old", {{"article", {{"a", 1}}}}));
  const std::string second = capture(device, write("PATCH", "/api/articles/new", {{"article", {{"a", 1}}}}));
  CHECK(device.row("mutations", first)["entity"] == made);
  CHECK(device.row("mutations", second)["entity"] == "old");
  CHECK(urls(pump(device)) == Urls{"/api/articles/old", "/api/articles/new"});
}

TEST_CASE("Promise 11: what refers to an entity that is yet to be created waits for it, in its path or in its body") {
  Device device(library());
  const std::string made = capture(device, write("POST", "/api/articles", {{"article", {{"title", "A"}}}}));
  const std::string comment = capture(device, write("POST", "/api/articles/" + made + "/comments", {{"body", "c"}}));
  const std::string shelf = capture(device, write("PUT", "/api/shelves/1", {{"top", made}, {"rows", Json::array({{{"article", "x"}}, {{"article", made}}})}}));
  const std::string other = capture(device, write("PUT", "/api/shelves/2", {{"top", "x"}}));
  CHECK(urls(pump(device)) == Urls{"/api/articles", "/api/shelves/2"});
  CHECK(device.row("lanes", device.row("mutations", comment)["lane"])["hold"] == "reference");
  // Nothing is known of a list below it; it is empty, but for what is pending.
  CHECK(view(device, "/api/articles/" + made + "/comments")["unsent"] == true);
  CHECK(view(device, "/api/articles/x/comments")["unsent"] == false);

  SUBCASE("through a failure and a kill") {
    device.step(answer(made, 1, 503));
    device.kill();
    device.now += 60'000;
    const auto sends = pump(device);
    CHECK(urls(sends) == Urls{"/api/shelves/2", "/api/articles"});
    device.step(answer(made, 2, 201, article("a")));
  }
  SUBCASE("at once") { device.step(answer(made, 1, 201, article("a"))); }
  SUBCASE("a server that takes the app's id") {
    device.step(answer(made, 1, 201, article(made.c_str())));
    const Urls left = urls(pump(device));
    CHECK(Json(left) == Json(Urls{"/api/articles/" + made + "/comments", "/api/shelves/1"}));
    CHECK(device.count("names") == 0);
    return;
  }
  const auto sends = pump(device);
  CHECK(urls(sends) == Urls{"/api/articles/a/comments", "/api/shelves/1"});
  CHECK(sends[1]["body"] == R"({"rows":[{"article":"x"},{"article":"a"}],"top":"a"})");
  CHECK(view(device, "/api/articles/a/comments")["changes"].size() == 1);
  CHECK(view(device, "/api/articles/" + made + "/comments")["changes"].size() == 1);
}

TEST_CASE("Promise 11: and is set aside with the reason if that creation is turned down") {
  Device device(library());
  const std::string made = capture(device, write("POST", "/api/articles", {{"article", {{"title", "A"}}}}));
  const std::string edit = capture(device, write("PUT", "/api/articles/" + made, {{"article", {{"title", "B"}}}}));
  const std::string comment = capture(device, write("POST", "/api/articles/" + made + "/comments", {{"body", "c"}}));
  one_send(device);
  device.step(answer(made, 1, 422));
  const Json effects = device.step({{"type", "pump"}});
  CHECK(only(effects, "send").empty());
  CHECK(device.count("inbox") == 3);
  CHECK(device.row("inbox", made)["reason"] == "rejected");
  for (const std::string& id : {edit, comment}) {
    CHECK(device.row("inbox", id)["reason"] == "creation-failed");
    CHECK(device.row("inbox", id)["status"] == 424);
    CHECK(device.row("outcomes", id)["state"] == "rejected");
  }
  CHECK(device.count("mutations") == 0);
  CHECK(device.count("lanes") == 0);

  // A person tries all of it again.
  for (const std::string& id : {made, comment, edit}) device.step({{"type", "decided"}, {"id", id}, {"action", "retry"}});
  one_send(device);
  device.step(answer(made, 2, 201, article("a")));
  CHECK(Json(urls(pump(device))) == Json(Urls{"/api/articles/a", "/api/articles/a/comments"}));
}

TEST_CASE("Promise 11: what is written after the failure, or after a conflict, is the server's to judge") {
  Device device(library());
  const std::string made = capture(device, write("POST", "/api/articles", {{"article", {{"slug", "a"}}}}));
  one_send(device);
  SUBCASE("turned down") {
    device.step(answer(made, 1, 422));
    capture(device, write("POST", "/api/articles/a/comments", {{"body", "c"}}));
  }
  SUBCASE("it may be there already") {
    capture(device, write("POST", "/api/articles/a/comments", {{"body", "c"}}));
    pump(device);
    device.step(answer(made, 1, 409));
  }
  CHECK(urls(pump(device)) == Urls{"/api/articles/a/comments"});
}

TEST_CASE("Nobody waits for a creation that is no more") {
  Device device(library());
  const std::string made = capture(device, write("POST", "/api/articles", {{"article", {{"title", "A"}}}}));
  capture(device, write("POST", "/api/articles/" + made + "/comments", {{"body", "c"}}));
  one_send(device);
  device.step({{"type", "session"}, {"action", "discard"}});
  CHECK(device.count("mutations") == 0);
  CHECK(view(device, "/api/articles/" + made + "/comments")["unsent"] == false);
  capture(device, write("POST", "/api/articles/" + made + "/comments", {{"body", "d"}}));
  CHECK(urls(pump(device)) == Urls{"/api/articles/" + made + "/comments"});
}

TEST_CASE("In a shared lane, what once followed a creation isn't held by its second try") {
  Json config = library();
  for (const char* name : {"articles", "comments"}) config["resources"][name]["lane"] = "all";
  Device device(config);
  const std::string made = capture(device, write("POST", "/api/articles", {{"article", {{"title", "A"}}}}));
  const std::string comment = capture(device, write("POST", "/api/articles/" + made + "/comments", {{"body", "c"}}));
  one_send(device);
  device.step(answer(made, 1, 422));
  device.step({{"type", "decided"}, {"id", made}, {"action", "retry"}});
  pump(device);
  device.now += 1;
  CHECK(device.row("inbox", comment)["reason"] == "creation-failed");
  CHECK(urls(pump(device)).size() + device.row("meta", "sends")["list"].size() >= 1);
}

TEST_CASE("Names that nobody used for a month make room") {
  Device device(orders_config());
  for (int i = 0; i < 20; ++i) {
    const std::string id = create(device);
    pump(device);
    device.step(answer(id, 1, 201, Json{{"id", i}}.dump()));
    device.now += 4LL * 24 * 3'600'000;
  }
  CHECK(device.count("names") <= 20);
  CHECK(device.row("meta", "counts ")["names"] == device.count("names"));
}

TEST_CASE("Names with writes waiting stay, however old they are") {
  Device device(orders_config());
  const std::string id = create(device);
  pump(device);
  device.step(answer(id, 1, 201, R"({"id": "old"})"));
  const std::string patch = capture(device, write("PATCH", "/api/orders/" + id, {{"a", 1}}));
  device.now += 90LL * 24 * 3'600'000;
  const std::string next = create(device);
  pump(device);
  device.step(answer(next, 1, 201, R"({"id": "new"})"));
  device.step(failure(patch, 1));
  CHECK(located(device, "/api/orders/" + id) == "/api/orders/old");
}
