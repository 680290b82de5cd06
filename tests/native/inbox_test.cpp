#include <doctest/doctest.h>

#include "store.hpp"

using namespace holdfast::test;

namespace {

/// A device with one rejected write in its inbox.
struct Rejected : Device {
  std::string id;
  std::string key;
  Rejected() : Device(orders_config()) {
    id = capture(*this, write("PATCH", "/api/orders/1", {{"a", 1}}, {{"stamp", "s1"}}));
    key = pump(*this).at(0)["key"];
    step(failure(id, 1));
    now += 60'000;
    pump(*this);
    step(answer(id, 2, 422));
  }
  Json decide(const std::string& action, const std::string& body = "") {
    return step({{"type", "decided"}, {"id", id}, {"action", action}, {"body", body}});
  }
};

}  // namespace

TEST_CASE("An inbox entry that is tried again leaves with the same bytes and a new key") {
  Rejected device;
  device.decide("retry");
  CHECK(device.count("inbox") == 0);
  CHECK(device.row("outcomes", device.id).is_null());
  CHECK(device.row("meta", "counts ")["inbox"] == 0);
  CHECK(device.row("meta", "counts ")["pending"] == 1);
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["id"] == device.id);
  CHECK(sends[0]["key"] != device.key);
  CHECK(sends[0]["body"] == R"({"a":1})");
}

TEST_CASE("Promise 3: an edited entry leaves with a new key, and no old answer can settle it") {
  Rejected device;
  device.decide("edit", R"({"a":2})");
  const Json send = pump(device).at(0);
  CHECK(send["key"] != device.key);
  CHECK(send["body"] == R"({"a":2})");
  CHECK(send["attempt"] > 2);
  for (const int attempt : {1, 2}) {
    device.step(answer(device.id, attempt, 200));
    device.step(answer(device.id, attempt, 422));
    device.step(failure(device.id, attempt));
  }
  CHECK(device.row("mutations", device.id)["state"] == "sending");
  device.step(answer(device.id, send["attempt"], 200));
  CHECK(device.count("mutations") == 0);
  CHECK(device.row("outcomes", device.id)["state"] == "confirmed");
}

TEST_CASE("An entry that is discarded is gone, and its outcome says so") {
  Rejected device;
  const auto effects = device.decide("discard");
  CHECK(device.count("inbox") == 0);
  CHECK(device.count("mutations") == 0);
  CHECK(device.row("outcomes", device.id)["state"] == "discarded");
  REQUIRE(only(effects, "outcome").size() == 1);
  CHECK(only(effects, "outcome")[0]["state"] == "discarded");
}

TEST_CASE("What is decided waits behind its lane") {
  Rejected device;
  const std::string newer = capture(device, write("PATCH", "/api/orders/1", {{"a", 9}}));
  device.decide("retry");
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["id"] == newer);
}

TEST_CASE("A decision that makes no sense is refused and changes nothing") {
  Rejected device;
  SUBCASE("an unknown entry") {
    const auto told = device.step({{"type", "decided"}, {"id", "nothing"}, {"action", "retry"}});
    CHECK(only(told, "refuse").at(0)["code"] == "not-in-inbox");
  }
  SUBCASE("an unknown action") { CHECK(only(device.decide("postpone"), "refuse").at(0)["code"] == "unknown-decision"); }
  SUBCASE("another user's entry") {
    device.step({{"type", "session"}, {"action", "sign-in"}, {"user", "ben"}});
    CHECK(only(device.decide("discard"), "refuse").at(0)["code"] == "other-user");
  }
  CHECK(device.count("inbox") == 1);
}

TEST_CASE("The evidence in the inbox is cut, also in the middle of a character") {
  Device device(orders_config());
  const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
  pump(device);
  std::string page = "x";
  while (page.size() < 40'000) page += "\xE2\x82\xAC";
  device.step(answer(id, 1, 422, page));
  CHECK(device.row("inbox", id)["answer"].get<std::string>().size() <= 16 * 1024 + 3);
}
