// The app's own functions settle what their rules name them for (wasm/outbox/rebase.hpp).
#include "courier.hpp"

using namespace holdfast::test;

namespace {

Json resolving() {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = {{"resolver", "notes"}};
  return resource;
}

/// A note that both have changed: its resolver is asked.
struct Asking : Courier {
  Asking() : Courier(resolving()) {
    id = act("PATCH", {{"note", "mine"}, {"tip", 3}});
    meets(order({{"note", "theirs"}, {"tip", 2}}));
    question = only(effects, "resolve").at(0);
  }

  void resolve(const Json& values) { const Json asking = question["asking"];
    effects = step({{"type", "resolved"}, {"id", id}, {"asking", asking}, {"values", values.dump()}}); }

  std::string id;
  Json question;
};

}  // namespace

TEST_CASE("A resolver is asked with all sides and with what the other rules have made of the document") {
  Asking device;
  CHECK(device.question["id"] == device.id);
  CHECK(device.question["resource"] == "orders");
  REQUIRE(device.question["questions"].size() == 1);
  const Json one = device.question["questions"][0];
  CHECK(one["path"] == "/note");
  CHECK(one["reason"] == "notes");
  CHECK(one["base"] == "ring twice");
  CHECK(one["mine"] == "mine");
  CHECK(one["theirs"] == "theirs");
  CHECK(device.question["document"]["tip"] == 4);
  CHECK(pump(device).empty());
}

TEST_CASE("What it makes of it is sent, and recorded") {
  Asking device;
  device.resolve({{"/note", "both"}});
  const Json send = device.leaves();
  CHECK(body_of(send) == Json{{"note", "both"}, {"tip", 4}});
  CHECK(header(send, "if-match") == "\"2\"");
  device.told(send, 200, order({{"note", "both"}, {"tip", 4}}), "\"3\"");
  CHECK(device.outcome(device.id)["state"] == "merged");
  const Json decisions = Json::parse(device.outcome(device.id)["decisions"].get<std::string>());
  CHECK(decisions.size() == 2);
  CHECK(decisions[0]["policy"] == "resolver");
  CHECK(decisions[0]["verdict"] == "merged");
}

TEST_CASE("It may take one side") {
  Asking device;
  device.resolve({{"/note", "theirs"}});
  const Json send = device.leaves();
  CHECK(body_of(send) == Json{{"tip", 4}});
  device.told(send, 200, order({{"note", "theirs"}, {"tip", 4}}), "\"3\"");
  CHECK(device.outcome(device.id)["state"] == "overruled");
}

TEST_CASE("A resolver may be called what it likes: what gave way beside it is overruled all the same") {
  Json resource = rules();
  resource["conflicts"]["fields"]["zone"] = {{"resolver", "decided by a person"}};
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"status", "delivered"}, {"zone", "mine"}});
  device.meets(order({{"status", "cancelled"}, {"zone", "theirs"}}));
  const Json question = only(device.effects, "resolve").at(0);
  device.effects = device.step({{"type", "resolved"}, {"id", id}, {"asking", question["asking"]}, {"values", R"({"/zone": "both"})"}});
  device.told(device.leaves(), 200, order({{"status", "cancelled"}, {"zone", "both"}}), "\"3\"");
  CHECK(device.outcome(id)["state"] == "overruled");
}

TEST_CASE("What a resolver can't say is a person's decision") {
  Asking device;
  device.resolve(Json::object());
  CHECK(device.row("inbox", device.id)["reason"] == "conflict");
  CHECK(device.row("meta", "counts ")["pending"] == 0);
}

