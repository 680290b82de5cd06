#include "link/link.hpp"

#include "codec/text.hpp"
#include "link/link_codec.hpp"
#include "link/machine.hpp"

namespace holdfast {
namespace {

std::string refused(const std::string& code, const std::string& message) {
  return print_json({{"refused", {{"code", code}, {"message", message}}}});
}

/// What comes with an event. A time that Date can't hold would overflow what is computed from it.
struct Given {
  Millis now = -kNever - 1;  // absent
  std::string entropy;
  template <class Visitor> void fields(Visitor& v) { v("now", now), v("entropy", entropy); }
};

}  // namespace

std::string Link::configure(const std::string& json) {
  std::vector<ConfigError> mistakes;
  link::Config config = link::decode_config(parse_json(json).value_or(Json()), mistakes);
  if (mistakes.empty()) {
    config_ = std::move(config);
    return print_json({{"ok", true}});
  }
  Json errors = Json::array();
  for (const ConfigError& mistake : mistakes) errors.push_back({{"field", mistake.field}, {"message", mistake.message}});
  return print_json({{"ok", false}, {"errors", std::move(errors)}});
}

std::string Link::step(const std::string& text) const {
  const auto json = parse_json(text);
  if (!json || !json->is_object()) return refused("unreadable-step", "The step isn't a JSON object.");
  Given given;
  const auto told = json->find("event");
  const bool readable = told != json->end() && told->is_object() && read_fields(*json, given).empty();
  if (!readable || given.now < -kNever || given.now > kNever) return refused("unreadable-step", "A step has an event, the time and entropy.");
  link::Event event;
  const std::string error = link::decode_event(*told, event);
  if (!error.empty()) return refused("unreadable-event", "The event of the link has an unreadable field: " + error);

  const auto state = json->find("state");
  link::Memory memory = link::decode_memory(config_, state == json->end() ? Json() : *state);
  Random random(given.entropy);
  const link::Outcome outcome = link::step(config_, memory, event, given.now, random);
  Json effects = Json::array();
  for (const link::Effect& effect : outcome.effects) effects.push_back(link::encode_effect(effect));
  return print_json({{"state", link::encode_memory(config_, memory, given.now)}, {"effects", std::move(effects)}});
}

}  // namespace holdfast
