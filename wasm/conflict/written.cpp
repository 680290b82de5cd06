// text: what people write. Two changes at different places are both kept; those that overlap are set side by side.
#include "conflict/policy.hpp"
#include "conflict/text.hpp"

namespace holdfast {

Settled text(const Sides& sides) {
  const auto is_text = [](const Json* json) { return json == nullptr || json->is_string(); };
  if (!is_text(sides.base) || !is_text(sides.mine) || !is_text(sides.theirs)) return ask(sides, "wrong type");
  if (sides.mine == nullptr || sides.theirs == nullptr) return ask(sides, "missing");
  static const std::string kEmpty;
  const std::string& base = sides.base != nullptr ? sides.base->get_ref<const std::string&>() : kEmpty;
  TextMerge merged = merge_text(base, sides.mine->get_ref<const std::string&>(), sides.theirs->get_ref<const std::string&>());
  return {merged.overlaps ? Verdict::kAsk : Verdict::kMerged, Json(std::move(merged.text)), merged.overlaps ? kOverlap : ""};
}

}  // namespace holdfast
