// JSON Merge Patch (RFC 7396), as writes and effects are shown with it.
#include <doctest/doctest.h>

#include "base/random.hpp"
#include "overlay/optimistic.hpp"

using namespace holdfast;

namespace {

std::string patched(const char* original, const char* patch) {
  Json target = Json::parse(original);
  merge_patch(target, Json::parse(patch));
  return target.dump();
}

Json after(Json target, const Json& patch) {
  merge_patch(target, patch);
  return target;
}

constexpr const char* kNames[] = {"a", "b", "c"};

/// Few names, so that patches meet what they change.
Json random_json(Random& random, int depth) {
  switch (random.up_to(depth > 3 ? 3 : 8)) {
    case 0: return nullptr;
    case 1: return static_cast<std::int64_t>(random.up_to(2));
    case 2: return kNames[random.up_to(2)];
    case 3: return Json::array({random.up_to(1) == 0 ? Json(nullptr) : Json(1)});
    default: {
      Json object = Json::object();
      for (Millis n = random.up_to(3); n > 0; --n) object[kNames[random.up_to(2)]] = random_json(random, depth + 1);
      return object;
    }
  }
}

/// RFC 7396, section 2, read off the other way: what each member of the result must be.
bool is_merged(const Json& target, const Json& patch, const Json& result) {
  if (!patch.is_object()) return result == patch;
  if (!result.is_object()) return false;
  const Json before = target.is_object() ? target : Json::object();
  for (const char* name : kNames) {
    const bool there = result.contains(name);
    if (!patch.contains(name)) {
      if (there != before.contains(name) || (there && result[name] != before[name])) return false;
    } else if (patch[name].is_null()) {
      if (there) return false;
    } else {
      const Json member = before.contains(name) ? before[name] : Json(nullptr);
      if (!there || !is_merged(member, patch[name], result[name])) return false;
    }
  }
  return true;
}

}  // namespace

TEST_CASE("JSON Merge Patch: the examples of RFC 7396, appendix A") {
  struct Example { const char* original; const char* patch; const char* result; };
  const Example examples[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", R"(null)", R"(null)"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"a":1,"e":null})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const Example& example : examples) {
    CAPTURE(example.patch);
    CHECK(patched(example.original, example.patch) == example.result);
  }
}

TEST_CASE("JSON Merge Patch: the example of RFC 7396, section 3") {
  CHECK(patched(R"({"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},"tags":["example","sample"],
                    "content":"This will be unchanged"})",
                R"({"title":"Hello!","phoneNumber":"+01-123-456-7890","author":{"familyName":null},
                    "tags":["example"]})") ==
        R"({"author":{"givenName":"John"},"content":"This will be unchanged","phoneNumber":"+01-123-456-7890",)"
        R"("tags":["example"],"title":"Hello!"})");
}

TEST_CASE("JSON Merge Patch: only what a patch names is changed, and a second time changes nothing") {
  Random random("merge patch");
  int changed = 0;
  for (int i = 0; i < 3'000; ++i) {
    const Json target = random_json(random, 0), patch = random_json(random, 0);
    const Json result = after(target, patch);
    INFO(target.dump(), " with ", patch.dump(), " is ", result.dump());
    CHECK(is_merged(target, patch, result));
    CHECK(after(result, patch) == result);
    CHECK(after(target, Json::object()) == (target.is_object() ? target : Json::object()));
    changed += result != target && result != patch;
  }
  CHECK(changed > 500);
}
