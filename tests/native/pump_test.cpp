#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "store.hpp"

using namespace holdfast::test;
using holdfast::Millis;

namespace {

constexpr Millis kYear = 365LL * 86'400'000;
const std::string kOrigin = std::string("origin ") + kApp;

std::string patch(Device& device, int order, int value = 1) {
  return capture(device, write("PATCH", "/api/orders/" + std::to_string(order), {{"a", value}}));
}

Json pumped(Device& device, std::vector<Json>* sends = nullptr) {
  const Json effects = device.step({{"type", "pump"}});
  if (sends != nullptr) *sends = only(effects, "send");
  return only(effects, "pumped").at(0);
}

/// Lives through virtual time as the host does: wakes when it was told to, answers every send after `latency`.
struct Ride {
  Device& device;
  Millis latency = 50;
  int sends = 0;
  int wakes = 0;

  template <class Server> void run(Millis span, Server server) {
    struct Flight { Json send; Millis at; };
    std::vector<Flight> flights;
    const Millis end = device.now + span;
    while (device.now < end) {
      std::vector<Json> leaving;
      const Json told = pumped(device, &leaving);
      ++wakes;
      for (Json& send : leaving) {
        ++sends;
        flights.push_back({send, device.now + latency});
      }
      Millis next = told["wakeAt"].is_null() ? end : told["wakeAt"].get<Millis>();
      for (const Flight& flight : flights) next = std::min(next, flight.at);
      CHECK(next > device.now);
      device.now = std::min(end, next);
      for (std::size_t i = 0; i < flights.size();) {
        if (flights[i].at > device.now) { ++i; continue; }
        const Flight flight = flights[i];
        flights.erase(flights.begin() + static_cast<std::ptrdiff_t>(i));
        device.step(server(flight.send));
      }
    }
  }
};

Json turned_away(const Json& send) { return answer(send["id"], send["attempt"], 503); }
Json silence(const Json& send) { return failure(send["id"], send["attempt"]); }

}  // namespace

TEST_CASE("Promise 4: a second write of a lane leaves only once the first is settled") {
  Device device(orders_config());
  const std::string first = patch(device, 1, 1);
  const std::string second = patch(device, 1, 2);
  CHECK(pump(device).size() == 1);
  device.now += 60'000;
  CHECK(pump(device).empty());
  device.step(answer(first, 1, 503));
  device.now += 60'000;
  auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["id"] == first);
  device.step(answer(first, 2, 200));
  sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["id"] == second);
}

TEST_CASE("Promise 4: a lane that is stuck holds no other lane back") {
  Device device(orders_config());
  const std::string stuck = patch(device, 1);
  pump(device);
  device.step(answer(stuck, 1, 503, "", with_headers({{"retry-after", "3600"}})));
  for (int i = 2; i < 30; ++i) {
    const std::string id = patch(device, i);
    REQUIRE(pump(device).size() == 1);
    device.step(answer(id, 1, 200));
  }
  CHECK(device.count("mutations") == 1);
}

