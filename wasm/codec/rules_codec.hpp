// Reads how conflicts are settled (ConflictConfig in js/protocol/config.ts).
#pragma once

#include <string>
#include <vector>

#include "codec/fields.hpp"
#include "model/config.hpp"
#include "model/rules.hpp"

namespace holdfast {

/// @param path leads to `json` in the configuration, for the mistakes that are noted
void decode_rules(const Json& json, const std::string& path, std::vector<ConfigError>& errors, Rules& rules);

}  // namespace holdfast
