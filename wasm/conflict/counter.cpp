// counter: both differences count. As CRDT counters have it (Shapiro et al., "Conflict-free Replicated Data Types",
// SSS 2011), but over any server that keeps a plain number: the difference is what a side did to the base.
#include <cmath>
#include <optional>

#include "conflict/policy.hpp"

namespace holdfast {
namespace {

constexpr double kExact = 9007199254740991.0;  // 2^53 - 1: all whole numbers up to here are exact
constexpr int kDecimalsMax = 9;

/// A number as a whole multiple of 10^-decimals, if it is one as people write it: 0.1 is, one third is not.
std::optional<std::int64_t> scaled(double number, int decimals) {
  const double product = number * std::pow(10.0, decimals);
  const double whole = std::round(product);
  if (!(std::fabs(whole) <= kExact)) return std::nullopt;
  // The nearest double of that multiple is the number itself, or it isn't written with so few decimals.
  return whole / std::pow(10.0, decimals) == number ? std::optional(static_cast<std::int64_t>(whole)) : std::nullopt;
}

Json number_of(std::int64_t whole, int decimals) {
  if (decimals == 0) return whole;
  return static_cast<double>(whole) / std::pow(10.0, decimals);
}

std::optional<Json> sum(double base, double mine, double theirs, const Rule& rule) {
  for (int decimals = 0; decimals <= kDecimalsMax; ++decimals) {
    const auto b = scaled(base, decimals);
    const auto m = scaled(mine, decimals);
    const auto t = scaled(theirs, decimals);
    if (!b || !m || !t) continue;
    const std::int64_t whole = *m - *b + *t;  // each is below 2^53, so this can't overflow
    if (std::fabs(static_cast<double>(whole)) > kExact) return std::nullopt;
    const double value = static_cast<double>(whole) / std::pow(10.0, decimals);
    if (rule.least && value < *rule.least) return *rule.least == std::round(*rule.least) ? Json(static_cast<std::int64_t>(*rule.least)) : Json(*rule.least);
    if (rule.most && value > *rule.most) return *rule.most == std::round(*rule.most) ? Json(static_cast<std::int64_t>(*rule.most)) : Json(*rule.most);
    return number_of(whole, decimals);
  }
  return std::nullopt;
}

}  // namespace

Settled counter(const Rule& rule, const Sides& sides) {
  const auto number = [](const Json* json) { return json == nullptr || json->is_number(); };
  if (!number(sides.base) || !number(sides.mine) || !number(sides.theirs)) return ask(sides, "wrong type");
  // What isn't there has counted nothing; what a side took away is no difference that could be added.
  if (sides.mine == nullptr || sides.theirs == nullptr) return ask(sides, "missing");
  const double base = sides.base == nullptr ? 0 : sides.base->get<double>();
  auto value = sum(base, sides.mine->get<double>(), sides.theirs->get<double>(), rule);
  if (!value) return ask(sides, "not exact");
  return {Verdict::kMerged, std::move(value), {}};
}

}  // namespace holdfast
