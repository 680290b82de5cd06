#include "retry/classify.hpp"

#include <array>

namespace holdfast {
namespace {

struct StatusRule {
  std::int64_t first;
  std::int64_t last;
  AnswerClass meaning;
};

/// The first rule that holds a status decides (RFC 9110, section 15; 419 is Laravel's expired session; 425 RFC 8470).
/// 1xx and 3xx never arrive as an answer to fetch, except 304 and an opaque redirect, which confirm nothing.
constexpr std::array kRules{
    StatusRule{200, 299, AnswerClass::kConfirmed},
    StatusRule{300, 399, AnswerClass::kRejected},
    StatusRule{401, 401, AnswerClass::kNeedsAuth},
    StatusRule{408, 408, AnswerClass::kRetry},
    StatusRule{409, 409, AnswerClass::kConflict},
    StatusRule{412, 412, AnswerClass::kConflict},
    StatusRule{419, 419, AnswerClass::kNeedsAuth},
    StatusRule{425, 425, AnswerClass::kRetry},
    StatusRule{429, 429, AnswerClass::kRetry},
    StatusRule{400, 499, AnswerClass::kRejected},
    StatusRule{500, 599, AnswerClass::kRetry},
};

}  // namespace

AnswerClass classify(const Resource& resource, const AnswerFacts& facts) {
  const auto declared = resource.answers.find(facts.status);
  if (declared != resource.answers.end()) return declared->second;

  // A sign-in page answers 200 to everything; taking it for a confirmation would lose the write.
  const bool ok = facts.status >= 200 && facts.status <= 299;
  if (ok && facts.html && (facts.redirected || facts.json_expected)) return AnswerClass::kNeedsAuth;

  // 409 with Retry-After: the same key is still being worked on (draft-ietf-httpapi-idempotency-key-header, 2.7).
  if (facts.status == 409 && facts.has_retry_after) return AnswerClass::kRetry;

  for (const StatusRule& rule : kRules) {
    if (facts.status >= rule.first && facts.status <= rule.last) return rule.meaning;
  }
  return AnswerClass::kRetry;
}

}  // namespace holdfast
