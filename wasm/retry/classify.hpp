// What an answer means for the write that it answers.
#pragma once

#include <string>

#include "model/config.hpp"

namespace holdfast {

/// The facts of an answer that the classification looks at.
struct AnswerFacts {
  std::int64_t status = 0;
  bool has_retry_after = false;
  bool redirected = false;    ///< fetch followed a redirect on the way
  bool html = false;          ///< Content-Type is text/html
  bool json_expected = true;  ///< the write itself spoke JSON, or had no body
};

AnswerClass classify(const Resource& resource, const AnswerFacts& facts);

}  // namespace holdfast
