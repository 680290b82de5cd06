// JSON in and out for the live link.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codec/fields.hpp"
#include "link/events.hpp"
#include "link/state.hpp"
#include "model/config.hpp"

namespace holdfast::link {

/// @param errors what is wrong with it; then the configuration is of no use
Config decode_config(const Json& json, std::vector<ConfigError>& errors);

/// What is remembered before anything has happened.
Memory nothing_yet(const Config& config);

/// @return nothing_yet for what can't be read
Memory decode_memory(const Config& config, const Json& json);

/// @param now with it `wakeAt` is told
Json encode_memory(const Config& config, const Memory& memory, Millis now);

/// @return what doesn't fit, or an empty string
std::string decode_event(const Json& json, Event& event);

Json encode_effect(const Effect& effect);

}  // namespace holdfast::link
