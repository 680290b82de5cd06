// Promise 14: which pending entities are in a list, for the query that it was asked with (docs/reads.md).
#include <doctest/doctest.h>

#include "overlay/query.hpp"
#include "store.hpp"

using namespace holdfast::test;

namespace {

Json list_of(const char* json) { return Json::parse(json); }

Device with_list(const Json& list, Json more = Json::object()) {
  more["list"] = list;
  return Device(orders_config(more));
}

Json view(Device& device, const std::string& path, holdfast::Millis at = 0) {
  return only(device.step({{"type", "read"}, {"url", kApp + path}, {"at", at}}), "view").at(0);
}

/// Whether the order {id: "1", …} is in the list; null: only the server can tell.
Json member(const Json& list, const Json& order, const std::string& query) {
  Device device = with_list(list);
  Json whole = order;
  whole["id"] = "1";
  capture(device, write("POST", "/api/orders", whole));
  return view(device, "/api/orders" + query)["changes"].at(0)["member"];
}

}  // namespace

TEST_CASE("Promise 14: filters of the query string") {
  const Json list = list_of(R"({"filter": {"status": "status", "by": "/courier/name", "tag": {"field": "tags", "is": "contains"},
    "from": {"field": "tip", "is": "min"}, "to": {"field": "tip", "is": "max"}, "after": {"field": "at", "is": "above"},
    "before": {"field": "at", "is": "below"}, "done": "done"}, "ignore": ["include"]})");
  const Json order = Json::parse(R"({"status": "placed", "courier": {"name": "Ann Lee"}, "tags": ["hot", "a,b", 7], "tip": 2.5,
    "at": "2026-05-01", "done": false, "none": null})");
  struct Example { const char* query; Json member; };
  const Example examples[] = {
      {"", true}, {"?status=placed", true}, {"?status=", true}, {"?status=ready", false},
      {"?status=ready,placed", true}, {"?status=ready&status=placed", true}, {"?status=ready&status=done", false},
      {"?by=Ann+Lee", true}, {"?by=Ann%20Lee", true}, {"?by=Ann", false},
      {"?tag=hot", true}, {"?tag=a,b", true}, {"?tag=7", true}, {"?tag=cold", false},
      {"?from=2.5", true}, {"?from=2.6", false}, {"?from=x", false}, {"?to=2.5", true}, {"?to=-1", false}, {"?from=2&to=3", true},
      {"?after=2026-04-30", true}, {"?after=2026-05-01", false}, {"?before=2026-05-02", true}, {"?before=2026-05-01", false},
      {"?done=false", true}, {"?done=0", true}, {"?done=true", false},
      {"?include=lines", true}, {"?q=soup", nullptr}, {"?q=soup&status=ready", false}, {"?q=", true}, {"?status=placed#x", true},
  };
  for (const Example& example : examples) {
    CAPTURE(example.query);
    CHECK(member(list, order, example.query) == example.member);
  }
}

