// The documents of the storm: what they look like, how they are settled, and how people change them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/limits.hpp"
#include "base/random.hpp"

namespace holdfast::test {

using Json = nlohmann::json;

/// A resource that declares each policy for one of its fields.
Json all_policies(std::uint64_t seed);

Json first_document(const std::string& id);

/// One to three changes of a document, each as a person would make it.
Json edited(Json document, Random& random);

/// The members of `after` that differ, as a merge patch (RFC 7396) of the top level.
Json changes_between(const Json& before, const Json& after);

/// As HTTP has it (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
std::string http_date(Millis at);

/// As RFC 3339 has it: `1994-11-06T08:49:37.000Z`.
std::string iso_date(Millis at);

}  // namespace holdfast::test
