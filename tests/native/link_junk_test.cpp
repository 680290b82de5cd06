// Random lives of a live link: whatever happens, in whatever order and at whatever time. Worth most under the sanitizers.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <set>

#include "base/random.hpp"
#include "link/link_codec.hpp"
#include "link/machine.hpp"
#include "link_device.hpp"

using namespace holdfast::test;
using holdfast::kNever;
using holdfast::Link;
using holdfast::Millis;
using holdfast::Random;

namespace {

constexpr std::int64_t kCodes[] = {0, 1000, 1001, 1005, 1006, 1008, 1011, 1012, 1013, 4400, 4401, 4403, 4404, 4408, 4429, 9999};
constexpr std::int64_t kStatuses[] = {0, 200, 302, 400, 401, 403, 404, 419, 425, 429, 500, 501, 503, 511, 999};
constexpr const char* kReasons[] = {"", "going-away", "auth", "slow", "limit", "policy", "silent", "so long"};
constexpr const char* kSigns[] = {"online", "page-shown", "request-succeeded", "call", "shout"};
constexpr Millis kSpans[] = {-1, 0, 1, 200, 5'000, 60'000, 3'600'000, 9'007'199'254'740'991};

template <class List> const auto& one_of(const List& list, Random& random) { return list[random.up_to(static_cast<Millis>(std::size(list)) - 1)]; }

/// What may happen next. Mostly what does happen, so that lives get somewhere.
Json event(const Json& state, Random& random) {
  const std::int64_t present = state.value("attempt", 0);
  const std::int64_t attempt = random.up_to(9) == 0 ? present + random.up_to(2) - 1 : present;
  switch (random.up_to(21)) {
    case 0: return {{"type", "start"}, {"life", std::string(1, static_cast<char>('a' + random.up_to(2)))}};
    case 1: return random.up_to(2) == 0 ? Json{{"type", "stop"}} : Json{{"type", "start"}};
    case 2: return {{"type", "offline"}};
    case 3: return {{"type", "opened"}, {"attempt", attempt}};
    case 4:
    case 5:
    case 6: return {{"type", "welcome"}, {"attempt", attempt}, {"heartbeatMs", one_of(kSpans, random)}, {"windowMs", one_of(kSpans, random)}};
    case 7: return {{"type", "heard"}, {"attempt", attempt}, {"windowMs", one_of(kSpans, random)}};
    case 8:
    case 9: return {{"type", "caught-up"}, {"attempt", attempt}};
    case 10: return {{"type", "behind"}, {"attempt", attempt}};
    case 11: return {{"type", "closed"}, {"attempt", attempt}, {"code", 1006}};
    case 12: return {{"type", "closed"}, {"attempt", attempt}, {"code", one_of(kCodes, random)}, {"reason", one_of(kReasons, random)}, {"retryAfterMs", one_of(kSpans, random)}};
    case 13: return {{"type", "refused"}, {"attempt", attempt}, {"status", one_of(kStatuses, random)}, {"retryAfterMs", one_of(kSpans, random)}};
    case 14: return {{"type", "nudge"}, {"how", one_of(kSigns, random)}};
    case 15: return {{"type", "credentials"}, {"ok", random.up_to(1) == 0}};
    default: return {{"type", "tick"}};
  }
}

/// To the moment that the machine asked for, a little, or anywhere.
Millis later(const Json& state, Millis now, Random& random) {
  const Millis dice = random.up_to(19);
  if (dice < 9 && state.contains("wakeAt") && state["wakeAt"].is_number()) return std::max(now, state["wakeAt"].get<Millis>());
  if (dice == 19) return now - random.up_to(10'000'000);
  return dice == 18 ? now + random.up_to(10'000'000) : now + random.up_to(2'000);
}

/// What a host has to be able to rely on, followed from the outside.
struct Watch {
  std::optional<std::int64_t> connection;  ///< as far as the effects and the news say
  std::int64_t attempt = 0;

  void told(const Json& event) {
    const std::string type = event["type"];
    if ((type == "closed" || type == "refused") && connection == event["attempt"].get<std::int64_t>()) connection.reset();
  }
  void look(const Json& answer) {
    for (const Json& effect : answer["effects"]) {
      if (effect["do"] == "close") {
        CHECK(connection == effect["attempt"].get<std::int64_t>());
        connection.reset();
      }
      if (effect["do"] == "ping") CHECK(connection == effect["attempt"].get<std::int64_t>());
      if (effect["do"] == "open") {
        CHECK_FALSE(connection);
        connection = effect["attempt"].get<std::int64_t>();
        CHECK(*connection > attempt);
        attempt = *connection;
      }
    }
    const Json& state = answer["state"];
    const std::string name = state["name"];
    CHECK(connection.has_value() == (name == "connecting" || name == "replaying" || name == "live"));
    const bool rests = name == "suspended" || name == "needs-auth" || (name == "offline" && state["hold"] == "gone");
    CHECK(state["wakeAt"].is_null() == rests);
  }
};

std::filesystem::path transcripts() {
  const auto folder = std::filesystem::path(HOLDFAST_SCENARIOS).parent_path().parent_path() / "build" / "link-transcripts";
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace

TEST_CASE("Link: whatever happens, there is one connection at the most, and either a time to wake at or an event to wait for") {
  for (int life = 0; life < 20; ++life) {
    Random random("life " + std::to_string(life));
    LinkDevice device(life % 3 == 0 ? Json{{"transports", {"sse", "websocket"}}, {"baseMs", 50}} : Json::object(), std::to_string(life));
    Watch watch;
    for (int i = 0; i < 400; ++i) {
      const Json next = event(device.state, random);
      device.now = later(device.state, device.now, random);
      watch.told(next);
      const Json effects = device.step(next);
      watch.look({{"state", device.state}, {"effects", effects}});
    }
    // Replayed over the compiled module by tests/module.
    std::ofstream out(transcripts() / (std::to_string(life) + ".txt"), std::ios::binary);
    for (const std::string& line : device.lines) out << line << '\n';
  }
}

TEST_CASE("Link: every row of the table is reached") {
  using namespace holdfast::link;
  std::set<const Row*> reached;
  const Config config;
  for (int life = 0; life < 200; ++life) {
    Random random("rows " + std::to_string(life));
    Memory memory = nothing_yet(config);
    Millis now = 1'700'000'000'000;
    // Hardly ever by chance: unauthorized again, soon after fresh credentials led to a welcome, or to being live.
    std::vector<Event> first{Start{}, Closed{1, 4401, "", kUnnamed}, Credentials{true}, Welcome{2}};
    if (life == 0) first.push_back(CaughtUp{2});
    first.push_back(Closed{2, 4401, "", kUnnamed});
    for (std::size_t i = 0; life < 2 && i < first.size(); ++i) reached.insert(step(config, memory, first[i], now, random).row);
    for (int i = 0; i < 200; ++i) {
      const Json state = encode_memory(config, memory, now);
      now = later(state, now, random);
      Event next;
      REQUIRE(decode_event(event(state, random), next) == "");
      reached.insert(step(config, memory, next, now, random).row);
    }
  }
  for (const Row& row : table()) {
    CHECK_MESSAGE(reached.contains(&row), std::string(name_of(row.from)), " -- ", std::string(name_of(row.on)));
  }
}

TEST_CASE("Link: no state has two rows for one input, and each can be left") {
  using namespace holdfast::link;
  std::set<std::pair<State, Input>> known;
  std::set<State> left;
  for (const Row& row : table()) {
    CHECK_MESSAGE(known.insert({row.from, row.on}).second, std::string(name_of(row.from)), " -- ", std::string(name_of(row.on)));
    if (row.from != row.to) left.insert(row.from);
  }
  CHECK(left.size() == kStates.size());
}

TEST_CASE("Link: junk in the place of a state, an event or a time is refused or borne") {
  Random random("junk");
  const Json values[] = {nullptr, true, -1, 0, 1, 1e300, -1e300, 9'007'199'254'740'991, 8'640'000'000'000'000, -8'640'000'000'000'000, "", "live", "waiting", "credentials", Json::array(), Json::object()};
  const Millis times[] = {0, kNever, -kNever, 1'700'000'000'000};
  const Link link;
  int refused = 0;
  Json state = nullptr, sound = Json::object();
  for (int i = 0; i < 20'000; ++i) {
    Json next = event(sound, random);
    const auto spoil = [&](Json& object) {
      if (!object.is_object() || object.empty()) return;
      auto at = object.begin();
      std::advance(at, random.up_to(static_cast<Millis>(object.size()) - 1));
      *at = one_of(values, random);
    };
    if (random.up_to(3) == 0) spoil(state);
    if (random.up_to(9) == 0) spoil(next);
    const Json answer = Json::parse(link.step(Json{{"state", state}, {"event", next}, {"now", one_of(times, random)}, {"entropy", std::to_string(i)}}.dump()));
    refused += answer.contains("refused");
    if (answer.contains("state")) state = sound = answer["state"];
  }
  CHECK(refused > 100);
}