TEST_CASE("Promise 14: a filter that depends on who reads") {
  Device device({{"resources", {
      {"orders", {{"path", "/api/orders/:id"}, {"list", Json::parse(R"({"filter": {"status": "status", "starred":
        {"field": "starred", "reader": {"$holdfast": "from", "resource": "me", "at": "/name"}}}})")}}},
      {"me", {{"path", "/api/me"}, {"singleton", true}}},
  }}});
  const auto in = [&](const std::string& query) { return view(device, "/api/orders" + query)["changes"].at(0)["member"]; };
  capture(device, write("POST", "/api/orders", Json::parse(R"({"id": "1", "status": "placed", "starred": true})")));
  CHECK(in("?starred=ann") == nullptr);  // nobody knows who reads
  device.bases["me"] = {{"name", "ann"}};
  CHECK(in("") == true);
  CHECK(in("?starred=ann") == true);
  CHECK(in("?starred=bob") == nullptr);
  CHECK(in("?starred=ann,bob") == nullptr);
  CHECK(in("?starred=bob&status=ready") == false);
  capture(device, write("PATCH", "/api/orders/1", {{"starred", false}}));
  CHECK(in("?starred=ann") == false);
  CHECK(in("?starred=bob") == nullptr);
}

TEST_CASE("Promise 14: a change that moves an entity out of a filter, or into it, says what the server counted") {
  Device device = with_list(list_of(R"({"filter": {"status": "status"}})"));
  device.bases["1"] = {{"id", "1"}, {"status", "placed"}};
  capture(device, write("PATCH", "/api/orders/1", {{"status", "ready"}}));
  const Json out = view(device, "/api/orders?status=placed")["changes"].at(0);
  CHECK(out["member"] == false);
  CHECK(out["was"] == true);
  const Json in = view(device, "/api/orders?status=ready")["changes"].at(0);
  CHECK(in["member"] == true);
  CHECK(in["was"] == false);
}

TEST_CASE("Promise 15: what was confirmed after a list was asked for is shown in it, and what it counted then is told") {
  Device device = with_list(list_of("{}"));
  const std::string id = capture(device, write("POST", "/api/orders", {{"id", "1"}, {"note", "a"}}));
  pump(device);
  const auto asked = device.now;
  device.now += 10;
  device.step(answer(id, 1, 201));
  const Json before = view(device, "/api/orders", asked);
  REQUIRE(before["changes"].size() == 1);
  CHECK(before["changes"][0]["document"]["note"] == "a");
  CHECK(before["changes"][0]["was"] == false);
  CHECK(before["pending"] == 0);
  CHECK(view(device, "/api/orders", device.now)["changes"].empty());
}

TEST_CASE("Promise 15: what the answer counted is what was known when it was asked for, not what became known since") {
  Device device = with_list(list_of(R"({"filter": {"status": "status"}, "sort": "at"})"));
  device.bases["1"] = {{"id", "1"}, {"status", "ready"}, {"at", 1}};
  capture(device, write("PATCH", "/api/orders/1", {{"at", 2}}));
  const auto change = [&] { return view(device, "/api/orders?status=placed", device.now).at("changes").at(0); };
  device.seen["1"] = {{"id", "1"}, {"status", "placed"}, {"at", 1}};
  CHECK(change()["was"] == true);
  CHECK(change()["stays"] == false);  // it has left
  device.bases["1"] = {{"id", "1"}, {"status", "placed"}, {"at", 2}};
  device.seen["1"]["at"] = 2;
  CHECK(change()["stays"] == true);
  device.seen["1"]["at"] = 1;
  CHECK(change()["stays"] == false);  // another place in the order
}

TEST_CASE("Promise 14: what was deleted stays gone, and what was never seen is not taken for deleted") {
  Device device = with_list(list_of("{}"));
  const auto asked = device.now;
  device.now += 10;
  std::string method = "DELETE";
  SUBCASE("deleted") {}
  SUBCASE("changed, and answered 204") { method = "PATCH"; }
  const std::string id = capture(device, write(method, "/api/orders/1", method == "PATCH" ? Json{{"a", 1}} : Json(nullptr)));
  pump(device);
  device.step(answer(id, 1, 204));
  const Json item = view(device, "/api/orders/1");
  CHECK(item["gone"] == (method == "DELETE"));
  CHECK(view(device, "/api/orders", asked)["changes"].size() == (method == "DELETE" ? 1 : 0));
  capture(device, write("POST", "/api/orders/1/unknown", nullptr));
  CHECK(view(device, "/api/orders/1")["gone"] == (method == "DELETE"));
}

TEST_CASE("The order of a list: declared, chosen by the query, or not known") {
  const auto sort = [](const char* list, const std::string& query) {
    Device device = with_list(list_of(list));
    return view(device, "/api/orders" + query)["sort"];
  };
  const char* list = R"({"sort": ["-at", "id"], "sortBy": {"parameter": "sort", "direction": "order"}})";
  CHECK(sort("{}", "").is_null());
  CHECK(sort(list, "") == Json::parse(R"([[["at"], true], [["id"], false]])"));
  CHECK(sort(list, "?order=desc") == Json::parse(R"([[["at"], false], [["id"], true]])"));
  CHECK(sort(list, "?sort=-tip,name") == Json::parse(R"([[["tip"], true], [["name"], false]])"));
  CHECK(sort(list, "?sort=tip:desc") == Json::parse(R"([[["tip"], true]])"));
  CHECK(sort(list, "?sort=tip&order=desc") == Json::parse(R"([[["tip"], true]])"));
  CHECK(sort(list, "?sort=random()").is_null());
}

TEST_CASE("Pages: where one begins, and which came before it") {
  const auto page = [](const char* list, const std::string& query) {
    Device device = with_list(list_of(list));
    return view(device, "/api/orders" + query)["page"];
  };
  const auto counted = [](const char* parameter, int position, int first, int step, int size) {
    return Json{{"parameter", parameter}, {"position", position}, {"first", first}, {"step", step}, {"size", size}};
  };
  const char* offset = R"({"page": {"offset": "offset", "limit": "limit", "size": 20}})";
  CHECK(page("{}", "?offset=3").is_null());
  CHECK(page(offset, "") == counted("offset", 0, 0, 20, 20));
  CHECK(page(offset, "?limit=5&offset=10") == counted("offset", 10, 0, 5, 5));
  CHECK(page(offset, "?offset=x") == counted("offset", 0, 0, 20, 20));
  CHECK(page(R"({"page": {"page": "page", "limit": "per", "size": 10}})", "?page=3") == counted("page", 3, 1, 1, 10));
  CHECK(page(R"({"page": {"page": "page", "first": 0}})", "") == counted("page", 0, 0, 1, 0));
  CHECK(page(R"({"page": {"cursor": "after", "next": "/next"}})", "?after=c1") ==
        Json{{"cursor", "c1"}, {"parameter", "after"}, {"next", {"next"}}});
}

TEST_CASE("Lists elsewhere: a path's parameter picks entities, and a feed's members are the server's to tell") {
  Device device({{"resources", {{"orders", {{"path", "/api/orders/:id"},
                                            {"lists", {{"/api/restaurants/:restaurant/orders", {{"where", {{"restaurant", "restaurantId"}}}}},
                                                       {"/api/orders/feed", {{"members", "server"}}}}}}}}}});
  capture(device, write("POST", "/api/orders", {{"id", "1"}, {"restaurantId", 7}}));
  CHECK(view(device, "/api/restaurants/7/orders")["changes"].at(0)["member"] == true);
  CHECK(view(device, "/api/restaurants/8/orders")["changes"].at(0)["member"] == false);
  CHECK(view(device, "/api/orders/feed")["changes"].at(0)["member"].is_null());
}

TEST_CASE("Below another entity: each parent has a list of its own, though ids repeat") {
  Device device({{"resources", {{"notes", {{"path", "/api/users/:user/notes/:id"}}}}}});
  capture(device, write("POST", "/api/users/ann/notes", {{"id", "1"}, {"text", "a"}}));
  capture(device, write("POST", "/api/users/b%2Fc/notes", {{"id", "1"}, {"text", "b"}}));
  CHECK(device.count("lanes") == 2);
  const Json anns = view(device, "/api/users/ann/notes")["changes"];
  REQUIRE(anns.size() == 1);
  CHECK(anns[0]["document"] == Json{{"id", "1"}, {"text", "a"}});
  CHECK(view(device, "/api/users/b%2Fc/notes/1")["document"]["text"] == "b");
}

TEST_CASE("Promise 14: the deletion of a whole collection shows in its items and lists, and what came after it stays") {
  Device device(orders_config());
  device.bases["1"] = {{"id", "1"}};
  const auto item = [&](const char* id) { return view(device, std::string("/api/orders/") + id); };
  capture(device, write("PATCH", "/api/orders/1", {{"tip", 1}}));
  capture(device, write("POST", "/api/orders", {{"id", "2"}}));
  const std::string all = capture(device, write("DELETE", "/api/orders"));
  capture(device, write("POST", "/api/orders", {{"id", "3"}}));
  CHECK(item("1")["gone"] == true);
  CHECK(item("1")["pending"] == 2);
  CHECK(item("2")["gone"] == true);
  CHECK(item("9")["gone"] == true);
  CHECK(item("3")["document"]["id"] == "3");
  const Json list = view(device, "/api/orders");
  CHECK(list["emptied"] == true);
  CHECK(list["pending"] == 4);
  std::vector<std::string> there;
  for (const Json& change : list["changes"]) {
    if (!change["document"].is_null()) there.push_back(change["id"]);
  }
  CHECK(there == std::vector<std::string>{"3"});

  // All of it is sent and confirmed; an answer that was asked for before still shows nothing of it.
  const holdfast::Millis before = device.now;
  device.bases.clear();
  for (int i = 0; i < 10; ++i) {
    device.now += 1;
    for (const Json& send : pump(device)) device.step(answer(send["id"], 1, send["id"] == all ? 204 : 200));
  }
  CHECK(device.count("mutations") == 0);
  CHECK(view(device, "/api/orders", before)["emptied"] == true);
  CHECK(view(device, "/api/orders", device.now + 1)["emptied"] == false);
  CHECK(item("1")["gone"] == true);
  CHECK(item("3")["document"]["id"] == "3");
}

TEST_CASE("Of a deletion that a query narrows only the server can tell what it leaves") {
  Device device(orders_config());
  capture(device, write("DELETE", "/api/orders?status=done"));
  CHECK(view(device, "/api/orders")["emptied"] == false);
}
