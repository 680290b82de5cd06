// last-write-wins on a device: whose change is the later one (changed_at in wasm/outbox/current.hpp).
#include <functional>

#include "../simulate/drawn.hpp"
#include "courier.hpp"

using holdfast::Millis;
using namespace holdfast::test;

namespace {

/// A device whose clock is an hour ahead of the server's, and a note that both have changed; the server's so many
/// milliseconds after the device's. @return the note that the write leaves with, or what became of the write
std::string later_of(Millis theirs_later, const Json& conflicts, const std::function<Json(Millis)>& told) {
  Courier device({{"conflicts", conflicts}});
  const std::string id = device.act("PATCH", {{"note", "mine"}, {"door", 4}});
  const Millis theirs_at = device.now - 3'600'000 + theirs_later;
  device.now += 60'000;
  device.told(device.leaves(), 412);
  const Json look = device.leaves();
  Json document = order({{"note", "theirs"}});
  document.update(told(theirs_at).value("body", Json::object()));
  Json headers = as_json("\"2\"");
  for (const Json& header : told(theirs_at).value("headers", Json::array())) headers["headers"].push_back(header);
  headers["headers"].push_back(Json::array({"date", http_date(device.now - 3'600'000)}));
  device.step(answer(look["id"], look["attempt"], 200, document.dump(), headers));
  const auto sends = pump(device);
  if (sends.empty()) return device.outcome(id)["state"];
  return body_of(sends[0]).value("note", "theirs");
}

}  // namespace

TEST_CASE("The later change stands, by the clock of the server, whatever the device's own says") {
  const auto by_header = [](Millis at) { return Json{{"headers", Json::array({Json::array({"last-modified", http_date(at)})})}}; };
  const auto by_text = [](Millis at) { return Json{{"body", {{"changed", iso_date(at)}}}}; };
  const auto by_number = [](Millis at) { return Json{{"body", {{"changed", at}}}}; };
  const Json rule = {{"fields", {{"note", "last-write-wins"}, {"changed", "server-wins"}}}};
  Json declared = rule;
  declared["changedAt"] = "changed";
  CHECK(later_of(5'000, rule, by_header) == "theirs");
  CHECK(later_of(-5'000, rule, by_header) == "mine");
  CHECK(later_of(5'000, declared, by_text) == "theirs");
  CHECK(later_of(-5'000, declared, by_text) == "mine");
  CHECK(later_of(5'000, declared, by_number) == "theirs");
  CHECK(later_of(-5'000, declared, by_number) == "mine");
  CHECK(later_of(5'000, declared, [](Millis) { return Json::object(); }) == "conflict");
  CHECK(later_of(5'000, rule, [](Millis) { return Json{{"headers", Json::array({Json::array({"last-modified", "soon"})})}}; }) == "conflict");
}

TEST_CASE("Of joined writes the time of the last one counts") {
  Json resource = rules();
  resource["coalesce"] = {{"patch", "merge"}};
  resource["conflicts"]["fields"]["note"] = "last-write-wins";
  resource["conflicts"]["changedAt"] = "changed";
  Courier device(resource);
  const std::string first = device.act("PATCH", {{"door", 4}}, {{"stamp", "1"}});
  device.now += 600'000;                                   // meanwhile others change the note
  const auto theirs_at = device.now;
  device.now += 600'000;
  const std::string id = device.act("PATCH", {{"note", "mine"}}, {{"stamp", "2"}});   // ten minutes later than they did
  REQUIRE(id == first);
  device.now += 60'000;
  device.meets(order({{"note", "theirs"}, {"changed", theirs_at}}));
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(body_of(sends[0]).value("note", "") == "mine");
}

TEST_CASE("A person's decision is as late as it was taken") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = "last-write-wins";
  resource["conflicts"]["fields"]["door"] = "manual";
  resource["conflicts"]["changedAt"] = "changed";
  Courier device(resource);
  const std::string id = device.act("PATCH", {{"door", 4}});
  device.meets(order({{"door", 5}, {"changed", device.now}}));
  device.now += 3'600'000;
  const auto between = device.now;
  device.now += 60'000;
  device.decide(id, "edit", Json{{"door", 6}, {"note", "as agreed just now"}}.dump());
  device.told(device.leaves(), 412, order({{"door", 5}, {"note", "older than the decision"}, {"changed", between}}), "\"3\"");
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(body_of(sends[0]).value("note", "") == "as agreed just now");
}

TEST_CASE("Last-write-wins doesn't take the time of one's own earlier write for theirs") {
  Json resource = rules();
  resource["conflicts"]["fields"]["note"] = "last-write-wins";
  resource["conflicts"]["changedAt"] = "changed";
  Courier device(resource);
  const auto start = device.now;
  device.act("PATCH", {{"door", 4}});                                   // 0 min, offline
  device.now += 600'000;                                                // 10 min: others change the note
  device.now += 600'000;
  const std::string id = device.act("PATCH", {{"note", "mine"}});       // 20 min
  device.now += 600'000;                                                // 30 min: online
  device.meets(order({{"note", "theirs"}, {"changed", start + 600'000}}));
  device.told(device.leaves(), 200, order({{"note", "theirs"}, {"door", 4}, {"changed", device.now}}), "\"3\"");  // stamped by the server, for the door
  const auto sends = pump(device);
  CHECK(device.outcome(id).is_null());                                  // 20 min is later than 10 min
}
