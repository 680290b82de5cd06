#include "scenario.hpp"

#include <algorithm>

namespace holdfast::test {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

class Runner {
 public:
  explicit Runner(const Json& scenario) : device_(scenario.value("config", orders_config())), start_(device_.now) {
    device_.recording = true;
    if (!Json::parse(device_.configured)["ok"].get<bool>()) fail("the configuration is wrong: " + device_.configured);
  }

  void step(const Json& given, std::size_t number) {
    at_ = "step " + std::to_string(number + 1);
    const Json step = named(given);
    if (step.contains("at")) device_.now = start_ + step["at"].get<Millis>();
    if (step.contains("clock")) device_.now += step["clock"].get<Millis>();
    effects_ = Json::array();
    const int repeat = step.value("repeat", 1);
    for (int i = 0; i < repeat; ++i) act(repeat == 1 ? step : Json::parse(replaced(step.dump(), "{n}", std::to_string(i))));
    check(named(given));
  }

  std::string failures;
  Device& device() { return device_; }

 private:
  /// Names of writes stand for their ids: "$tea", and "$tea.key" for the key that it was captured with.
  Json named(const Json& given) {
    std::string text = given.dump();
    for (const auto& [name, id] : ids_) {
      text = replaced(text, "\"$" + name + ".key\"", Json(keys_[name]).dump());
      text = replaced(text, "\"$" + name + "\"", Json(id).dump());
    }
    return Json::parse(text);
  }

  void fail(const std::string& what) { failures += at_ + ": " + what + "\n"; }

  void act(const Json& step) {
    if (step.contains("capture")) {
      const Json& given = step["capture"];
      Json more = given;
      for (const char* name : {"method", "path", "json"}) more.erase(name);
      happen(step, write(given["method"], given["path"], given.value("json", Json(nullptr)), more));
      const auto attached = only(effects_, "attach");
      if (step.contains("as") && !attached.empty()) {
        const std::string id = attached.back()["id"];
        ids_[step["as"]] = id;
        keys_[step["as"]] = device_.row("mutations", id).value("key", "");
      }
    }
    if (step.contains("answer")) {
      Json more = step["answer"];
      const std::string id = more["to"];
      const std::string body = more.contains("json") ? more["json"].dump() : more.value("body", "");
      const auto attempt = more.value("attempt", newest_attempt(id));
      const int status = more["status"];
      landed(id);
      for (const char* name : {"to", "json", "body", "attempt", "status"}) more.erase(name);
      happen(step, answer(id, attempt, status, body, more));
    }
    if (step.contains("fail")) {
      const std::string id = step["fail"]["to"];
      landed(id);
      happen(step, failure(id, newest_attempt(id), step["fail"].value("reason", "network")));
    }
    if (step.contains("event")) happen(step, step["event"]);
    if (step.contains("put")) device_.store.put(step["put"][0], step["put"][1]);
    if (step.contains("base")) device_.bases[step["base"]["id"]] = step["base"];
    if (step.contains("configure")) configure(step["configure"]);
    if (step.contains("kill")) {
      device_.kill();
      flights_.clear();
      pump();
    }
    if (step.contains("run")) live(step["run"]);
  }

  void configure(const Json& config) {
    Json whole = config;
    whole["origin"] = kApp;
    // The transcript tells a new configuration from a step by its mark.
    device_.lines.push_back("configure " + whole.dump());
    device_.lines.push_back(device_.engine.configure(whole.dump()));
  }

  void happen(const Json& step, const Json& event) {
    if (step.value("storage_fails", false)) return device_.step_lost(event);
    for (const Json& effect : device_.step(event)) effects_.push_back(effect);
    if (step.value("pump", true)) pump();
  }

  void pump() {
    for (const Json& effect : device_.step({{"type", "pump"}})) {
      effects_.push_back(effect);
      if (effect["do"] == "send") {
        attempts_[effect["id"]] = effect["attempt"];
        flights_.push_back({effect["id"], effect["attempt"], device_.now});
      }
    }
  }

  /// What the scenario answers itself, no server will.
  void landed(const std::string& id) {
    std::erase_if(flights_, [&](const Flight& flight) { return flight.id == id; });
  }

  std::int64_t newest_attempt(const std::string& id) { return attempts_.count(id) > 0 ? attempts_[id] : 1; }

