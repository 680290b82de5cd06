// Comes before every native source, tests and engine alike: the JSON library is compiled once and optimised
// (json_once.cpp), not anew and unoptimised in each. Builds are quicker, and the tests run several times as fast.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace holdfast::json_once {
using Json = nlohmann::json;
using Text = nlohmann::detail::iterator_input_adapter<const char*>;
using String = nlohmann::detail::iterator_input_adapter<std::string::const_iterator>;
}  // namespace holdfast::json_once

#define HOLDFAST_JSON_ONCE(how)                                                              \
  how template class nlohmann::basic_json<>;                                                 \
  how template class std::vector<nlohmann::json>;                                            \
  how template class nlohmann::detail::serializer<nlohmann::json>;                           \
  how template class nlohmann::detail::lexer<nlohmann::json, holdfast::json_once::Text>;     \
  how template class nlohmann::detail::lexer<nlohmann::json, holdfast::json_once::String>;   \
  how template class nlohmann::detail::parser<nlohmann::json, holdfast::json_once::Text>;    \
  how template class nlohmann::detail::parser<nlohmann::json, holdfast::json_once::String>;

HOLDFAST_JSON_ONCE(extern)
