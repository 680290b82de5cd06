#include "model/headers.hpp"

namespace holdfast {

std::string header(const Headers& headers, std::string_view wanted) {
  for (const auto& [name, value] : headers) {
    if (name == wanted) return value;
  }
  return {};
}

}  // namespace holdfast
