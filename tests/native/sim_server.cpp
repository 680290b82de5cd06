#include "sim_server.hpp"

namespace holdfast::test {

SimAnswer SimServer::receive(const std::string& key, const std::string& payload, int act, bool faults) {
  const auto [known, fresh] = payloads_.try_emplace(key, payload);
  if (!key.empty() && !fresh && known->second != payload) mistake = "key " + key + " came with two payloads";
  if (faults && (!reachable || chance(8))) return {};
  if (!signed_in) return {401, ""};
  // The key is looked up before anything else: what was decided once stays decided.
  const auto decided = answers_.find(key);
  if (decided != answers_.end()) return faults && chance(5) ? SimAnswer{} : SimAnswer{decided->second, ""};
  if (faults) {
    if (chance(3)) return {409, "1"};
    if (chance(10)) return {503, chance(50) ? std::to_string(random_.up_to(20)) : ""};
    if (chance(4)) return {429, "2"};
    if (chance(4)) return {500, ""};
    const int verdict = chance(6) ? 412 : chance(4) ? 422 : 200;
    if (verdict != 200) {
      if (!key.empty()) answers_[key] = verdict;
      return {verdict, ""};
    }
  }
  if (!key.empty()) answers_[key] = 200;
  ledger.push_back(act);
  applied[act] += 1;
  if (faults && chance(8)) return {};          // applied, and the answer is lost
  if (faults && chance(3)) return {500, ""};   // applied, and then it failed
  return {200, ""};
}

SimAnswer SimServer::look(bool faults) {
  if (faults && (!reachable || chance(8))) return {};
  if (!signed_in) return {401, ""};
  if (faults && chance(10)) return {503, chance(50) ? std::to_string(random_.up_to(20)) : ""};
  return {200, ""};
}

}  // namespace holdfast::test
