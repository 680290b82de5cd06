// Bad input gives a typed refusal, never an abort. Worth most under the sanitizers.
#include <doctest/doctest.h>

#include <cstdlib>

#include "base/random.hpp"
#include "store.hpp"

using namespace holdfast::test;
using holdfast::Random;

namespace {

constexpr const char* kTexts[] = {"", "a", "orders", "session", "https://app.example/api/orders/1", "https://app.example/api/orders/%ff%00",
                                  "://", "sending", "answered", "retry-after", "\xE2\x82\xAC", "lanes", "lane", "{\"a\":1}", "[[[["};

Json junk(Random& random, int depth) {
  switch (random.up_to(depth > 3 ? 7 : 10)) {
    case 0: return nullptr;
    case 1: return random.up_to(1) == 0;
    case 2: return static_cast<std::int64_t>(random.up_to(2'000)) - 1'000;
    case 3: return static_cast<std::int64_t>(random.next());
    case 4: return random.next();
    case 5: return static_cast<double>(static_cast<std::int64_t>(random.next())) * 1e290;
    case 6:
    case 7: return kTexts[random.up_to(std::size(kTexts) - 1)];
    case 8: {
      Json list = Json::array();
      for (auto n = random.up_to(3); n > 0; --n) list.push_back(junk(random, depth + 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (auto n = random.up_to(4); n > 0; --n) object[kTexts[random.up_to(std::size(kTexts) - 1)]] = junk(random, depth + 1);
      return object;
    }
  }
}

/// Changes something somewhere in a document.
void spoil(Json& json, Random& random) {
  if (json.is_structured() && !json.empty() && random.up_to(4) > 0) {
    auto at = json.begin();
    std::advance(at, random.up_to(static_cast<holdfast::Millis>(json.size()) - 1));
    if (random.up_to(9) == 0) {
      json.erase(at);
      return;
    }
    return spoil(*at, random);
  }
  json = junk(random, 0);
}

int rounds() {
  const char* text = std::getenv("HOLDFAST_JUNK");
  return text == nullptr ? 300 : std::atoi(text);
}

bool sound(const std::string& output) {
  const Json json = Json::parse(output, nullptr, false);
  return json.is_object() && (json.contains("need") || json.contains("refused") || json.contains("effects"));
}

}  // namespace

TEST_CASE("Junk as a step is refused, never a crash") {
  holdfast::Engine engine;
  engine.configure(orders_config({}, {{"origin", kApp}}).dump());
  Random random("junk");
  for (int i = 0; i < rounds(); ++i) {
    CHECK(sound(engine.step(junk(random, 0).dump())));
    std::string bytes;
    for (auto n = random.up_to(40); n > 0; --n) bytes += "{}[]\",:0123456789eE.-\\u\xff\x00tn"[random.up_to(26)];
    CHECK(sound(engine.step(bytes)));
  }
  for (const char* step : {"", "null", "[]", "{}", R"({"event":{},"now":1})", R"({"event":{"type":"pump"},"now":1e300})",
                           R"({"event":{"type":"pump"},"now":-1e300})", R"({"event":{"type":"pump"},"now":18446744073709551615})",
                           R"({"event":{"type":"pump"},"now":9007199254740991})"}) {
    CHECK(sound(engine.step(step)));
  }
}

TEST_CASE("A time at either end of what Date can hold overflows nothing") {
  for (const holdfast::Millis now : {holdfast::kNever, -holdfast::kNever, holdfast::Millis{0}}) {
    Device device(orders_config());
    device.now = now;
    const std::string id = capture(device, write("PATCH", "/api/orders/1", {{"a", 1}}));
    CHECK(id != "");
    CHECK(pump(device).size() == 1);
    device.step(answer(id, 1, 503, "", with_headers({{"retry-after", "99999999999"}})));
    device.now = -now;
    pump(device);
  }
}

TEST_CASE("Junk as a configuration names a field or is taken, and the engine goes on") {
  Random random("config");
  const Json good = orders_config({{"coalesce", {{"patch", "merge"}, {"keep", {"a"}}}}, {"answers", {{"409", "confirmed"}}}, {"timeoutMs", 5}},
                                  {{"retry", {{"baseMs", 5}, {"sendsMax", 2}}}, {"origin", kApp}});
  for (int i = 0; i < rounds(); ++i) {
    Json config = good;
    for (auto n = random.up_to(2); n >= 0; --n) spoil(config, random);
    holdfast::Engine engine;
    const Json told = Json::parse(engine.configure(config.dump()), nullptr, false);
    CHECK(told.is_object());
    CHECK(told["ok"].is_boolean());
    engine.route(kTexts[random.up_to(std::size(kTexts) - 1)]);
    engine.step(R"({"event":{"type":"pump"},"now":1})");
  }
}

TEST_CASE("Spoilt events and rows are refused or borne, never a crash") {
  Random random("rows");
  int refused = 0;
  for (int i = 0; i < rounds(); ++i) {
    Device device(orders_config({{"coalesce", {{"patch", "merge"}}}}));
    // A step as it would be, its rows and ranges brought; then something in it is wrong.
    Json events[] = {write("PATCH", "/api/orders/1", {{"a", 1}}), {{"type", "pump"}}, {{"type", "take-over"}},
                     {{"type", "tick"}, {"trigger", "call"}}, {{"type", "read"}, {"url", "https://app.example/api/orders"}},
                     {{"type", "session"}, {"action", "discard"}}};
    const std::string id = capture(device, events[0]);
    const auto steps = random.up_to(3);
    if (steps > 0) pump(device);
    if (steps > 1) device.step(failure(id, 1));
    if (steps > 2) device.step(answer(id, 1, 422));
    device.recording = true;
    const auto which = random.up_to(8);
    if (which < 6) device.step(events[which]);
    if (which == 6) device.step(answer(id, 1, 200, "{\"id\":\"1\"}"));
    if (which == 7) device.step(failure(id, 1));
    if (which == 8) device.step({{"type", "decided"}, {"id", id}, {"action", "edit"}, {"body", "{}"}});
    Json step = Json::parse(device.lines[device.lines.size() - 2]);
    for (auto n = random.up_to(3); n >= 0; --n) spoil(step, random);
    const std::string output = device.engine.step(step.dump());
    CHECK(sound(output));
    refused += output.find("refused") != std::string::npos;
  }
  CHECK(refused > 0);
}
