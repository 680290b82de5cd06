// What is remembered of a conflict, and what follows from one that was overruled (wasm/outbox/record.hpp, report.hpp).
#include <doctest/doctest.h>

#include "courier.hpp"

using namespace holdfast::test;

namespace {

const char* const kReports = "/api/exceptions";

/// Orders whose overruled changes are reported.
Json reporting(const Json& more = Json::object()) {
  Json config = orders_config(rules(), {{"retry", {{"sendsMax", 5}}}});
  config["resources"]["orders"]["conflicts"]["overruled"] = kReports;
  config["resources"]["exceptions"] = {{"path", "/api/exceptions/:id"}};
  config.update(more);
  return config;
}

Json sides_of(const Json& record) { return Json::parse(record["sides"].get<std::string>()); }

/// Delivered here, cancelled there.
std::string overruled(Courier& device) {
  const std::string id = device.act("PATCH", {{"status", "delivered"}});
  device.now += 60'000;
  device.meets(order({{"status", "cancelled"}}));
  return id;
}

}  // namespace

TEST_CASE("The record of a conflict has what each side had, when, what was decided, and what became of it") {
  Courier device;
  const auto acted = device.now;
  const std::string id = overruled(device);
  const Json record = device.row("conflicts", id);
  CHECK(record["state"] == "overruled");
  CHECK(record["occurredAt"] == acted);
  CHECK(record["at"] == device.now);
  CHECK(sides_of(record) == Json{{"base", order()}, {"mine", order({{"status", "delivered"}})}, {"theirs", order({{"status", "cancelled"}})}, {"theirsAt", nullptr}});
  CHECK(Json::parse(record["result"].get<std::string>()) == order({{"status", "cancelled"}}));
  CHECK(Json::parse(record["decisions"].get<std::string>())[0]["path"] == "/status");
  const Json told = only(device.effects, "outcome").at(0);
  CHECK(told["occurredAt"] == acted);
  CHECK(told["sides"] == sides_of(record));
}

TEST_CASE("Of a write that met others twice the record has what the user saw, and what there was in the end") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});
  device.meets(order({{"tip", 5}}));
  device.told(device.leaves(), 412, order({{"tip", 9}}), "\"3\"");
  device.now += 60'000;
  device.told(device.leaves(), 200, order({{"tip", 11}}), "\"4\"");
  const Json sides = sides_of(device.row("conflicts", id));
  CHECK(sides["base"] == order());
  CHECK(sides["mine"] == order({{"tip", 3}}));
  CHECK(sides["theirs"] == order({{"tip", 9}}));
}

TEST_CASE("What met nothing has no record") {
  Courier device;
  const std::string id = device.act("PATCH", {{"tip", 3}});
  device.told(device.leaves(), 200, order({{"tip", 3}}), "\"2\"");
  CHECK(device.row("conflicts", id).is_null());
  CHECK(device.outcome(id)["state"] == "confirmed");
}

TEST_CASE("A record follows its write through the inbox, and keeps what the user saw first") {
  Courier device(rules({{"transitions", kStates}, {"unreachable", "ask"}}));
  const std::string id = device.act("PATCH", {{"status", "delivered"}});
  device.meets(order({{"status", "cancelled"}}));
  CHECK(device.row("conflicts", id)["state"] == "conflict");
  device.decide(id, "retry");
  const Json send = device.leaves();
  device.told(send, 412, order({{"status", "cancelled"}, {"tip", 9}}), "\"3\"");
  device.now += 30'000;
  const Json again = device.leaves();
  device.told(again, 200, order({{"status", "delivered"}, {"tip", 9}}), "\"4\"");
  const Json record = device.row("conflicts", id);
  CHECK(record["state"] == "merged");
  CHECK(sides_of(record)["base"] == order());
  CHECK(sides_of(record)["mine"] == order({{"status", "delivered"}}));
  CHECK(device.count("conflicts") == 1);
  CHECK(device.row("meta", "counts ")["records"] == 1);
}

TEST_CASE("A conflict that no rules were declared for is recorded, too") {
  Courier device(Json::object());
  const std::string id = device.act("PATCH", {{"tip", 3}});
  device.told(device.leaves(), 409, {{"error", "taken"}});
  CHECK(device.row("conflicts", id)["state"] == "conflict");
  device.decide(id, "discard");
  CHECK(device.row("conflicts", id)["state"] == "discarded");
}

