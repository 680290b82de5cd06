// The order of a list's elements, apart from what they are.
#pragma once

#include <string>
#include <vector>

namespace holdfast {

using Ids = std::vector<std::string>;

/// The order in which the elements of both sides stand, with those of them that one side deleted.
Ids merged_order(const Ids& base, const Ids& mine, const Ids& theirs);

}  // namespace holdfast
