// Promise 13: a CORS mistake looks like being offline to fetch.
#include <doctest/doctest.h>

#include "store.hpp"

using namespace holdfast::test;

namespace {

const std::string kApi = "https://api.example";
const std::string kOrigin = "origin " + kApi;

Device elsewhere() { return Device(orders_config({{"origin", kApi}})); }

/// One attempt that fails without an answer. @return its start
holdfast::Millis refused(Device& device, const std::string& id) {
  device.now += 60'000;
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  const auto began = device.now;
  device.now += 20;
  device.step(failure(id, sends[0]["attempt"]));
  return began;
}

void diagnose(Device& device, holdfast::Millis started_at, bool answers, const std::string& origin = kApi) {
  device.step({{"type", "diagnosed"}, {"origin", origin}, {"startedAt", started_at}, {"answers", answers}, {"method", "PATCH"},
               {"headers", {"content-type", "idempotency-key"}}});
}

bool blocked(Device& device) { return device.row("meta", kOrigin)["blocked"] == true; }

std::string patch(Device& device, const char* id = "1") { return capture(device, write("PATCH", kApi + "/api/orders/" + id, {{"a", 1}})); }

}  // namespace

TEST_CASE("Promise 13: three failures in a row with a sign of life right after each are a CORS mistake") {
  Device device = elsewhere();
  const std::string id = patch(device);
  for (int i = 0; i < 3; ++i) {
    CHECK(!blocked(device));
    diagnose(device, refused(device, id), true);
  }
  CHECK(blocked(device));
  CHECK(device.row("meta", kOrigin)["refusedHeaders"] == Json{"content-type", "idempotency-key"});
  SUBCASE("reads that succeed don't open the gate for all") {
    for (int i = 0; i < 20; ++i) patch(device, std::to_string(i + 2).c_str());
    device.step({{"type", "tick"}, {"trigger", "request-succeeded"}, {"origin", kApi}});
    device.now += 60'000;
    CHECK(pump(device).size() <= 1);
    CHECK(blocked(device));
  }
  SUBCASE("a later silence doesn't hide it") {
    diagnose(device, refused(device, id), false);
    CHECK(blocked(device));
  }
  SUBCASE("it is over when a write is answered, whatever it is told") {
    int status = 200;
    SUBCASE("confirmed") {}
    SUBCASE("turned down") { status = 422; }
    SUBCASE("later") { status = 503; }
    device.now += 60'000;
    const auto sends = pump(device);
    REQUIRE(sends.size() == 1);
    device.step(answer(id, sends[0]["attempt"], status));
    CHECK(device.row("meta", kOrigin)["refusals"] == 0);
  }
}

TEST_CASE("Promise 13: a flaky tunnel is no CORS mistake") {
  Device device = elsewhere();
  const std::string id = patch(device);
  for (int i = 0; i < 2; ++i) diagnose(device, refused(device, id), true);
  SUBCASE("the sign of life fails once") { diagnose(device, refused(device, id), false); }
  SUBCASE("an attempt is answered") {
    device.now += 60'000;
    device.step(answer(id, pump(device).at(0)["attempt"], 503));
  }
  diagnose(device, refused(device, id), true);
  diagnose(device, refused(device, id), true);
  CHECK(!blocked(device));
}

TEST_CASE("Promise 13: attempts that were cut off together are one piece of news") {
  Device device = elsewhere();
  const std::string id = patch(device);
  const auto began = refused(device, id);
  for (int i = 0; i < 10; ++i) diagnose(device, began, true);
  CHECK(device.row("meta", kOrigin)["refusals"] == 1);
}

TEST_CASE("Promise 13: on the app's own origin there is no CORS to blame") {
  Device device(orders_config());
  for (int i = 0; i < 5; ++i) diagnose(device, device.now + i, true, kApp);
  CHECK(device.row("meta", std::string("origin ") + kApp).is_null());
}
