#include "link/link_codec.hpp"

#include <algorithm>

#include "codec/section.hpp"
#include "link/wait.hpp"

namespace holdfast::link {
namespace {

/// Counts far beyond any life, that can still be counted on from.
constexpr std::int64_t kCountMax = kLast / 2;

bool is_time(Millis time) { return time >= -kNever && time <= kNever; }
bool is_span(Millis span, Millis most) { return span >= 0 && span <= most; }
bool is_count(std::int64_t count) { return count >= 0 && count <= kCountMax; }

/// The memory as a row, with names for what it has numbers for.
struct Kept {
  Memory memory;
  std::int64_t version = kVersion;
  bool known = true;  ///< all names are

  template <class Visitor> void fields(Visitor& v) {
    Memory& m = memory;
    v("version", version);
    named(v, "name", m.state, kStates), named(v, "transport", m.transport, kTransports);
    named(v, "hold", m.hold, kHolds), named(v, "home", m.home, kTransports);
    v("attempt", m.attempt), v("failures", m.failures), v("life", m.life), v("due", m.due), v("openedAt", m.opened_at);
    v("heardAt", m.heard_at), v("askedAt", m.asked_at), v("askedForMs", m.asked_for_ms), v("liveAt", m.live_at);
    v("heartbeatMs", m.heartbeat_ms), v("windowMs", m.window_ms), v("crowd", m.crowd), v("refreshed", m.refreshed);
    v("misses", m.misses), v("returning", m.returning), v("returns", m.returns), v("returnAt", m.return_at);
  }

  /// A trap, a hand or another program wrote it, unless all of this holds.
  bool sound() const {
    const Memory& m = memory;
    return known && version <= kVersion && is_count(m.attempt) && is_count(m.failures) && is_count(m.misses) && is_count(m.returns) &&
           is_time(m.due) && is_time(m.opened_at) && is_time(m.heard_at) && is_time(m.asked_at) && is_time(m.live_at) && is_time(m.return_at) &&
           is_span(m.asked_for_ms, kLinkHeartbeatMaxMs) && is_span(m.heartbeat_ms, kLinkHeartbeatMaxMs) && is_span(m.window_ms, kLinkWindowMaxMs);
  }

 private:
  template <class Visitor, class Value, class Names> void named(Visitor& v, const char* name, Value& value, const Names& names) {
    std::string text = names[static_cast<std::size_t>(value)];
    v(name, text);
    const auto found = std::find(names.begin(), names.end(), text);
    known = known && found != names.end();
    if (found != names.end()) value = static_cast<Value>(found - names.begin());
  }
};

std::vector<Transport> decode_transports(Section& section, std::vector<Transport> otherwise) {
  const Json* json = section.find("transports");
  if (json == nullptr) return otherwise;
  std::vector<Transport> list;
  const auto take = [&](const Json& name) {
    const auto found = std::find_if(kTransports.begin(), kTransports.end(), [&](const char* known) { return name == known; });
    const auto transport = static_cast<Transport>(found - kTransports.begin());
    if (found == kTransports.end() || std::find(list.begin(), list.end(), transport) != list.end()) return false;
    list.push_back(transport);
    return true;
  };
  if (!json->is_array() || json->empty() || !std::all_of(json->begin(), json->end(), take)) {
    section.fail("transports", "must be a list of \"websocket\" and \"sse\", each once at the most, the preferred one first");
    return otherwise;
  }
  return list;
}

template <class Told> std::string with(const Json& json, Event& event) {
  Told told;
  std::string error = read_fields(json, told);
  event = std::move(told);
  return error;
}

}  // namespace

Config decode_config(const Json& json, std::vector<ConfigError>& errors) {
  Config config;
  if (!json.is_object()) {
    errors.push_back({"", "must be an object, such as { \"transports\": [\"websocket\", \"sse\"] }"});
    return config;
  }
  Section section(json, "", errors);
  section.only({"transports", "connectTimeoutMs", "baseMs", "capMs", "stableMs", "heartbeatMs"});
  config.transports = decode_transports(section, config.transports);
  section.number("connectTimeoutMs", config.connect_timeout_ms, 1, 3'600'000);
  section.number("baseMs", config.base_ms, 1, 3'600'000);
  section.number("capMs", config.cap_ms, 1, 86'400'000);
  section.number("stableMs", config.stable_ms, 0, 86'400'000);
  section.number("heartbeatMs", config.heartbeat_ms, kLinkHeartbeatMinMs, kLinkHeartbeatMaxMs);
  if (config.base_ms > config.cap_ms) section.fail("capMs", "must not be smaller than baseMs");
  return config;
}

Memory nothing_yet(const Config& config) {
  Memory memory;
  memory.transport = memory.home = config.preferred();
  return memory;
}

Memory decode_memory(const Config& config, const Json& json) {
  Kept kept;
  const bool readable = json.is_object() && !json.empty() && read_fields(json, kept).empty() && kept.sound();
  return readable ? std::move(kept.memory) : nothing_yet(config);
}

Json encode_memory(const Config& config, const Memory& memory, Millis now) {
  Json json = write_fields(Kept{memory});
  const Millis wake = wake_at(config, memory, now);
  json["wakeAt"] = wake >= kNever ? Json(nullptr) : Json(wake);
  return json;
}

std::string decode_event(const Json& json, Event& event) {
  const auto found = json.find("type");
  const std::string type = found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  if (type == "start") return with<Start>(json, event);
  if (type == "stop") return with<Stop>(json, event);
  if (type == "opened") return with<Opened>(json, event);
  if (type == "welcome") return with<Welcome>(json, event);
  if (type == "heard") return with<Heard>(json, event);
  if (type == "caught-up") return with<CaughtUp>(json, event);
  if (type == "behind") return with<Behind>(json, event);
  if (type == "closed") return with<Closed>(json, event);
  if (type == "refused") return with<Refused>(json, event);
  if (type == "tick") return with<Tick>(json, event);
  if (type == "nudge") return with<Nudge>(json, event);
  if (type == "offline") return with<Offline>(json, event);
  if (type == "credentials") return with<Credentials>(json, event);
  return "type";
}

namespace {

struct Printer {
  Json operator()(const OpenEffect& open) const { return {{"do", "open"}, {"attempt", open.attempt}, {"transport", name_of(open.transport)}}; }
  Json operator()(const CloseEffect& close) const { return {{"do", "close"}, {"attempt", close.attempt}}; }
  Json operator()(const PingEffect& ping) const { return {{"do", "ping"}, {"attempt", ping.attempt}}; }
  Json operator()(const RefreshEffect&) const { return {{"do", "refresh-credentials"}}; }
  Json operator()(const ProblemEffect& problem) const { return {{"do", "problem"}, {"code", problem.code}, {"message", problem.message}}; }
  Json operator()(const ChangedEffect& changed) const {
    return {{"do", "changed"}, {"from", name_of(changed.from)}, {"to", name_of(changed.to)}, {"reason", changed.reason}};
  }
};

}  // namespace

Json encode_effect(const Effect& effect) { return std::visit(Printer{}, effect); }

}  // namespace holdfast::link