TEST_CASE("Promise 6: two hundred queued writes are not two hundred failing sends") {
  Device device(orders_config());
  for (int i = 0; i < 200; ++i) patch(device, i);
  Ride ride{device};
  ride.run(600'000, turned_away);
  MESSAGE("200 writes, a server in trouble for 10 minutes: " << ride.sends << " sends, " << ride.wakes << " wakes");
  CHECK(ride.sends >= 20);
  CHECK(ride.sends <= 80);
  CHECK(ride.wakes <= 4 * ride.sends);
  CHECK(device.count("mutations") == 200);
  SUBCASE("and once it is well again, all leave") {
    ride.run(120'000, [](const Json& send) { return answer(send["id"], send["attempt"], 200); });
    CHECK(device.count("mutations") == 0);
    CHECK(device.count("lanes") == 0);
  }
}

TEST_CASE("In the dark one probe at a time leaves, and nobody is woken without need") {
  Device device(orders_config());
  for (int i = 0; i < 50; ++i) patch(device, i);
  SUBCASE("connections are refused at once") {
    Ride ride{device, 1};
    ride.run(600'000, silence);
    CHECK(ride.sends <= 80);
    CHECK(ride.wakes <= 4 * ride.sends);
  }
  SUBCASE("connections hang for ten seconds") {
    Ride ride{device, 10'000};
    ride.run(600'000, [](const Json& send) { return failure(send["id"], send["attempt"], "timeout"); });
    CHECK(ride.sends <= 150);
    CHECK(ride.wakes <= 800);
  }
  const Json origin = device.row("meta", kOrigin);
  CHECK(origin["silences"] > 0);
  device.now += 60'000;
  CHECK(pump(device).size() == 1);
  CHECK(pump(device).empty());
}

TEST_CASE("Promise 6: connections that break after hanging a little are not opened anew without end") {
  Device device(orders_config());
  for (int i = 0; i < 30; ++i) patch(device, i);
  Ride ride{device, 300};
  ride.run(60'000, silence);
  MESSAGE("connections that break after 300 ms, for a minute: " << ride.sends << " sends");
  CHECK(ride.sends <= 100);
}

TEST_CASE("Promise 6: a due time that no wait could have set is a clock that jumped, so it is due now") {
  Device device(orders_config());
  const std::string id = patch(device, 1);
  pump(device);
  device.now += kYear;
  SUBCASE("a backoff") {
    for (int attempt = 1; attempt <= 4; ++attempt) {
      device.step(answer(id, attempt, 503));
      device.now += 60'000;
      REQUIRE(pump(device).size() == 1);
    }
    device.step(answer(id, 5, 503));
    SUBCASE("of a year") { device.now -= kYear; }
    SUBCASE("of twenty minutes: far below the longest Retry-After, far above the cap") { device.now -= 20 * 60'000; }
  }
  SUBCASE("a Retry-After") {
    device.step(answer(id, 1, 503, "", with_headers({{"retry-after", "60"}})));
    device.now -= kYear;
  }
  SUBCASE("a silence") {
    device.step(failure(id, 1));
    device.now -= kYear;
  }
  SUBCASE("nothing at all: forward and back while it is under way") {
    device.now -= kYear;
    device.kill();
  }
  Ride ride{device};
  ride.run(35'000, [](const Json& send) { return answer(send["id"], send["attempt"], 200); });
  CHECK(ride.sends == 1);
  CHECK(device.count("mutations") == 0);
}

TEST_CASE("A Retry-After within its limits holds, whatever the backoff's cap") {
  Device device(orders_config());
  const std::string id = patch(device, 1);
  pump(device);
  device.step(answer(id, 1, 503, "", with_headers({{"retry-after", "1800"}})));
  Ride ride{device};
  ride.run(1'790'000, turned_away);
  CHECK(ride.sends == 0);
  CHECK(ride.wakes <= 4);
  ride.run(20'000, turned_away);
  CHECK(ride.sends >= 1);
}

TEST_CASE("The wake-up after a mended clock is now, not in a year") {
  Device device(orders_config());
  const std::string id = patch(device, 1);
  pump(device);
  device.now += kYear;
  device.step(answer(id, 1, 503, "", with_headers({{"retry-after", "60"}})));
  device.now -= kYear;
  const Json told = pumped(device);
  CHECK(told["wakeAt"] <= device.now + 1);
}

TEST_CASE("While credentials are missing nobody is woken for nothing") {
  Device device(orders_config());
  const std::string id = patch(device, 1);
  const std::string other = patch(device, 2);
  pump(device);
  device.step(failure(id, 1));
  device.step(failure(other, 1, "no-credentials"));
  REQUIRE(device.row("meta", kOrigin)["auth"] == "needed");
  CHECK(pumped(device)["wakeAt"].is_null());
}

TEST_CASE("Promise 3: taking over turns the dead life's attempts, and only those, into unknown outcomes") {
  Device device(orders_config());
  const std::string id = patch(device, 1);
  const Json first = pump(device).at(0);
  device.step({{"type", "take-over"}});
  CHECK(device.row("mutations", id)["state"] == "sending");
  CHECK(pump(device).empty());
  device.kill();
  CHECK(device.row("mutations", id)["state"] == "unknown");
  const auto again = pump(device);
  REQUIRE(again.size() == 1);
  CHECK(again[0]["key"] == first["key"]);
  CHECK(again[0]["attempt"] == 2);
}

TEST_CASE("Promise 27: taking over passes over a row that can't be read, and takes the others") {
  Device device(orders_config());
  const std::string strange = patch(device, 1);
  const std::string other = patch(device, 2);
  REQUIRE(pump(device).size() == 2);
  Json row = device.row("mutations", strange);
  row["v"] = 99;
  device.store.put("mutations", row);
  device.kill();
  const auto sends = pump(device);
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["id"] == other);
  CHECK(device.row("mutations", strange) == row);
}

TEST_CASE("A look that finds nothing to do writes nothing, and so costs no flush to the disk") {
  Device device(orders_config());
  patch(device, 1);
  pump(device);
  device.recording = true;
  pump(device);
  const Json output = Json::parse(device.lines.back());
  CHECK(output["puts"].empty());
  CHECK(output["deletes"].empty());
}

TEST_CASE("Promise 27: a write that another version wrote is kept and reported, and holds only its own lane") {
  Device device(orders_config());
  const std::string strange = patch(device, 1, 1);
  const std::string behind = patch(device, 1, 2);
  const std::string other = patch(device, 2);
  Json row = device.row("mutations", strange);
  row["v"] = 99;
  device.store.put("mutations", row);
  const Json effects = device.step({{"type", "pump"}});
  const auto problems = only(effects, "problem");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0]["code"] == "unreadable-row");
  const auto sends = only(effects, "send");
  REQUIRE(sends.size() == 1);
  CHECK(sends[0]["id"] == other);
  CHECK(device.row("mutations", strange) == row);
  device.now += 3'600'000;
  CHECK(only(device.step({{"type", "pump"}}), "problem").empty());
  SUBCASE("a worker that can read it sends it, in its place") {
    row["v"] = 1;
    row["attempts"] = 0;
    device.store.put("mutations", row);
    device.kill();
    device.step({{"type", "tick"}, {"trigger", "start"}});
    const auto later = pump(device);
    REQUIRE(later.size() >= 1);
    std::set<std::string> left;
    for (const Json& send : later) left.insert(send["id"].get<std::string>());
    CHECK(left.count(strange) == 1);
    CHECK(left.count(behind) == 0);
  }
}

TEST_CASE("Promise 27: an unreadable write further back in its lane is not passed over") {
  Device device(orders_config());
  const std::string first = patch(device, 1, 1);
  const std::string strange = patch(device, 1, 2);
  const std::string last = patch(device, 1, 3);
  Json row = device.row("mutations", strange);
  row["v"] = 99;
  device.store.put("mutations", row);
  pump(device);
  device.step(answer(first, 1, 200));
  const Json effects = device.step({{"type", "pump"}});
  CHECK(only(effects, "send").empty());
  CHECK(only(effects, "problem").size() == 1);
  CHECK(device.row("mutations", strange) == row);
  CHECK(!device.row("mutations", last).is_null());
}

TEST_CASE("Ten lanes that can't be sent leave the eleventh its turn") {
  Device device(orders_config());
  for (int i = 0; i < 25; ++i) {
    Json row = device.row("mutations", patch(device, i));
    row["v"] = 99;
    device.store.put("mutations", row);
    ++device.now;
  }
  patch(device, 99);
  Ride ride{device};
  ride.run(1'000, [](const Json& send) { return answer(send["id"], send["attempt"], 200); });
  CHECK(ride.sends == 1);
}

TEST_CASE("A write whose resource is no longer declared is kept and reported") {
  Device device(orders_config());
  const std::string id = patch(device, 1);
  device.engine.configure(R"({"origin": "https://app.example", "resources": {"cooks": {"path": "/api/cooks/:id"}}})");
  const Json effects = device.step({{"type", "pump"}});
  REQUIRE(only(effects, "problem").size() == 1);
  CHECK(only(effects, "problem")[0]["code"] == "resource-not-declared");
  CHECK(!device.row("mutations", id).is_null());
}

TEST_CASE("A large body is given more time") {
  Device device(orders_config());
  capture(device, write("PUT", "/api/orders/1", nullptr, {{"body", {{"kind", "bytes"}, {"size", 8 * 1024 * 1024}}}}));
  patch(device, 2);
  const auto sends = pump(device);
  REQUIRE(sends.size() == 2);
  CHECK(sends[0]["timeoutMs"] == 10'000 + 8 * 1024 * 62);
  CHECK(sends[1]["timeoutMs"] == 10'000);
}
