#include "conflict/record.hpp"

#include "codec/pointer.hpp"

namespace holdfast {
namespace {

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kMerged: return "merged";
    case Verdict::kMine: return "mine";
    case Verdict::kTheirs: return "theirs";
    case Verdict::kAsk: return "ask";
  }
  return "";
}

}  // namespace

Json record_of(const Decision& decision) {
  Json record = {{"path", print_pointer(decision.path)}, {"policy", name_of(decision.policy)}, {"verdict", name_of(decision.verdict)}, {"reason", decision.reason}};
  const auto put = [&](const char* name, const std::optional<Json>& value) { if (value) record[name] = *value; };
  put("base", decision.base);
  put("mine", decision.mine);
  put("theirs", decision.theirs);
  put("result", decision.result);
  return record;
}

}  // namespace holdfast