TEST_CASE("A worker that dies over it asks the server and the resolver once more") {
  Asking device;
  device.kill();
  device.step({{"type", "tick"}, {"trigger", "start"}});
  const Json look = device.leaves();
  CHECK(look["lookup"] == true);
  device.told(look, 200, order({{"note", "newer"}, {"tip", 9}}), "\"5\"");
  REQUIRE(only(device.effects, "resolve").size() == 1);
  CHECK(only(device.effects, "resolve")[0]["questions"][0]["theirs"] == "newer");
  const Json anew = only(device.effects, "resolve")[0];
  device.resolve({{"/note", "late"}});
  CHECK(pump(device).empty());  // that was the answer to the question before
  device.question = anew;
  device.resolve({{"/note", "both"}});
  const Json send = device.leaves();
  CHECK(header(send, "if-match") == "\"5\"");
  CHECK(body_of(send) == Json{{"note", "both"}, {"tip", 11}});
}

TEST_CASE("An answer that nobody waits for any more changes nothing") {
  Asking device;
  device.resolve({{"/note", "both"}});
  const Json before = device.row("mutations", device.id);
  device.resolve({{"/note", "late"}});
  CHECK(device.row("mutations", device.id) == before);
  device.step({{"type", "resolved"}, {"id", "nobody"}, {"values", "{}"}});
  device.step({{"type", "resolved"}, {"id", device.id}, {"values", "nonsense"}});
  CHECK(device.row("mutations", device.id) == before);
}

TEST_CASE("While a resolver is being asked, later writes are kept, and answered at once") {
  Asking device;
  const Json effects = device.step(write("PATCH", "/api/orders/1", {{"door", 4}}));
  CHECK(only(effects, "respond").size() == 1);
  CHECK(pump(device).empty());
}

TEST_CASE("An answer of a resolver counts only for the question that it was asked") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = {{"resolver", "notes"}};
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"note", "mine"}});
  device.meets(order({{"note", "theirs"}}));
  REQUIRE(only(device.effects, "resolve").size() == 1);
  const Json first = only(device.effects, "resolve").at(0)["asking"];
  device.step({{"type", "tick"}, {"trigger", "call"}});           // hf.sync() while the resolver is at work
  const Json look = device.leaves();
  REQUIRE(look["lookup"] == true);
  device.told(look, 200, order({{"note", "newest"}}), "\"3\"");
  REQUIRE(only(device.effects, "resolve").size() == 1);
  // The first question's answer arrives now: made of "mine" and "theirs".
  device.effects = device.step({{"type", "resolved"}, {"id", id}, {"asking", first}, {"values", Json{{"/note", "mine+theirs"}}.dump()}});
  const auto sends = pump(device);
  CHECK(sends.empty());                                            // still waits for the second answer
}

TEST_CASE("A resolver that died with its worker is asked again once its user is back") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = {{"resolver", "notes"}};
  Courier device(resource);
  device.act("PATCH", {{"note", "mine"}});
  device.meets(order({{"note", "theirs"}}));
  REQUIRE(only(device.effects, "resolve").size() == 1);
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", "bob"}});
  device.kill();
  device.step({{"type", "tick"}, {"trigger", "start"}});
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", ""}});
  for (int i = 0; i < 20; ++i) {
    device.now += 60'000;
    device.step({{"type", "tick"}, {"trigger", "timer"}});
    device.step({{"type", "tick"}, {"trigger", "online"}, {"origin", kApp}});
    if (!pump(device).empty()) return;
  }
  FAIL("the lane stands still");
}

TEST_CASE("A resolver's answer for the whole document must be a document") {
  Courier device(Json{{"conflicts", {{"default", {{"resolver", "all"}}}}}});
  const std::string id = device.act("PUT", order({{"note", "mine"}}));
  device.meets(order({{"note", "theirs"}}));
  REQUIRE(only(device.effects, "resolve").size() == 1);
  device.step({{"type", "resolved"}, {"id", id}, {"asking", only(device.effects, "resolve").at(0)["asking"]}, {"values", R"({"":"oops"})"}});
  for (const Json& send : pump(device)) { CHECK(send["body"] != "\"oops\""); }
}