TEST_CASE("The oldest records make room for new ones, by number and by bytes") {
  const auto play = [](const Json& budget, int times) {
    Json config = reporting(budget);
    config["resources"].erase("exceptions");
    config["resources"]["orders"]["conflicts"].erase("overruled");
    Courier device(config, "\"1\"", Courier::Whole{});
    for (int i = 0; i < times; ++i) overruled(device), device.told_order(i);
    return device;
  };
  const Courier few = play({{"conflictRecords", {{"entries", 3}}}}, 6);
  CHECK(few.count("conflicts") == 3);
  CHECK(few.row("meta", "counts ")["records"] == 3);
  const Courier none = play({{"conflictRecords", {{"entries", 0}}}}, 3);
  CHECK(none.count("conflicts") == 0);
  const Courier small = play({{"conflictRecords", {{"bytes", 2'500}}}}, 12);
  std::int64_t bytes = 0;
  for (const Json& row : small.store.rows("conflicts")) bytes += row["size"].get<std::int64_t>();
  CHECK(small.count("conflicts") > 0);
  CHECK(bytes <= 2'500);
  CHECK(small.row("meta", "counts ")["recordBytes"] == bytes);
  const Courier tiny = play({{"conflictRecords", {{"bytes", 300}}}}, 2);
  REQUIRE(tiny.count("conflicts") == 1);
  CHECK(tiny.store.rows("conflicts")[0]["sides"] == "{}");
}

TEST_CASE("An overruled change is reported, once, as a write like any other") {
  Courier device(reporting(), "\"1\"", Courier::Whole{});
  const auto acted = device.now;
  const std::string id = overruled(device);
  const Json send = device.leaves();
  CHECK(send["method"] == "POST");
  CHECK(send["url"] == std::string(kApp) + kReports);
  CHECK(send["key"] != "");
  const Json report = body_of(send);
  CHECK(report["write"] == id);
  CHECK(report["occurredAt"] == holdfast::format_timestamp(acted));
  CHECK(report["mine"] == order({{"status", "delivered"}}));
  CHECK(report["theirs"] == order({{"status", "cancelled"}}));
  CHECK(report["decisions"][0]["verdict"] == "theirs");
  device.step(failure(send["id"], send["attempt"]));
  device.now += 1'000;
  CHECK(device.leaves()["key"] == send["key"]);
  CHECK(device.count("mutations") == 1);
}

TEST_CASE("What gave way is reported also where the rest of the write was carried out") {
  Courier device(reporting(), "\"1\"", Courier::Whole{});
  const std::string id = device.act("PATCH", {{"status", "delivered"}, {"tip", 3}});
  device.meets(order({{"status", "cancelled"}}));
  const Json rest = device.leaves();
  CHECK(body_of(rest) == Json{{"tip", 3}});
  CHECK(device.count("mutations") == 1);
  device.told(rest, 200, order({{"status", "cancelled"}, {"tip", 3}}), "\"3\"");
  CHECK(device.outcome(id)["state"] == "overruled");
  const Json report = device.leaves();
  CHECK(report["url"] == std::string(kApp) + kReports);
  CHECK(body_of(report)["write"] == id);
}

TEST_CASE("What was merged, or confirmed, is not reported") {
  Courier device(reporting(), "\"1\"", Courier::Whole{});
  device.act("PATCH", {{"tip", 3}});
  device.meets(order({{"tip", 2}}));
  device.told(device.leaves(), 200, order({{"tip", 4}}), "\"3\"");
  CHECK(device.count("mutations") == 0);
}

TEST_CASE("Where reports go must be declared") {
  Json config = reporting();
  config["resources"].erase("exceptions");
  const Device device(config);
  CHECK(device.configured.find("resources.orders.conflicts.overruled") != std::string::npos);
}

TEST_CASE("The record keeps to its budget of bytes") {
  Json config = orders_config(rules(), {{"retry", {{"sendsMax", 5}}}});
  config["conflictRecords"] = {{"bytes", 200'000}};
  Courier device(config, "\"1\"", Courier::Whole{});
  int version = 1;
  const auto play = [&](const std::string& pad) {
    device.act("PUT", order({{"pad", pad}}));
    Json send = device.leaves();
    if (send["lookup"] == true) device.told(send, 200, order({{"status", "cancelled"}, {"pad", "x"}}), "\"x\""), send = device.leaves();
    device.told(send, 200, order({{"pad", pad}}), ("\"a" + std::to_string(++version) + '"').c_str());
    device.act("PATCH", {{"status", "delivered"}});
    device.told(device.leaves(), 412, order({{"status", "cancelled"}, {"pad", pad}}), ("\"b" + std::to_string(++version) + '"').c_str());
  };
  for (int i = 0; i < 150; ++i) play("");
  for (int i = 0; i < 10; ++i) play(std::string(40'000, 'p'));
  std::int64_t bytes = 0;
  for (const Json& row : device.store.rows("conflicts")) bytes += row["size"].get<std::int64_t>();
  CHECK(bytes <= 200'000);
}

TEST_CASE("What gave way is told, however much was decided before") {
  Json resource = rules();
  resource["conflicts"]["fields"]["/c/*"] = "counter";
  Courier device(resource);
  const auto doc = [](int value, const char* status) {
    Json c = Json::object();
    for (int i = 0; i < 600; ++i) c["m" + std::to_string(i)] = value;
    return order({{"c", c}, {"status", status}});
  };
  device.act("PUT", doc(0, "picked-up"));
  device.told(device.leaves(), 200, doc(0, "picked-up"), "\"2\"");
  const std::string id = device.act("PUT", doc(1, "delivered"));
  device.told(device.leaves(), 412, doc(10, "picked-up"), "\"3\"");
  device.told(device.leaves(), 412, doc(20, "cancelled"), "\"4\"");
  device.now += 60'000;
  const Json send = device.leaves();
  CHECK(body_of(send)["status"] == "cancelled");
  CHECK(body_of(send)["c"]["m0"] == 21);
  device.told(send, 200, doc(21, "cancelled"), "\"5\"");
  CHECK(device.outcome(id)["state"] == "overruled");
}
