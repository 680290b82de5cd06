// A device whose live link is stepped by hand, text in and text out, as a host does it.
#pragma once

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "link/link.hpp"

namespace holdfast::test {

using Json = nlohmann::json;

/// What a test looks for among the effects.
inline std::vector<Json> those(const Json& effects, const std::string& what) {
  std::vector<Json> found;
  for (const Json& effect : effects) if (effect["do"] == what) found.push_back(effect);
  return found;
}

class LinkDevice {
 public:
  explicit LinkDevice(const Json& config = Json::object(), std::string seed = "a") : seed_(std::move(seed)) {
    const std::string told = link_.configure(config.dump());
    lines = {config.dump(), told};
    REQUIRE(told == R"({"ok":true})");
  }

  /// @return the effects
  Json step(const Json& event) {
    const std::string input = Json{{"state", state}, {"event", event}, {"now", now}, {"entropy", seed_ + std::to_string(steps_++)}}.dump();
    const std::string output = link_.step(input);
    lines.push_back(input), lines.push_back(output);
    const Json answer = Json::parse(output);
    REQUIRE_MESSAGE(answer.contains("state"), output);
    state = answer["state"];
    return answer["effects"];
  }
  Json start() { return step({{"type", "start"}, {"life", life}}); }
  Json tick() { return step({{"type", "tick"}}); }
  Json nudge(const std::string& how) { return step({{"type", "nudge"}, {"how", how}}); }
  /// About the present attempt.
  Json news(const std::string& type, Json more = Json::object()) {
    more["type"] = type;
    more["attempt"] = state["attempt"];
    return step(more);
  }
  Json closed(std::int64_t code, const std::string& reason = "", const Json& retry_after = nullptr) {
    return news("closed", {{"code", code}, {"reason", reason}, {"retryAfterMs", retry_after}});
  }
  Json refused(std::int64_t status, const Json& retry_after = nullptr) { return news("refused", {{"status", status}, {"retryAfterMs", retry_after}}); }

  /// Until the machine asked to be stepped. @return the effects
  Json sleep() {
    REQUIRE(state["wakeAt"].is_number());
    now = state["wakeAt"].get<Millis>();
    return tick();
  }
  /// From wherever it is to being live. @param window of the server
  void go_live(Millis window = 0) {
    if (name() == "suspended") start();
    while (name() == "waiting") sleep();
    news("welcome", {{"heartbeatMs", 25'000}, {"windowMs", window}});
    news("caught-up");
    REQUIRE(name() == "live");
  }
  /// Live, and for long enough that whatever was before is forgotten.
  void be_stable(Millis window = 0) {
    go_live(window);
    now += kLinkStableMs;
    news("heard");
  }

  std::string name() const { return state.value("name", "suspended"); }
  /// How long from now until it wants to be stepped.
  Millis wait() const { return state["wakeAt"].get<Millis>() - now; }
  std::int64_t attempt() const { return state["attempt"].get<std::int64_t>(); }

  Json state = Json::object();
  Millis now = 1'700'000'000'000;
  std::string life = "first";
  std::vector<std::string> lines;

 private:
  Link link_;
  std::string seed_;
  int steps_ = 0;
};

/// The longest and the shortest of what many devices come to.
struct Range {
  Millis least = kNever;
  Millis most = -kNever;
};
template <class Play> Range range_of(Play play, int devices = 400) {
  Range range;
  for (int i = 0; i < devices; ++i) {
    const Millis wait = play(std::to_string(i));
    range.least = std::min(range.least, wait);
    range.most = std::max(range.most, wait);
  }
  return range;
}

/// Uniform from one end to the other, as far as some hundred draws can show it.
inline bool spans(const Range& range, Millis least, Millis most) {
  const Millis slack = (most - least) / 20;
  return range.least >= least && range.least <= least + slack && range.most <= most && range.most >= most - slack;
}

}  // namespace holdfast::test
