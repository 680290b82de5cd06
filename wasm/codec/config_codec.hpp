// The app's configuration, from JSON. A mistake names the field and what is allowed there.
#pragma once

#include <string>
#include <vector>

#include "model/config.hpp"

namespace holdfast {

struct DecodedConfig {
  Config config;
  std::vector<ConfigError> errors;
};

/// @param json {origin, resources: {name: {…}}, retry: {…}}; `origin` is where relative paths live
DecodedConfig decode_config(const std::string& json);

}  // namespace holdfast
