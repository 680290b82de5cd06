// How long the live link waits, and who may bring it forward. Ranges are of many devices.
#include "link_device.hpp"

using namespace holdfast::test;
using holdfast::kLinkBaseMs;
using holdfast::kLinkCapMs;
using holdfast::kLinkStableMs;
using holdfast::kRetryAfterMaxMs;
using holdfast::Millis;

namespace {

constexpr Millis kWindow = 50'000;

/// Ends attempt after attempt with nothing heard. @return the wait after the last one
Millis fail(LinkDevice& device, int times) {
  for (int i = 0; i < times; ++i) {
    while (device.name() == "waiting") device.sleep();
    device.closed(1006);
  }
  return device.wait();
}

}  // namespace

TEST_CASE("Link: the wait doubles from 1 s up to 30 s, with full jitter from the first attempt on") {
  const Millis ceilings[] = {1'000, 2'000, 4'000, 8'000, 16'000, 30'000, 30'000};
  for (int n = 1; n <= 7; ++n) {
    CAPTURE(n);
    const Range range = range_of([&](const std::string& seed) {
      LinkDevice device(Json::object(), seed);
      device.start();
      return fail(device, n);
    });
    CHECK(spans(range, 0, ceilings[n - 1]));
  }
}

TEST_CASE("Link: opening is no success: only what has been live for long forgets the failures") {
  LinkDevice device;
  device.start();
  fail(device, 5);
  device.go_live();
  CHECK(device.state["failures"] == 5);
  SUBCASE("half an hour of replaying is not live") {
    device.news("behind");
    device.now += kLinkStableMs;
    device.news("heard");
    CHECK(device.state["failures"] == 5);
  }
  SUBCASE("a moment") {
    device.now += kLinkStableMs - 1;
    device.closed(1006);
    CHECK(device.state["failures"] == 6);
  }
  SUBCASE("long, and catching up in between") {
    device.now += kLinkStableMs / 2;
    device.news("behind"), device.news("caught-up");
    device.now += kLinkStableMs / 2;
    device.closed(1006);
    CHECK(device.state["failures"] == 1);
    device.go_live();
    device.now += kLinkStableMs - 1;
    device.closed(1006);
    CHECK(device.state["failures"] == 2);
  }
}

TEST_CASE("Link: an abrupt end spreads over the window that the server named, even one beyond the cap") {
  for (const int code : {1006, 1001, 1000, 1012, 1011, 1013, 4999}) {
    CAPTURE(code);
    CHECK(spans(range_of([&](const std::string& seed) {
      LinkDevice device(Json::object(), seed);
      device.be_stable(kWindow);
      device.closed(code);
      return device.wait();
    }), 0, kWindow));
  }
}

TEST_CASE("Link: the window is the last one that was told, within reason") {
  const auto told = [](Millis window) {
    return range_of([&](const std::string& seed) {
      LinkDevice device(Json::object(), seed);
      device.be_stable(kWindow);
      device.news("heard", {{"windowMs", window}});
      device.news("heard");
      device.closed(1006);
      return device.wait();
    });
  };
  CHECK(spans(told(200), 0, 200));
  CHECK(spans(told(0), 0, kLinkBaseMs));
  CHECK(spans(told(86'400'000), 0, 300'000));
}

TEST_CASE("Link: behind the window attempts are drawn from as much, up to the cap, so that a crowd doesn't gather again") {
  const auto after = [](Millis window, int failures) {
    return range_of([&](const std::string& seed) {
      LinkDevice device(Json::object(), seed);
      device.be_stable(window);
      device.closed(1006);
      return fail(device, failures);
    });
  };
  CHECK(spans(after(kWindow, 1), 0, kLinkCapMs));
  CHECK(spans(after(10'000, 1), 0, 10'000));
  CHECK(spans(after(10'000, 4), 0, 16'000));
  CHECK(spans(after(200, 1), 0, 2'000));
}

TEST_CASE("Link: a server that falls over again and again isn't met with the window alone") {
  CHECK(spans(range_of([](const std::string& seed) {
    LinkDevice device(Json::object(), seed);
    for (int i = 0; i < 4; ++i) device.go_live(200), device.closed(1006);
    return device.wait();
  }), 0, 8'000));
}

TEST_CASE("Link: what was this device's own network isn't drawn from the window") {
  const auto ended = [](auto end) {
    return range_of([&](const std::string& seed) {
      LinkDevice device(Json::object(), seed);
      device.be_stable(kWindow);
      end(device);
      return device.wait();
    });
  };
  CHECK(spans(ended([](LinkDevice& device) { device.sleep(), device.sleep(); }), 0, kLinkBaseMs));
  CHECK(spans(ended([](LinkDevice& device) { device.closed(4408, "silent"); }), 0, kLinkBaseMs));
  CHECK(spans(ended([](LinkDevice& device) { device.step({{"type", "offline"}}), device.nudge("online"); }), 0, kLinkBaseMs));
  // Nor is what follows.
  CHECK(spans(ended([](LinkDevice& device) { device.sleep(), device.sleep(), fail(device, 1); }), 0, 2 * kLinkBaseMs));
  CHECK(spans(ended([](LinkDevice& device) { device.closed(1006), device.step({{"type", "offline"}}), device.nudge("online"), fail(device, 1); }), 0, 2 * kLinkBaseMs));
  CHECK(spans(ended([](LinkDevice& device) { device.closed(1006), device.go_live(kWindow), device.closed(4408); }), 0, 2 * kLinkBaseMs));
  // Nor what ends a connection long after the crowd's return.
  CHECK(spans(ended([](LinkDevice& device) { device.closed(1006), device.be_stable(kWindow), device.closed(4429); }), 0, kLinkBaseMs));
  // The connection broke a moment before the browser noticed why.
  CHECK(spans(ended([](LinkDevice& device) { device.closed(1006), device.step({{"type", "offline"}}), device.nudge("online"); }), 0, kLinkBaseMs));
}

TEST_CASE("Link: a time that the server named is kept, and spread") {
  const auto told = [](Millis window, auto end) {
    return range_of([&](const std::string& seed) {
      LinkDevice device(Json::object(), seed);
      device.be_stable(window);
      end(device);
      return device.wait();
    });
  };
  SUBCASE("by a tenth") {
    CHECK(spans(told(200, [](LinkDevice& device) { device.closed(1001, "going-away", 60'000); }), 60'000, 66'000));
    CHECK(spans(told(200, [](LinkDevice& device) { device.closed(1006), device.sleep(), device.refused(503, 60'000); }), 60'000, 66'000));
  }
  SUBCASE("over the window, where everybody was told the same") {
    CHECK(spans(told(kWindow, [](LinkDevice& device) { device.closed(1001, "going-away", 5'000); }), 5'000, 55'000));
  }
  SUBCASE("but not where this one alone was too much") {
    CHECK(spans(told(kWindow, [](LinkDevice& device) { device.closed(4429, "limit", 60'000); }), 60'000, 66'000));
    CHECK(spans(told(kWindow, [](LinkDevice& device) { device.closed(4403, "policy", 60'000); }), 60'000, 66'000));
  }
  SUBCASE("at least the base, at most an hour") {
    CHECK(spans(told(0, [](LinkDevice& device) { device.closed(1013, "slow", 0); }), 1'000, 1'100));
    CHECK(spans(told(0, [](LinkDevice& device) { device.closed(1013, "slow", 86'400'000); }), kRetryAfterMaxMs, kRetryAfterMaxMs * 11 / 10));
  }
}

TEST_CASE("Link: the server's word decides where the code has none") {
  const auto hold_of = [](std::int64_t code, const char* word) {
    LinkDevice device;
    device.be_stable(kWindow);
    device.closed(code, word);
    return device.state["hold"].get<std::string>();
  };
  // Over server-sent events there is no code, and behind the word the connection may simply break.
  for (const std::int64_t code : {1000, 1006}) {
    CHECK(hold_of(code, "auth") == "credentials");
    CHECK(hold_of(code, "policy") == "refused");
    CHECK(hold_of(code, "limit") == "trouble");
    CHECK(hold_of(code, "slow") == "trouble");
    CHECK(hold_of(code, "silent") == "silence");
    CHECK(hold_of(code, "going-away") == "window");
    CHECK(hold_of(code, "so long") == "window");
  }
  CHECK(hold_of(4401, "going-away") == "credentials");
  CHECK(hold_of(1011, "policy") == "trouble");
}

TEST_CASE("Link: a status is the server's word, or that of a box in between") {
  const auto hold_of = [](std::int64_t status) {
    LinkDevice device;
    device.start();
    device.refused(status);
    return device.name() == "offline" ? "gone" : device.state["hold"].get<std::string>();
  };
  for (const int status : {0, 200, 302, 407, 408, 511, 777}) CHECK_MESSAGE(hold_of(status) == "silence", status);
  for (const int status : {425, 429, 500, 502, 503, 504}) CHECK_MESSAGE(hold_of(status) == "trouble", status);
  for (const int status : {400, 403, 405, 426}) CHECK_MESSAGE(hold_of(status) == "refused", status);
  for (const int status : {401, 419}) CHECK_MESSAGE(hold_of(status) == "credentials", status);
  for (const int status : {404, 410, 501}) CHECK_MESSAGE(hold_of(status) == "gone", status);
}

TEST_CASE("Link: a sign that the network is back ends a wait that followed silence, within a moment and not at once") {
  for (const char* how : {"online", "page-shown", "request-succeeded"}) {
    CHECK(spans(range_of([&](const std::string& seed) {
      LinkDevice device(Json::object(), seed);
      device.start();
      device.now += 2'000;  // the attempt hung for a while
      while (fail(device, 1) < 10'000) {}
      device.now += 2'000;
      device.nudge(how);
      return device.wait();
    }, 200), 0, kLinkBaseMs));
  }
}

TEST_CASE("Link: signs that come in a row don't add up, and attempts that they bring are a base apart") {
  LinkDevice device;
  device.start();
  while (fail(device, 1) < 10'000) {}
  const Millis began = device.now;
  device.nudge("online");
  const Json due = device.state["wakeAt"];
  CHECK(due.get<Millis>() >= began + kLinkBaseMs);  // the attempt left and failed in this moment
  CHECK(due.get<Millis>() <= began + 2 * kLinkBaseMs);
  for (int i = 0; i < 50; ++i) device.nudge("page-shown");
  CHECK(device.state["wakeAt"] == due);
}

TEST_CASE("Link: no sign but a person's call shortens a wait that the server or its crowd decides") {
  const auto unmoved = [](auto end) {
    LinkDevice device;
    device.be_stable(kWindow);
    device.now += 5'000;
    end(device);
    const Json due = device.state["wakeAt"];
    for (const char* how : {"online", "page-shown", "request-succeeded"}) device.nudge(how);
    CHECK(device.state["wakeAt"] == due);
    CHECK(those(device.nudge("call"), "open").size() == 1);
  };
  SUBCASE("the window") unmoved([](LinkDevice& device) { device.closed(1006); });
  SUBCASE("still the window, later on") unmoved([](LinkDevice& device) { device.closed(1006), fail(device, 3); });
  SUBCASE("a named time") unmoved([](LinkDevice& device) { device.closed(1001, "going-away", 60'000); });
  SUBCASE("trouble") unmoved([](LinkDevice& device) { device.closed(1006), device.sleep(), device.refused(503); });
  SUBCASE("a limit") unmoved([](LinkDevice& device) { device.closed(4429, "limit"); });
}

TEST_CASE("Link: losing the network is no way around a time that the server named") {
  LinkDevice device;
  device.be_stable();
  device.closed(4429, "limit", 60'000);
  const Json due = device.state["wakeAt"];
  device.step({{"type", "offline"}});
  CHECK(device.name() == "offline");
  CHECK(device.state["wakeAt"] == due);
  SUBCASE("by a sign") {
    device.nudge("online");
    CHECK(device.name() == "waiting");
    CHECK(device.state["wakeAt"] == due);
  }
  SUBCASE("by a fresh worker") {
    device.life = "second";
    device.start();
    CHECK(device.name() == "waiting");
    CHECK(device.state["wakeAt"] == due);
  }
  SUBCASE("by itself") CHECK(those(device.sleep(), "open").size() == 1);
}

TEST_CASE("Link: a clock that jumps holds nobody up") {
  LinkDevice device;
  device.be_stable(kWindow);
  SUBCASE("back by a day, during a wait: it is due now") {
    device.closed(4429, "limit", 60'000);
    device.now -= 86'400'000;
    SUBCASE("by itself") CHECK(those(device.tick(), "open").size() == 1);
    SUBCASE("and whoever asks when is told now") {
      device.nudge("online");
      CHECK(device.wait() == 0);
    }
    SUBCASE("in a fresh worker") {
      device.life = "second";
      CHECK(those(device.start(), "open").size() == 1);
    }
  }
  SUBCASE("back by a second: the wait goes on") {
    device.closed(4429, "limit", 60'000);
    device.now -= 1'000;
    CHECK(device.tick() == Json::array());
    CHECK(device.wait() >= 60'000);
  }
  SUBCASE("back, while live: two heartbeats begin anew") {
    device.now -= 86'400'000;
    CHECK(device.tick() == Json::array());
    CHECK(device.wait() == 30'000);
    device.sleep();
    device.now -= 86'400'000;
    CHECK(device.tick() == Json::array());
    CHECK(device.wait() == 20'000);
  }
  SUBCASE("back, while connecting: the time limit begins anew") {
    device.closed(1006), device.sleep();
    device.now -= 86'400'000;
    CHECK(device.tick() == Json::array());
    CHECK(device.wait() == holdfast::kLinkConnectMs);
  }
  SUBCASE("forth, during a wait") {
    device.closed(4429, "limit", 60'000);
    device.now += 86'400'000;
    CHECK(those(device.tick(), "open").size() == 1);
  }
}
