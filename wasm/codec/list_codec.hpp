// Decodes what an app declares of a list (ListConfig in js/protocol/config.ts).
#pragma once

#include <string>
#include <vector>

#include "codec/fields.hpp"
#include "model/config.hpp"

namespace holdfast {

/// @param path where `json` stands in the configuration, for the errors
/// @param list has its own path already
void decode_list(const Json& json, const std::string& path, std::vector<ConfigError>& errors, List& list);

}  // namespace holdfast
