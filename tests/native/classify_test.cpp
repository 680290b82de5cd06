#include <doctest/doctest.h>

#include "retry/classify.hpp"

using namespace holdfast;

namespace {

AnswerClass of(std::int64_t status, AnswerFacts facts = {}) {
  facts.status = status;
  return classify(Resource{}, facts);
}

}  // namespace

TEST_CASE("Promise 5: every status has its class") {
  for (const int status : {200, 201, 202, 204, 206, 208, 226, 299}) CHECK(of(status) == AnswerClass::kConfirmed);
  for (const int status : {409, 412}) CHECK(of(status) == AnswerClass::kConflict);
  for (const int status : {408, 425, 429, 500, 501, 502, 503, 504, 507, 599}) CHECK(of(status) == AnswerClass::kRetry);
  for (const int status : {401, 419}) CHECK(of(status) == AnswerClass::kNeedsAuth);
  for (const int status : {400, 402, 403, 404, 405, 410, 411, 413, 415, 422, 423, 451, 499}) {
    CHECK(of(status) == AnswerClass::kRejected);
  }
  for (const int status : {302, 304, 307}) CHECK(of(status) == AnswerClass::kRejected);
}

TEST_CASE("Promise 5: a status that HTTP does not know keeps the write") {
  for (const int status : {0, -1, 99, 600, 999}) CHECK(of(status) == AnswerClass::kRetry);
}

TEST_CASE("Promise 5: 409 with Retry-After is the same key still running, not a conflict") {
  AnswerFacts facts;
  facts.has_retry_after = true;
  CHECK(of(409, facts) == AnswerClass::kRetry);
  CHECK(of(412, facts) == AnswerClass::kConflict);
}

TEST_CASE("Promise 5: a sign-in page is never a confirmation") {
  AnswerFacts page;
  page.html = true;
  CHECK(of(200, page) == AnswerClass::kNeedsAuth);
  page.redirected = true;
  CHECK(of(200, page) == AnswerClass::kNeedsAuth);
  page.json_expected = false;
  CHECK(of(200, page) == AnswerClass::kNeedsAuth);
  SUBCASE("but an app that posts a form and is shown a page was heard") {
    page.redirected = false;
    CHECK(of(200, page) == AnswerClass::kConfirmed);
  }
  SUBCASE("and an error page of a proxy is an error") {
    page.json_expected = true;
    CHECK(of(502, page) == AnswerClass::kRetry);
  }
}

TEST_CASE("Promise 5: a resource may declare what an answer means") {
  Resource resource;
  resource.answers[409] = AnswerClass::kConfirmed;
  resource.answers[404] = AnswerClass::kRetry;
  AnswerFacts facts;
  facts.status = 409;
  facts.has_retry_after = true;
  CHECK(classify(resource, facts) == AnswerClass::kConfirmed);
  facts.status = 404;
  CHECK(classify(resource, facts) == AnswerClass::kRetry);
  facts.status = 403;
  CHECK(classify(resource, facts) == AnswerClass::kRejected);
}
