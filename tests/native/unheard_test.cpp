// Attempts of which nothing was heard, or whose answer is a repetition: nothing counts twice, and nobody is run over.
#include "courier.hpp"

using namespace holdfast::test;

TEST_CASE("What others changed between a creation and its look-up isn't run over unsaid") {
  Json resource = rules();
  resource["idempotency"] = "verify";
  Courier device(resource);
  const std::string made = capture(device, write("POST", "/api/orders", {{"id", "7"}, {"tip", 1}, {"door", 3}}));
  const std::string id = capture(device, write("PATCH", "/api/orders/7", {{"door", 9}}));
  Json send = device.leaves();
  device.step(failure(made, send["attempt"]));      // it was carried out, the answer is lost
  device.now += 60'000;
  send = device.leaves();
  REQUIRE(send["lookup"] == true);
  device.told(send, 200, {{"id", "7"}, {"tip", 1}, {"door", 7}}, "\"2\"");  // and somebody has changed the door since
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["lookup"] == true);
  device.told(sends[0], 200, {{"id", "7"}, {"tip", 1}, {"door", 7}}, "\"2\"");
  CHECK(device.row("inbox", id)["reason"] == "conflict");
}

TEST_CASE("A repeated creation that is answered with what is there now hides nobody's change") {
  Json resource = rules();
  resource["answers"] = {{"409", "confirmed"}};
  Courier device(resource);
  const std::string made = capture(device, write("POST", "/api/orders", {{"id", "7"}, {"tip", 1}, {"door", 3}}));
  const std::string id = capture(device, write("PATCH", "/api/orders/7", {{"door", 9}}));
  Json send = device.leaves();
  device.step(failure(made, send["attempt"]));
  device.now += 60'000;
  send = device.leaves();
  device.told(send, 409, {{"id", "7"}, {"tip", 1}, {"door", 7}}, "\"2\"");
  const auto sends = pump(device);
  CHECK((sends.empty() || sends[0]["lookup"] == true || body_of(sends[0]) != Json{{"door", 9}}));
}

TEST_CASE("Without keys a lost counter change isn't counted twice because others have undone it meanwhile") {
  Json resource = rules();
  resource["idempotency"] = "verify";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"tip", 3}});             // +2, carried out: the server has 3, ETag "2"; the answer is lost
  const Json lost = device.leaves();
  device.step(failure(id, lost["attempt"]));
  device.now += 60'000;
  device.meets(order({{"tip", 1}}), "\"3\"");                           // somebody took 2 away
  const auto sends = pump(device);
  CHECK(sends.empty());
  CHECK(device.row("inbox", id)["reason"] == "conflict");               // 1 + 2 - 2 = 1, not 3
}

TEST_CASE("Where no version is known, a lost PUT isn't carried out twice under a new key") {
  Courier device(rules(), nullptr);
  const std::string id = device.act("PUT", order({{"tip", 3}}));        // +2
  device.told(device.leaves(), 200, order());
  const Json lost = device.leaves();                                    // carried out; the answer is lost
  device.step(failure(id, lost["attempt"]));
  device.now += 60'000;
  device.told(device.leaves(), 200, order({{"tip", 1}, {"door", 4}}));  // somebody took 2 away, and changed the door
  const auto sends = pump(device);
  CHECK((sends.empty() || sends[0]["key"] == lost["key"]));
}

TEST_CASE("A repeated answer that is older than what was read since is nobody's change") {
  Courier device;
  const std::string first = device.act("PATCH", {{"door", 4}});
  const Json lost = device.leaves();
  device.step(failure(first, lost["attempt"]));                        // carried out: version 2; the answer is lost
  device.now += 1'000;
  device.bases["1"] = order({{"door", 4}, {"note", "b"}});              // others changed the note: version 3; this device reads it
  device.etags["1"] = "\"3\"";
  device.asked["1"] = device.now;
  device.now += 1'000;
  const std::string id = device.act("PATCH", {{"note", "ring twice"}}); // and its user sets it back
  device.now += 60'000;
  const Json again = device.leaves();
  REQUIRE(again["key"] == lost["key"]);
  device.told(again, 200, order({{"door", 4}}), "\"2\"");               // the answer of then, by its key
  const auto sends = pump(device);
  CHECK(device.outcome(id).is_null());
}
