// JSON texts that are passed on without being parsed. tests/laws has the same over random ones.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "codec/outline.hpp"
#include "codec/text.hpp"
#include "engine/conflicts.hpp"

using namespace holdfast;
using Json = nlohmann::json;

namespace {

std::string printed(const std::string& text) {
  const auto outline = Outline::of(text);
  if (!outline) return "none";
  Sink out;
  outline->print(0, out);
  return out.take();
}

std::string nested(int depth) { return std::string(depth, '[') + R"(["b","a"])" + std::string(depth, ']'); }

/// The same merge twice: as texts, and parsed, since a name that has to be parsed can't be passed on.
void is_as_parsed(const Json& rules, const std::string& base, const std::string& mine, const std::string& theirs) {
  Conflicts conflicts;
  REQUIRE(conflicts.configure(rules.dump()) == R"({"ok":true})");
  const std::string rest = base + R"(,"mine":)" + mine + R"(,"theirs":)" + theirs + "}";
  CHECK(conflicts.merge(R"({"base":)" + rest) == conflicts.merge(R"({"\u0062ase":)" + rest));
}

}  // namespace

TEST_CASE("Outline: a text is printed as if it had been parsed") {
  for (const char* text : {
           "{}", "[]", " [ ] ", R"({"b":1,"a":2})", R"( { "a" : [ 1 , 2 ] } )", R"({"a":1,"b":{"d":[{"y":1,"x":2}],"c":null}})", "true", " \"x\" ",
           R"({"a":1,"a":2})", R"({"b":1,"a":1,"b":2})", R"({"":1,"!":2})", R"({"a\u0062":1,"ab":2})", R"({"a\n":1,"a":2})", R"({"é":1,"z":2})",
           R"(["\u0041\/\b\f\n\r\t\"\\\u0000\u001F"])", "[\"\x7f é 日本 \xF4\x8F\xBF\xBF\"]", "[0,-1,999999999999999999]",
           "[0.5,-40.7128,1.50,123456789.1234567,0.30000000000000004,1e-7,1.5E+2,0.0001,0.00001,12345678901234.5]"}) {
    CAPTURE(text);
    CHECK(printed(text).size() > 0);
    const bool by_parts = printed(text) != "none";
    if (by_parts) CHECK(printed(text) == print_json(*parse_json(text)));
    CHECK(by_parts == (std::string(text).find("1.5E+2") == std::string::npos));
  }
}

TEST_CASE("Outline: where one number could be written in two ways there is none") {
  for (const char* text : {"1.0", "-0", "-0.0", "0.0", "1e2", "1E-0", "18446744073709551615", "9007199254740993.5", "0.99999999999999999", "1e999", "-1e-999"}) CHECK_MESSAGE(printed(text) == "none", text);
}

TEST_CASE("Outline: what is no JSON has none") {
  for (const char* text : {
           "", " ", "{", "}", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{1:2}", "[1]]", "1 1", "tru", "truex", "nul",
           "+1", "01", "-", "-a", "1.", ".5", "1.e1", "1e", "1e+", "\"", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "\"\n\"", "\"\x01\"", "'a'",
           "\"\x80\"", "\"\xC3\"", "\"\xC0\xAF\"", "\"\xE0\x80\x80\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xF0\x9F\x9A\"", "\"\xFF\"", "// no\n1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_json(text).has_value());
    CHECK(printed(text) == "none");
  }
  CHECK(printed(std::string("[1\0]", 4)) == "none");
}

TEST_CASE("Outline: as deep as documents may be, and no deeper") {
  CHECK(printed(nested(kJsonDepthMax - 1)) == nested(kJsonDepthMax - 1));
  CHECK(printed(nested(kJsonDepthMax)) == "none");
  CHECK(printed(std::string(100'000, '[')) == "none");
  CHECK(printed(std::string(100'000, '{')) == "none");
}

TEST_CASE("Outline: very many small parts have none, since documents take less memory") {
  std::string numbers = "[1";
  for (int i = 0; i < 10'000; ++i) numbers += ",1";
  CHECK(printed(numbers + "]") == "none");
  CHECK(printed(R"([")" + std::string(20'000, 'x') + R"(",)" + numbers.substr(1) + "]") != "none");
}

TEST_CASE("Merging texts: more decisions than the limit are one about the whole") {
  for (const int count : {1'000, 1'001}) {
    Json base, mine, theirs;
    for (int i = 0; i < count; ++i) {
      const std::string name = "member " + std::to_string(i);
      base["a"][name] = 0;
      mine["a"][name] = 1;
      theirs["a"][name] = 2;
    }
    is_as_parsed(Json::object(), base.dump(), mine.dump(), theirs.dump());
  }
}

TEST_CASE("Merging texts: lists by ids that are texts, numbers, or can only be told by parsing") {
  const Json rules{{"fields", {{"items", {{"list", "id"}}}}}};
  const char* base = R"({"items":[{"id":"a","n":1},{"id":2,"n":1},{"id":"c","n":1}]})";
  const char* mine = R"({"items":[{"id":2,"n":1},{"id":"new","n":[{"b":1,"a":2}]},{"id":"a","n":2},{"id":"c","n":1}]})";
  for (const char* theirs : {
           R"({"items":[{"id":"a","n":1,"m":1},{"id":"c","n":3}]})", R"({"items":[{"n":3,"id":"c"},{"id":"\u0061","n":3}]})", R"({"items":[{"id":"a"},{"id":"a"}]})",
           R"({"items":[{"id":"a","id":"b"}]})", R"({"items":[{"id":2.5},{"id":null},1]})", R"({"items":{"a":1}})", R"({"items":[]})", R"({})", R"({"items":[{"id":""}]})"}) {
    CAPTURE(theirs);
    is_as_parsed(rules, base, mine, theirs);
    is_as_parsed(rules, base, theirs, mine);
    is_as_parsed(rules, "{}", mine, theirs);
  }
}

TEST_CASE("Merging texts: a part is one that was there before only if it ends there") {
  is_as_parsed(Json::object(), R"({"a":1,"b":2})", R"({"a":12,"b":2})", R"({"a":1,"b":23})");
  Conflicts conflicts;
  for (const char* text : {R"({"base":{"a":1},"mine":{"a":1x},"theirs":{"a":1}})", R"({"base":{"a":true},"mine":{"a":truefalse},"theirs":{}})", R"({"base":{"a":1},"mine":{"a":1},"theirs":{"a":1})", R"({"base":{"a":"x"},"mine":{"a":"x"y},"theirs":{}})"}) {
    CHECK_MESSAGE(conflicts.merge(text).find(R"({"refused")") == 0, text);
  }
}
