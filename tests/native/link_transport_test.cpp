// Which transport an attempt takes.
#include "link_device.hpp"

using namespace holdfast::test;
using holdfast::kLinkReturnFirstMs;
using holdfast::kLinkReturnMaxMs;
using holdfast::kLinkReturnMs;
using holdfast::Millis;

namespace {

std::string transport(const LinkDevice& device) { return device.state["transport"].get<std::string>(); }

/// The attempt under way ends as if it had never reached anybody, and the next one begins.
void miss(LinkDevice& device) {
  device.closed(1006);
  device.sleep();
}

/// Heartbeats pass, until something else than they happens, or a day has passed. @return how long that took
Millis lives(LinkDevice& device) {
  const Millis from = device.now;
  while (device.name() == "live" && device.now < from + 86'400'000) {
    device.now = std::min(device.state["wakeAt"].get<Millis>(), device.now + 25'000);
    device.tick();
    if (device.name() == "live") device.news("heard");
  }
  return device.now - from;
}

/// Live over the second transport, since the first gets no welcome.
void take_detour(LinkDevice& device) {
  device.start();
  for (int i = 0; i < 9 && transport(device) == "websocket"; ++i) miss(device);
  device.go_live();
}

}  // namespace

TEST_CASE("Link: where WebSockets get no welcome twice in a row, the transports take turns") {
  LinkDevice device;
  device.start();
  std::vector<std::string> taken{transport(device)};
  for (int i = 0; i < 5; ++i) {
    if (i % 2 == 0) miss(device);
    else device.sleep(), device.sleep();  // nothing at all: timed out, then due
    taken.push_back(transport(device));
  }
  CHECK(taken == std::vector<std::string>{"websocket", "websocket", "sse", "websocket", "sse", "websocket"});
}

TEST_CASE("Link: a refusal that the server speaks out is no matter of the transport") {
  LinkDevice device;
  device.start();
  for (int i = 0; i < 6; ++i) {
    if (i % 2 == 0) device.refused(503);
    else device.closed(1013);
    device.sleep();
    CHECK(transport(device) == "websocket");
  }
  miss(device);
  device.refused(503), device.sleep();
  miss(device);
  CHECK(transport(device) == "websocket");
}

TEST_CASE("Link: losing a connection is no reason to change the transport") {
  LinkDevice device;
  for (int i = 0; i < 6; ++i) {
    device.go_live();
    device.closed(1006);
  }
  device.sleep();
  CHECK(transport(device) == "websocket");
}

TEST_CASE("Link: what got a welcome is used again") {
  LinkDevice device;
  take_detour(device);
  device.closed(1006);
  device.sleep();
  CHECK(transport(device) == "sse");
  miss(device);
  CHECK(transport(device) == "sse");
  miss(device);
  CHECK(transport(device) == "websocket");  // and if it gets none any more, the others have their turns
}

TEST_CASE("Link: the preferred transport is tried again after a minute, by a planned reopening") {
  LinkDevice device;
  take_detour(device);
  const Millis first = lives(device);
  CHECK(first >= kLinkReturnFirstMs);
  CHECK(first <= 2 * kLinkReturnFirstMs);
  CHECK(device.name() == "connecting");
  CHECK(transport(device) == "websocket");
  SUBCASE("it works, and stays") {
    device.go_live();
    CHECK(device.wait() == 30'000);
    device.closed(1006), device.sleep();
    CHECK(transport(device) == "websocket");
    miss(device);
    CHECK(transport(device) == "websocket");
  }
  SUBCASE("it doesn't: the detour goes on at once, and the next try is ever further away") {
    Millis least = kLinkReturnMs;
    for (int i = 0; i < 6; ++i) {
      CAPTURE(i);
      device.closed(1006);
      CHECK(device.wait() <= holdfast::kLinkBaseMs);
      device.sleep();
      CHECK(transport(device) == "sse");
      device.go_live();
      const Millis passed = lives(device);
      CHECK(transport(device) == "websocket");
      CHECK(passed >= least - holdfast::kLinkBaseMs);
      CHECK(passed <= 2 * least);
      least = std::min(2 * least, kLinkReturnMaxMs);
    }
  }
}

TEST_CASE("Link: the preferred transport is tried again when reconnecting anyway") {
  LinkDevice device;
  take_detour(device);
  device.now += 2 * kLinkReturnFirstMs;
  device.closed(1006), device.sleep();
  CHECK(transport(device) == "websocket");
  miss(device);
  CHECK(transport(device) == "sse");
}

TEST_CASE("Link: those who took the detour together don't come back from it together") {
  CHECK(spans(range_of([](const std::string& seed) {
    LinkDevice device(Json::object(), seed);
    take_detour(device);
    return lives(device);
  }, 200), kLinkReturnFirstMs, 2 * kLinkReturnFirstMs));
}

TEST_CASE("Link: what failed on the detour, too, says nothing about the preferred transport") {
  LinkDevice device;
  take_detour(device);
  device.closed(1006), device.sleep();
  device.closed(1006);
  device.now += 2 * kLinkReturnFirstMs;
  device.tick();
  CHECK(transport(device) == "sse");
}

TEST_CASE("Link: a clock that was set back leaves nobody on the detour for long") {
  LinkDevice device;
  take_detour(device);
  device.now -= 86'400'000;
  device.news("heard");
  CHECK(lives(device) <= 2 * kLinkReturnFirstMs);
}

TEST_CASE("Link: as long as it catches up, nothing is reopened for a better transport") {
  LinkDevice device;
  take_detour(device);
  device.news("behind");
  device.now += 2 * kLinkReturnFirstMs;
  device.news("heard");
  CHECK(device.tick() == Json::array());
  CHECK(device.name() == "replaying");
}

TEST_CASE("Link: with one transport, or after the other way round was declared, nothing is on a detour") {
  LinkDevice only({{"transports", {"sse"}}});
  only.start();
  for (int i = 0; i < 4; ++i) {
    miss(only);
    CHECK(transport(only) == "sse");
  }
  LinkDevice other({{"transports", {"sse", "websocket"}}});
  other.go_live();
  CHECK(transport(other) == "sse");
  CHECK(other.wait() == 30'000);
}
