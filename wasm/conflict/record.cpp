#include "conflict/record.hpp"

#include "codec/pointer.hpp"
#include "codec/text.hpp"

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

Json record_of(Decision decision) {
  Json record = {{"path", print_pointer(decision.path)}, {"policy", name_of(decision.policy)}, {"verdict", name_of(decision.verdict)}, {"reason", decision.reason}};
  const auto put = [&](const char* name, std::optional<Json>& value) { if (value) record[name] = std::move(*value); };
  put("base", decision.base);
  put("mine", decision.mine);
  put("theirs", decision.theirs);
  put("result", decision.result);
  return record;
}

std::string print_list_record(const std::vector<std::string>& path, const std::string* base, const std::string& mine, const std::string& theirs, const std::string& result) {
  std::string record = "{";
  if (base != nullptr) record.append(R"("base":)").append(*base) += ',';
  record.append(R"("mine":)").append(mine).append(R"(,"path":)").append(print_json(print_pointer(path)));
  record.append(R"(,"policy":"list","reason":"","result":)").append(result);
  return record.append(R"(,"theirs":)").append(theirs).append(R"(,"verdict":"merged"})");
}

}  // namespace holdfast