  /// Lets time pass as the host would: wakes when told to, and a server that gives every attempt the same answer
  /// ("silent": none, for a "reason") after `latency`.
  void live(const Json& how) {
    const Millis end = device_.now + how["ms"].get<Millis>();
    const Millis latency = how.value("latency", 50);
    Json effects = Json::array();
    while (true) {
      effects_ = Json::array();
      pump();
      Millis next = end;
      for (const Json& effect : effects_) {
        effects.push_back(effect);
        if (effect["do"] == "pumped" && !effect["wakeAt"].is_null()) next = std::min(next, effect["wakeAt"].get<Millis>());
      }
      for (const Flight& flight : flights_) next = std::min(next, flight.left + latency);
      if (device_.now >= end) break;
      const bool landing = std::any_of(flights_.begin(), flights_.end(), [&](const Flight& flight) { return flight.left + latency <= next; });
      if (next <= device_.now && !landing) {
        fail("woken without end");
        break;
      }
      device_.now = std::max(device_.now, next);
      const std::vector<Flight> flights = std::exchange(flights_, {});
      for (const Flight& flight : flights) {
        if (flight.left + latency > device_.now) {
          flights_.push_back(flight);
          continue;
        }
        const Json event = how.value("silent", false) ? failure(flight.id, flight.attempt, how.value("reason", "network"))
                                                      : answer(flight.id, flight.attempt, how["status"], how.value("body", ""),
                                                               how.value("with", Json::object()));
        for (const Json& effect : device_.step(event)) effects.push_back(effect);
      }
    }
    effects_ = effects;
  }

  // --- Checks ---------------------------------------------------------------------------------------------------

  void check(const Json& step) {
    if (step.contains("sends")) check_sends(step["sends"]);
    if (step.contains("effects")) {
      for (const Json& wanted : step["effects"]) {
        const bool found = std::any_of(effects_.begin(), effects_.end(), [&](const Json& effect) { return matches(wanted, effect); });
        if (!found) fail("no effect " + wanted.dump() + " among " + effects_.dump());
      }
    }
    if (step.contains("never")) {
      for (const Json& unwanted : step["never"]) {
        for (const Json& effect : effects_) {
          if (matches(unwanted, effect)) fail("unwanted " + effect.dump());
        }
      }
    }
    if (step.contains("rows")) {
      for (const auto& [store, wanted] : step["rows"].items()) check_rows(store, wanted);
    }
    if (step.contains("sendCount")) {
      const Json count = only(effects_, "send").size();
      if (!matches(step["sendCount"], count)) fail(count.dump() + " sends, not " + step["sendCount"].dump());
    }
    if (step.contains("wakeIn")) {
      const auto pumped = only(effects_, "pumped");
      Json wait = nullptr;
      if (!pumped.empty() && !pumped.back()["wakeAt"].is_null()) wait = pumped.back()["wakeAt"].get<Millis>() - device_.now;
      if (!matches(step["wakeIn"], wait)) fail("wakes in " + wait.dump() + ", not " + step["wakeIn"].dump());
    }
  }

  /// A list of ids, or of partial sends: exactly these leave, in this order.
  void check_sends(const Json& wanted) {
    const auto sends = only(effects_, "send");
    bool same = sends.size() == wanted.size();
    for (std::size_t i = 0; same && i < sends.size(); ++i) {
      same = wanted[i].is_string() ? wanted[i] == sends[i]["id"] : matches(wanted[i], sends[i]);
    }
    if (!same) fail("sends " + Json(sends).dump() + ", not " + wanted.dump());
  }

  /// A number: so many rows. A list: rows that must be there, each matching one.
  void check_rows(const std::string& store, const Json& wanted) {
    const auto rows = device_.store.rows(store);
    if (!wanted.is_array()) {
      if (!matches(wanted, rows.size())) fail(std::to_string(rows.size()) + " rows in " + store + ", not " + wanted.dump());
      return;
    }
    for (const Json& row : wanted) {
      const bool found = std::any_of(rows.begin(), rows.end(), [&](const Json& actual) { return matches(row, actual); });
      if (!found) fail("no row " + row.dump() + " in " + store + ": " + Json(rows).dump());
    }
  }

  struct Flight {
    std::string id;
    std::int64_t attempt;
    Millis left;
  };

  Device device_;
  Millis start_;
  std::string at_ = "start";
  Json effects_;
  std::vector<Flight> flights_;
  std::map<std::string, std::string> ids_, keys_;
  std::map<std::string, std::int64_t> attempts_;
};

}  // namespace

bool matches(const Json& expected, const Json& actual) {
  if (expected == "*") return true;
  if (expected.is_object() && expected.size() == 1 && (expected.contains("atMost") || expected.contains("atLeast"))) {
    if (!actual.is_number()) return false;
    return expected.contains("atMost") ? actual <= expected["atMost"] : actual >= expected["atLeast"];
  }
  if (expected.is_object()) {
    if (!actual.is_object()) return false;
    return std::all_of(expected.items().begin(), expected.items().end(), [&](const auto& member) {
      return actual.contains(member.key()) && matches(member.value(), actual[member.key()]);
    });
  }
  if (expected.is_array()) {
    if (!actual.is_array() || actual.size() != expected.size()) return false;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (!matches(expected[i], actual[i])) return false;
    }
    return true;
  }
  return expected == actual;
}

std::string run_scenario(const Json& scenario, std::vector<std::string>& transcript) {
  Runner runner(scenario);
  const Json& steps = scenario["steps"];
  for (std::size_t i = 0; i < steps.size(); ++i) runner.step(steps[i], i);
  transcript = runner.device().lines;
  return runner.failures;
}

}  // namespace holdfast::test
