// The live link's rules, one after the other. Its waits are in link_wait_test.cpp, random lives in link_junk_test.cpp.
#include "link_device.hpp"

using namespace holdfast::test;
using holdfast::kLinkBaseMs;
using holdfast::kLinkConnectMs;
using holdfast::Link;
using holdfast::Millis;

namespace {

Json changed(const char* from, const char* to, const char* reason) { return {{"do", "changed"}, {"from", from}, {"to", to}, {"reason", reason}}; }

}  // namespace

TEST_CASE("Link: from start to live") {
  LinkDevice device;
  CHECK(device.start() == Json::array({{{"do", "open"}, {"attempt", 1}, {"transport", "websocket"}}, changed("suspended", "connecting", "start")}));
  CHECK(device.name() == "connecting");
  CHECK(device.wait() == kLinkConnectMs);
  CHECK(device.news("opened") == Json::array());
  CHECK(device.wait() == kLinkConnectMs);  // of what use is a server that accepts and says nothing?
  CHECK(device.news("welcome", {{"heartbeatMs", 20'000}, {"windowMs", 200}}) == Json::array({changed("connecting", "replaying", "welcome")}));
  CHECK(device.news("caught-up") == Json::array({changed("replaying", "live", "caught-up")}));
  CHECK(device.news("behind") == Json::array({changed("live", "replaying", "behind")}));
  CHECK(device.news("caught-up") == Json::array({changed("replaying", "live", "caught-up")}));
  CHECK(device.state["failures"] == 0);
}

TEST_CASE("Link: an attempt without a welcome is given up, and its socket isn't waited for") {
  LinkDevice device;
  device.start();
  device.now += kLinkConnectMs - 1;
  CHECK(device.tick() == Json::array());
  device.now += 1;
  CHECK(device.tick() == Json::array({{{"do", "close"}, {"attempt", 1}}, changed("connecting", "waiting", "timed out")}));
  CHECK(device.wait() <= kLinkBaseMs);
  // The socket never says that it is closed; the next attempt leaves all the same, and that word is no news later on.
  CHECK(those(device.sleep(), "open").front()["attempt"] == 2);
  CHECK(device.step({{"type", "closed"}, {"attempt", 1}, {"code", 1006}}) == Json::array());
  CHECK(device.name() == "connecting");
}

TEST_CASE("Link: news of an earlier attempt, or of none, is no news") {
  LinkDevice device;
  for (const char* type : {"opened", "welcome", "heard", "caught-up", "behind", "closed", "refused"}) {
    CHECK(device.step({{"type", type}, {"attempt", 0}, {"code", 4404}, {"status", 404}}) == Json::array());
  }
  device.go_live();
  device.closed(1006);
  device.sleep();
  for (const char* type : {"opened", "welcome", "heard", "caught-up", "behind", "closed", "refused"}) {
    for (const int attempt : {0, 1, 3}) {
      CHECK(device.step({{"type", type}, {"attempt", attempt}, {"code", 4404}, {"status", 404}}) == Json::array());
    }
  }
  CHECK(device.name() == "connecting");
  CHECK(device.attempt() == 2);
}

TEST_CASE("Link: a connection that went half open is found within two heartbeats") {
  LinkDevice device;
  device.go_live();
  const Millis heard = device.now;
  CHECK(device.wait() == 30'000);
  CHECK(device.sleep() == Json::array({{{"do", "ping"}, {"attempt", 1}}}));
  CHECK(device.state["wakeAt"] == heard + 50'000);
  SUBCASE("nobody answers") {
    CHECK(device.sleep() == Json::array({{{"do", "close"}, {"attempt", 1}}, changed("live", "waiting", "dead")}));
    CHECK(device.now == heard + 50'000);
  }
  SUBCASE("somebody does") {
    device.now += 1'000;
    device.news("heard");
    CHECK(device.wait() == 30'000);
    CHECK(device.tick() == Json::array());
  }
  SUBCASE("while it still catches up, too") {
    device.news("behind");
    device.sleep();
    CHECK(device.sleep().back() == changed("replaying", "waiting", "dead"));
  }
}

TEST_CASE("Link: a device that slept asks before it takes the connection for dead") {
  LinkDevice device;
  device.go_live();
  device.now += 3'600'000;
  CHECK(device.tick() == Json::array({{{"do", "ping"}, {"attempt", 1}}}));
  CHECK(device.wait() == 20'000);
  CHECK(those(device.sleep(), "close").size() == 1);
}

TEST_CASE("Link: server-sent events can't be asked, and are given the same time") {
  LinkDevice device({{"transports", {"sse"}}});
  device.go_live();
  const Millis heard = device.now;
  CHECK(device.nudge("page-shown") == Json::array());
  CHECK(device.sleep() == Json::array());
  CHECK(those(device.sleep(), "close").size() == 1);
  CHECK(device.now == heard + 50'000);
}

TEST_CASE("Link: a sign that the network has changed asks at once whether the connection lives") {
  LinkDevice device;
  device.go_live();
  CHECK(device.nudge("online") == Json::array());  // something was heard this moment
  device.now += 5'000;
  CHECK(those(device.nudge("online"), "ping").size() == 1);
  CHECK(device.wait() == kLinkConnectMs);
  CHECK(device.nudge("page-shown") == Json::array());  // asked already
  CHECK(those(device.sleep(), "close").size() == 1);
}

TEST_CASE("Link: nobody wants it, and somebody does again") {
  LinkDevice device;
  SUBCASE("while it is live") {
    device.go_live();
    CHECK(device.step({{"type", "stop"}}) == Json::array({{{"do", "close"}, {"attempt", 1}}, changed("live", "suspended", "stop")}));
    CHECK(device.state["wakeAt"].is_null());
    CHECK(those(device.start(), "open").front()["attempt"] == 2);
  }
  SUBCASE("while it waits: a page that is loaded anew is no way around the wait") {
    device.start();
    device.refused(503, 60'000);
    const Json due = device.state["wakeAt"];
    CHECK(device.step({{"type", "stop"}}) == Json::array({changed("waiting", "suspended", "stop")}));
    CHECK(device.start() == Json::array({changed("suspended", "waiting", "start, but not yet")}));
    CHECK(device.state["wakeAt"] == due);
  }
}

TEST_CASE("Link: a further page of the same worker changes nothing, a fresh worker's start means that the connection died") {
  LinkDevice device;
  device.go_live();
  CHECK(device.start() == Json::array());
  device.life = "second";
  SUBCASE("and nothing else is known of it") {
    device.now += 5'000;
    CHECK(device.start() == Json::array({{{"do", "close"}, {"attempt", 1}}, {{"do", "open"}, {"attempt", 2}, {"transport", "websocket"}}, changed("live", "connecting", "start")}));
    CHECK(device.state["failures"] == 0);
  }
  SUBCASE("a worker that dies of its attempt dies once in a second at the most") {
    CHECK(those(device.start(), "open").empty());
    CHECK(device.wait() == kLinkBaseMs);
    CHECK(those(device.sleep(), "open").size() == 1);
  }
  SUBCASE("a stored wait is kept") {
    device.closed(4429, "limit", 60'000);
    const Json due = device.state["wakeAt"];
    device.life = "third";
    CHECK(device.start() == Json::array());
    CHECK(device.state["wakeAt"] == due);
    device.now = due;
    device.life = "fourth";
    CHECK(those(device.start(), "open").size() == 1);
  }
}

TEST_CASE("Link: credentials are refreshed once, then somebody has to sign in") {
  LinkDevice device;
  device.start();
  for (const int code : {401, 419}) {
    LinkDevice other;
    other.start();
    CHECK(those(other.refused(code), "refresh-credentials").size() == 1);
  }
  CHECK(device.closed(4401, "auth") == Json::array({{{"do", "refresh-credentials"}}, changed("connecting", "waiting", "unauthorized")}));
  CHECK(device.nudge("call") == Json::array());
  SUBCASE("fresh ones are used at once") {
    CHECK(those(device.step({{"type", "credentials"}, {"ok", true}}), "open").size() == 1);
    SUBCASE("and are refused") {
      const Json effects = device.closed(4401, "auth");
      CHECK(effects.back() == changed("connecting", "needs-auth", "still unauthorized"));
      CHECK(those(effects, "problem").front()["code"] == "link-needs-auth");
      CHECK(device.state["wakeAt"].is_null());
      CHECK(device.nudge("online") == Json::array());
      SUBCASE("until somebody signs in") { CHECK(those(device.step({{"type", "credentials"}, {"ok", true}}), "open").size() == 1); }
      SUBCASE("or asks outright") { CHECK(those(device.nudge("call"), "open").size() == 1); }
      SUBCASE("or a fresh worker finds better ones") {
        CHECK(device.start() == Json::array());
        device.life = "second";
        CHECK(those(device.start(), "open").size() == 1);
        SUBCASE("and asks for them where it has none") CHECK(those(device.closed(4401, "auth"), "refresh-credentials").size() == 1);
      }
      SUBCASE("a connection that lasts makes up for it") {
        device.step({{"type", "credentials"}, {"ok", true}});
        device.be_stable();
        CHECK(those(device.closed(4401), "refresh-credentials").size() == 1);
      }
      SUBCASE("one that doesn't last is no reason to ask for fresh ones again and again") {
        device.step({{"type", "credentials"}, {"ok", true}});
        device.go_live();
        CHECK(those(device.closed(4401), "refresh-credentials").empty());
      }
    }
  }
  SUBCASE("nobody waited for them, or there was no network: they are asked for again") {
    SUBCASE("nobody") device.step({{"type", "stop"}}), device.start();
    SUBCASE("no network") device.step({{"type", "offline"}}), device.nudge("call");
    CHECK(device.attempt() == 2);
    CHECK(those(device.closed(4401, "auth"), "refresh-credentials").size() == 1);
  }
  SUBCASE("there are none") {
    CHECK(device.step({{"type", "credentials"}, {"ok", false}}).back() == changed("waiting", "needs-auth", "no credentials"));
  }
  SUBCASE("nobody says anything") {
    CHECK(device.wait() == holdfast::kLinkRefreshMs);
    CHECK(device.sleep().back() == changed("waiting", "needs-auth", "refresh timed out"));
  }
  SUBCASE("the worker died over it: they are asked for anew") {
    device.life = "second";
    CHECK(device.start() == Json::array({{{"do", "refresh-credentials"}}}));
  }
}

TEST_CASE("Link: without a feed it is offline for good, until the app is started anew or somebody asks") {
  for (const int status : {404, 410, 501, 4404}) {
    CAPTURE(status);
    LinkDevice device;
    device.start();
    const Json effects = status > 1'000 ? device.closed(status) : device.refused(status);
    CHECK(effects.back() == changed("connecting", "offline", "gone"));
    CHECK(those(effects, "problem").front()["code"] == "link-gone");
    CHECK(device.state["wakeAt"].is_null());
    CHECK(device.nudge("online") == Json::array());
    device.now += 86'400'000;
    CHECK(device.tick() == Json::array());
    device.step({{"type", "stop"}});
    CHECK(device.start() == Json::array({changed("suspended", "offline", "start, in vain")}));
    if (status % 2 == 0) device.life = "second";
    CHECK(those(status % 2 == 0 ? device.start() : device.nudge("call"), "open").size() == 1);
  }
}

TEST_CASE("Link: what would be refused again waits for long, and says what to do") {
  for (const int code : {4400, 4403, 403, 1008, 1009, 400}) {
    CAPTURE(code);
    LinkDevice device;
    device.start();
    const Json effects = code < 1'000 ? device.refused(code) : device.closed(code);
    const bool forbidden = code == 403 || code == 4403;
    CHECK(those(effects, "problem").front()["code"] == (forbidden ? "link-forbidden" : "link-refused"));
    CHECK(device.wait() >= 600'000);
    CHECK(device.wait() <= 660'000);
    CHECK(device.nudge("online") == Json::array());
    CHECK(device.wait() >= 600'000);
    CHECK(those(device.nudge("call"), "open").size() == 1);
  }
}

TEST_CASE("Link: the browser says that there is no network") {
  LinkDevice device;
  device.be_stable(50'000);
  CHECK(device.step({{"type", "offline"}}) == Json::array({{{"do", "close"}, {"attempt", 1}}, changed("live", "offline", "offline")}));
  SUBCASE("and that it is back: soon, but not all who came out of one tunnel at once") {
    CHECK(device.nudge("online") == Json::array({changed("offline", "waiting", "nudge")}));
    CHECK(device.wait() <= kLinkBaseMs);
    CHECK(those(device.sleep(), "open").size() == 1);
  }
  SUBCASE("and is wrong: an attempt finds out") {
    CHECK(device.wait() >= 30'000);
    CHECK(device.wait() <= 60'000);
    CHECK(those(device.sleep(), "open").size() == 1);
  }
  SUBCASE("somebody asks outright") CHECK(those(device.nudge("call"), "open").size() == 1);
  SUBCASE("a fresh worker doesn't know better than to try") {
    device.life = "second";
    CHECK(those(device.start(), "open").size() == 1);
  }
}

TEST_CASE("Link: a state that can't be read, or is of a newer version, counts as none") {
  LinkDevice device;
  device.start();
  const Json good = device.state;
  for (const Json& bad : {Json("x"), Json(1), Json::array(), Json::object({{"name", "dancing"}}), Json::object({{"version", 2}, {"name", "live"}}),
                          Json::object({{"name", 1}}), Json::object({{"attempt", -1}}), Json::object({{"openedAt", 9'000'000'000'000'000}}),
                          Json::object({{"windowMs", 1e15}}), Json::object({{"heartbeatMs", -1}})}) {
    CAPTURE(bad.dump());
    device.state = bad;
    if (bad.is_object()) {
      device.state = good;
      device.state.update(bad);
    }
    CHECK(those(device.start(), "open").front()["attempt"] == 1);
  }
  device.state = good;
  CHECK(device.start() == Json::array());
}

TEST_CASE("Link: what can't be read is refused, whatever it is") {
  const Link link;
  for (const char* step : {"", "[]", "{", "{}", R"({"event":1,"now":1})", R"({"event":{"type":"tick"}})", R"({"event":{"type":"tick"},"now":"1"})",
                           R"({"event":{"type":"tick"},"now":9007199254740991})", R"({"event":{"type":"tick"},"now":1,"entropy":5})"}) {
    CHECK_MESSAGE(Json::parse(link.step(step))["refused"]["code"] == "unreadable-step", step);
  }
  for (const char* event : {"{}", R"({"type":"dance"})", R"({"type":"closed","attempt":"1"})", R"({"type":"nudge","how":5})", R"({"type":1})"}) {
    CHECK_MESSAGE(Json::parse(link.step(R"({"now":1,"event":)" + std::string(event) + "}"))["refused"]["code"] == "unreadable-event", event);
  }
}

TEST_CASE("Link: mistakes in the configuration are named, and leave the one that was there") {
  Link link;
  CHECK(link.configure(R"({"connectTimeoutMs":5000})") == R"({"ok":true})");
  for (const auto& [given, named] : std::vector<std::pair<Json, std::string>>{
           {{{"transports", Json::array()}}, "transports"}, {{{"transports", {"sse", "sse"}}}, "transports"}, {{{"transports", {"carrier-pigeon"}}}, "transports"},
           {{{"transports", "sse"}}, "transports"}, {{{"baseMs", 0}}, "baseMs"}, {{{"baseMs", 2'000}, {"capMs", 1'000}}, "capMs"}, {{{"heartbeat", 1}}, "heartbeat"},
           {{{"heartbeatMs", 1}}, "heartbeatMs"}, {Json::array(), ""}}) {
    const std::string text = given.dump();
    const Json told = Json::parse(link.configure(text));
    CHECK(told["ok"] == false);
    CHECK_MESSAGE(told["errors"][0]["field"] == named, text);
  }
  const Json started = Json::parse(link.step(R"({"state":null,"event":{"type":"start"},"now":0,"entropy":""})"));
  CHECK(started["state"]["wakeAt"] == 5'000);
}
