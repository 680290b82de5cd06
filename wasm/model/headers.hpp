// Header fields of requests and answers. Names are in lower case.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// The value of a field, or an empty text.
std::string header(const Headers& headers, std::string_view wanted);

}  // namespace holdfast
