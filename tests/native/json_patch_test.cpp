#include <doctest/doctest.h>

#include "base/random.hpp"
#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "conflict/json_patch.hpp"

using namespace holdfast;

namespace {

struct Example {
  const char* name;
  const char* document;
  const char* patch;
  const char* result;  ///< or null: an error
};

/// The result as text, or the error behind "error: ".
std::string patched(const Json& document, const Json& patch) {
  std::string error = "left from before";
  const auto result = apply_json_patch(document, patch, error);
  CHECK(error.empty() == result.has_value());
  return result ? print_json(*result) : "error: " + error;
}

std::string patched(const char* document, const char* patch) {
  return patched(Json::parse(document), Json::parse(patch));
}

void check(const Example& example) {
  CAPTURE(example.name);
  const std::string result = patched(example.document, example.patch);
  if (example.result == nullptr) CHECK(result.substr(0, 7) == "error: ");
  else CHECK(result == Json::parse(example.result).dump());
}

Json operation(const char* name, const std::string& path) { return {{"op", name}, {"path", path}}; }

Json operation(const char* name, const std::string& path, const char* member, const Json& value) {
  return {{"op", name}, {"path", path}, {member, value}};
}

Json patch_of(std::initializer_list<Json> operations) {
  Json patch = Json::array();
  for (const Json& operation : operations) patch.push_back(operation);
  return patch;
}

Json random_json(Random& random, int depth) {
  constexpr const char* kNames[] = {"a", "b", "/", "~1", ""};
  switch (random.up_to(depth > 3 ? 2 : 6)) {
    case 0: return nullptr;
    case 1: return static_cast<std::int64_t>(random.up_to(3));
    case 2: return "text";
    case 3:
    case 4: {
      Json list = Json::array();
      for (Millis n = random.up_to(3); n > 0; --n) list.push_back(random_json(random, depth + 1));
      return list;
    }
    default: {
      Json object = Json::object();
      for (Millis n = random.up_to(3); n > 0; --n) object[kNames[random.up_to(4)]] = random_json(random, depth + 1);
      return object;
    }
  }
}

/// A way to something in the document, or near it.
Pointer random_pointer(const Json& document, Random& random) {
  Pointer pointer;
  const Json* at = &document;
  while (at->is_structured() && random.up_to(3) > 0) {
    if (at->empty() || random.up_to(7) == 0) {
      pointer.push_back(at->is_array() ? (random.up_to(1) == 0 ? "-" : std::to_string(at->size())) : "new");
      return pointer;
    }
    auto item = at->begin();
    std::advance(item, random.up_to(static_cast<Millis>(at->size()) - 1));
    pointer.push_back(at->is_array() ? std::to_string(item - at->begin()) : item.key());
    at = &*item;
  }
  return pointer;
}

Json random_operation(const Json& document, Random& random) {
  constexpr const char* kOperations[] = {"add", "remove", "replace", "move", "copy", "test"};
  const std::string path = print_pointer(random_pointer(document, random));
  Json made = operation(kOperations[random.up_to(5)], path, "value", random_json(random, 2));
  made["from"] = print_pointer(random_pointer(document, random));
  const Json* there = find_part(document, parse_pointer(path));
  if (made["op"] == "test" && there != nullptr && random.up_to(1) == 0) made["value"] = *there;
  return made;
}

}  // namespace

TEST_CASE("JSON Patch: the examples of RFC 6902, appendix A") {
  const Example examples[] = {
      {"A.1", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])", R"({"baz":"qux","foo":"bar"})"},
      {"A.2", R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])",
       R"({"foo":["bar","qux","baz"]})"},
      {"A.3", R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])", R"({"foo":"bar"})"},
      {"A.4", R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])", R"({"foo":["bar","baz"]})"},
      {"A.5", R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])",
       R"({"baz":"boo","foo":"bar"})"},
      {"A.6", R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
       R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])",
       R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})"},
      {"A.7", R"({"foo":["all","grass","cows","eat"]})", R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])",
       R"({"foo":["all","cows","eat","grass"]})"},
      {"A.8", R"({"baz":"qux","foo":["a",2,"c"]})",
       R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])",
       R"({"baz":"qux","foo":["a",2,"c"]})"},
      {"A.9", R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])", nullptr},
      {"A.10", R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])",
       R"({"foo":"bar","child":{"grandchild":{}}})"},
      {"A.11", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])",
       R"({"foo":"bar","baz":"qux"})"},
      {"A.12", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])", nullptr},
      // Once it is parsed, a second "op" can't be told from an only one: it has taken the first one's place. What is
      // left is to remove what isn't there. With a "baz" in the document this patch would remove it.
      {"A.13", R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","op":"remove"}])", nullptr},
      {"A.14", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])", R"({"/":9,"~1":10})"},
      {"A.15", R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])", nullptr},
      {"A.16", R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])",
       R"({"foo":["bar",["abc","def"]]})"},
  };
  for (const Example& example : examples) check(example);
}

TEST_CASE("JSON Patch: what RFC 6902 says of each operation") {
  const Example examples[] = {
      {"section 3", R"({"a":{"b":{"c":"foo"}}})",
       R"([{"op":"test","path":"/a/b/c","value":"foo"},{"op":"remove","path":"/a/b/c"},
           {"op":"add","path":"/a/b/c","value":["foo","bar"]},{"op":"replace","path":"/a/b/c","value":42},
           {"op":"move","from":"/a/b/c","path":"/a/b/d"},{"op":"copy","from":"/a/b/d","path":"/a/b/e"}])",
       R"({"a":{"b":{"d":42,"e":42}}})"},
      {"no operations", R"({"a":1})", "[]", R"({"a":1})"},
      {"4.1 there", R"({"a":{"foo":1}})", R"([{"op":"add","path":"/a/b","value":2}])", R"({"a":{"b":2,"foo":1}})"},
      {"4.1 not there", R"({"q":{"bar":2}})", R"([{"op":"add","path":"/a/b","value":2}])", nullptr},
      {"4.1 replaces a member", R"({"a":1})", R"([{"op":"add","path":"/a","value":null}])", R"({"a":null})"},
      {"4.1 the root", R"({"a":1})", R"([{"op":"add","path":"","value":[1]}])", "[1]"},
      {"4.1 at the front", "[1,2]", R"([{"op":"add","path":"/0","value":0}])", "[0,1,2]"},
      {"4.1 at the end", "[1,2]", R"([{"op":"add","path":"/2","value":3}])", "[1,2,3]"},
      {"4.1 beyond the end", "[1,2]", R"([{"op":"add","path":"/3","value":3}])", nullptr},
      {"4.1 a name in an array", "[1,2]", R"([{"op":"add","path":"/x","value":3}])", nullptr},
      {"4.1 into a text", R"({"a":"b"})", R"([{"op":"add","path":"/a/0","value":3}])", nullptr},
      {"4.1 a number as a name", R"({"a":1})", R"([{"op":"add","path":"/01","value":3}])", R"({"01":3,"a":1})"},
      {"4.1 an empty name", R"({})", R"([{"op":"add","path":"/","value":3}])", R"({"":3})"},
      {"4.1 no value", "[]", R"([{"op":"add","path":"/-"}])", nullptr},
      {"4.2 not there", R"({"a":1})", R"([{"op":"remove","path":"/b"}])", nullptr},
      {"4.2 what would be appended", "[1]", R"([{"op":"remove","path":"/-"}])", nullptr},
      {"4.2 the root", R"({"a":1})", R"([{"op":"remove","path":""}])", nullptr},
      {"4.2 twice", "[1,2,3,4]", R"([{"op":"remove","path":"/1"},{"op":"remove","path":"/2"}])", "[1,3]"},
      {"4.3 not there", R"({"a":1})", R"([{"op":"replace","path":"/b","value":1}])", nullptr},
      {"4.3 the root", R"({"a":1})", R"([{"op":"replace","path":"","value":2}])", "2"},
      {"4.3 an item", "[1,2]", R"([{"op":"replace","path":"/0","value":[3]}])", "[[3],2]"},
      {"4.3 no value", "[1]", R"([{"op":"replace","path":"/0"}])", nullptr},
      {"4.4 not there", R"({"a":1})", R"([{"op":"move","from":"/b","path":"/a"}])", nullptr},
      {"4.4 into itself", R"({"a":{"b":{}}})", R"([{"op":"move","from":"/a","path":"/a/b/c"}])", nullptr},
      {"4.4 the root into itself", R"({"a":{}})", R"([{"op":"move","from":"","path":"/a/b"}])", nullptr},
      {"4.4 where it is", R"({"a":1})", R"([{"op":"move","from":"/a","path":"/a"}])", R"({"a":1})"},
      {"4.4 up", R"({"a":{"b":1}})", R"([{"op":"move","from":"/a/b","path":"/a"}])", R"({"a":1})"},
      {"4.4 to the root", R"({"a":{"b":1}})", R"([{"op":"move","from":"/a/b","path":""}])", "1"},
      {"4.4 a sibling with the same beginning", R"({"a":1,"ab":{}})", R"([{"op":"move","from":"/a","path":"/ab/c"}])",
       R"({"ab":{"c":1}})"},
      {"4.4 indices after the removal", "[1,2,3]", R"([{"op":"move","from":"/0","path":"/2"}])", "[2,3,1]"},
      {"4.4 an index that is gone", "[1,2,3]", R"([{"op":"move","from":"/0","path":"/3"}])", nullptr},
      {"4.4 no from", R"({"a":1})", R"([{"op":"move","path":"/a"}])", nullptr},
      {"4.5 into itself", R"({"a":1})", R"([{"op":"copy","from":"","path":"/b"}])", R"({"a":1,"b":{"a":1}})"},
      {"4.5 a null", R"({"a":null})", R"([{"op":"copy","from":"/a","path":"/b"}])", R"({"a":null,"b":null})"},
      {"4.5 not there", R"({"a":1})", R"([{"op":"copy","from":"/b","path":"/a"}])", nullptr},
      {"4.5 no from", R"({"a":1})", R"([{"op":"copy","path":"/a"}])", nullptr},
      {"4.6 numbers by their value", "[1]", R"([{"op":"test","path":"/0","value":1.0}])", "[1]"},
      {"4.6 in any order", R"({"a":1,"b":[2]})", R"([{"op":"test","path":"","value":{"b":[2],"a":1}}])",
       R"({"a":1,"b":[2]})"},
      {"4.6 no two numbers are equal by their bits", "[-1]", R"([{"op":"test","path":"/0","value":18446744073709551615}])", nullptr},
      {"4.6 more is not equal", R"([[1,2]])", R"([{"op":"test","path":"/0","value":[1]}])", nullptr},
      {"4.6 null is not nothing", "{}", R"([{"op":"test","path":"/a","value":null}])", nullptr},
      {"4.6 no value", "[null]", R"([{"op":"test","path":"/0"}])", nullptr},
      {"section 5", R"({"a":{"b":{"c":"C"}}})",
       R"([{"op":"replace","path":"/a/b/c","value":42},{"op":"test","path":"/a/b/c","value":"C"}])", nullptr},
  };
  for (const Example& example : examples) check(example);
}

TEST_CASE("JSON Patch: what is no operation or no pointer is refused, and nothing of it is applied") {
  const Example examples[] = {
      {"no array", "{}", R"({"op":"add","path":"/a","value":1})", nullptr},
      {"null", "{}", "null", nullptr},
      {"no object", "{}", "[1]", nullptr},
      {"no op", "{}", R"([{"path":"/a","value":1}])", nullptr},
      {"op is no text", "{}", R"([{"op":1,"path":"/a","value":1}])", nullptr},
      {"another op", "{}", R"([{"op":"spam","path":"/a","value":1}])", nullptr},
      {"no path", "{}", R"([{"op":"add","value":1}])", nullptr},
      {"path is no text", "{}", R"([{"op":"add","path":["a"],"value":1}])", nullptr},
      {"no slash", R"({"a":1})", R"([{"op":"add","path":"a","value":1}])", nullptr},
      {"no escape", R"({"~2":1})", R"([{"op":"replace","path":"/~2","value":1}])", nullptr},
      {"half an escape", R"({"a~":1})", R"([{"op":"replace","path":"/a~","value":1}])", nullptr},
      {"a from without a slash", R"({"a":1})", R"([{"op":"copy","from":"a","path":"/b"}])", nullptr},
      {"leading zeros", "[1,2]", R"([{"op":"test","path":"/01","value":2}])", nullptr},
      {"an exponent", "[1,2]", R"([{"op":"test","path":"/1e0","value":2}])", nullptr},
      {"a sign", "[1,2]", R"([{"op":"add","path":"/-1","value":2}])", nullptr},
      {"a huge index", "[1,2]", R"([{"op":"add","path":"/18446744073709551616","value":2}])", nullptr},
  };
  for (const Example& example : examples) check(example);
}

TEST_CASE("JSON Patch: an error says which operation failed, and why") {
  const char* document = R"({"a":[1],"b":"x"})";
  CHECK(patched(document, "{}") == "error: a patch is an array of operations");
  CHECK(patched(document, R"([{"op":"test","path":"/a/0","value":1},{"op":"remove","path":"/c"}])") ==
        "error: operation 2 (remove /c): nothing is there");
  CHECK(patched(document, R"([{"op":"test","path":"/b","value":"y"}])") ==
        "error: operation 1 (test /b): the value is another one");
  CHECK(patched(document, R"([{"op":"add","path":"/a/2","value":1}])") ==
        "error: operation 1 (add /a/2): beyond the array's end");
  CHECK(patched(document, R"([{"op":"add","path":"/b/c","value":1}])") ==
        "error: operation 1 (add /b/c): neither an object nor an array to add to");
  CHECK(patched(document, R"([{"op":"move","from":"/a","path":"/a/0"}])") ==
        "error: operation 1 (move /a/0): a value can't be moved into itself");
  CHECK(patched(document, R"([{"op":"move","path":"/a/0"}])") == "error: operation 1 (move /a/0): no \"from\"");
  CHECK(patched(document, R"([{"op":"remove","path":""}])") ==
        "error: operation 1 (remove): the whole document can't be removed");
  CHECK(patched(document, "[7]") == "error: operation 1: not an object");
  CHECK(patched(Json::parse(document), patch_of({operation("remove", "/" + std::string(1'000, 'x'))})) ==
        "error: operation 1 (remove): nothing is there");
}

TEST_CASE("JSON Patch: no more operations than the limit") {
  Json patch = Json::array();
  for (std::size_t i = 0; i < kPatchOperationsMax; ++i) patch.push_back(operation("add", "/-", "value", 1));
  std::string error;
  const auto result = apply_json_patch(Json::array(), patch, error);
  REQUIRE(result);
  CHECK(result->size() == kPatchOperationsMax);
  patch.push_back(patch[0]);
  CHECK(patched(Json::array(), patch) == "error: too many operations");
}

TEST_CASE("JSON Patch: a document that is copied into itself again and again stays in bounds") {
  const std::string text(1'000, 'x');
  SUBCASE("in breadth") {
    Json patch = Json::array();
    for (int i = 0; i < 40; ++i) patch.push_back(operation("copy", "/a/-", "from", "/a"));
    // Each copy in one that has grown: without the limit the last one would be of a thousand times 2^40 characters.
    std::string error;
    CHECK_FALSE(apply_json_patch(Json{{"a", Json::array({text})}}, patch, error));
    CHECK(error == "operation 15 (copy /a/-): too much is copied and moved");
  }
  SUBCASE("in one place") {
    const Json document{{"a", std::string(1'000'000, 'x')}};
    Json patch = Json::array();
    for (int i = 0; i < 20; ++i) patch.push_back(operation("copy", "/b", "from", "/a"));
    CHECK(patched(document, patch) == "error: operation 17 (copy /b): too much is copied and moved");
  }
  SUBCASE("in depth") {
    // The whole in its deepest place: twice as deep each time.
    Json patch = Json::array();
    std::string deepest = "/a";
    for (int i = 0; i < 10; ++i, deepest += deepest) patch.push_back(operation("copy", deepest, "from", ""));
    CHECK(patched(Json{{"a", 1}}, patch) == "error: operation 8 (copy): nested too deep");
  }
}

TEST_CASE("JSON Patch: no operation nests a document deeper than it may be") {
  const auto nested = [](int depth) {
    Json value = 1;
    for (int i = 0; i < depth; ++i) value = Json{{"a", std::move(value)}};
    return value;
  };
  const auto path = [](int steps) {
    std::string text;
    for (int i = 0; i < steps; ++i) text += "/a";
    return text;
  };
  Json document = nested(100);
  document["b"] = nested(kJsonDepthMax - 100);
  const auto fits = [&](const Json& operation) {
    return patched(document, patch_of({operation})).substr(0, 5) != "error";
  };
  CHECK(fits(operation("add", path(100), "value", nested(kJsonDepthMax - 100))));
  CHECK_FALSE(fits(operation("add", path(100), "value", nested(kJsonDepthMax - 99))));
  CHECK(fits(operation("replace", path(100), "value", nested(kJsonDepthMax - 100))));
  CHECK_FALSE(fits(operation("replace", path(100), "value", nested(kJsonDepthMax - 99))));
  CHECK(fits(operation("copy", path(100), "from", "/b")));
  CHECK(fits(operation("move", path(100), "from", "/b")));
  document["b"] = nested(kJsonDepthMax - 99);
  CHECK_FALSE(fits(operation("copy", path(100), "from", "/b")));
  CHECK_FALSE(fits(operation("move", path(100), "from", "/b")));
}

TEST_CASE("JSON Patch: items that give way, and values that are moved down, count as moved") {
  Json document{{"list", Json::array()}, {"deep", {{"er", Json::object()}}}};
  for (int i = 0; i < 10'000; ++i) document["list"].push_back(1);
  const auto repeated = [&](const Json& operations) {
    Json patch = Json::array();
    while (patch.size() < 5'000) patch.insert(patch.end(), operations.begin(), operations.end());
    return patched(document, patch).find("too much is copied and moved") != std::string::npos;
  };
  const Json append = operation("add", "/list/-", "value", 1);
  CHECK(repeated(patch_of({operation("add", "/list/0", "value", 1)})));
  CHECK(repeated(patch_of({append, operation("remove", "/list/0")})));
  CHECK(repeated(patch_of({operation("move", "/deep/er/list", "from", "/list"),
                           operation("move", "/list", "from", "/deep/er/list")})));
  // At the end nothing gives way.
  CHECK_FALSE(repeated(patch_of({append, operation("remove", "/list/9999")})));
}

TEST_CASE("JSON Patch: operations that are said to be the same as others are (RFC 6902, sections 4.3 to 4.5)") {
  Random random("same");
  int applied = 0;
  for (int i = 0; i < 5'000; ++i) {
    const Json document = random_json(random, 0), value = random_json(random, 2);
    const std::string path = print_pointer(random_pointer(document, random));
    const std::string from = print_pointer(random_pointer(document, random));
    const Json* moved = find_part(document, parse_pointer(from));
    const auto result = [&](std::initializer_list<Json> operations) {
      const std::string text = patched(document, patch_of(operations));
      applied += text.substr(0, 5) != "error";
      return text.substr(0, 5) == "error" ? "error" : text;
    };
    INFO(document.dump(), " path ", path, " from ", from, " value ", value.dump());
    if (!path.empty()) {  // the root can't be removed
      CHECK(result({operation("replace", path, "value", value)}) ==
            result({operation("remove", path), operation("add", path, "value", value)}));
    }
    if (moved == nullptr) {
      CHECK(result({operation("copy", path, "from", from)}) == "error");
      CHECK(result({operation("move", path, "from", from)}) == "error");
      continue;
    }
    CHECK(result({operation("copy", path, "from", from)}) == result({operation("add", path, "value", *moved)}));
    if (path != from) {
      const bool within = (path + "/").rfind(from + "/", 0) == 0;
      CHECK(result({operation("move", path, "from", from)}) ==
            (within ? "error" : result({operation("remove", from), operation("add", path, "value", *moved)})));
    }
  }
  CHECK(applied > 5'000);
}

TEST_CASE("JSON Patch: what was added is there, passes a test, and is gone once it is removed") {
  Random random("there and gone");
  int added = 0;
  for (int i = 0; i < 3'000; ++i) {
    const Json document = random_json(random, 0), value = random_json(random, 2);
    const Pointer pointer = random_pointer(document, random);
    if (pointer.empty() || pointer.back() == "-") continue;
    const std::string path = print_pointer(pointer);
    Pointer above = pointer;
    above.pop_back();
    const bool replaces = find_part(document, above)->is_object() && find_part(document, pointer) != nullptr;
    if (replaces) continue;
    added += 1;
    INFO(document.dump(), " path ", path, " value ", value.dump());
    const Json add = operation("add", path, "value", value), remove = operation("remove", path);
    std::string error;
    const auto result = apply_json_patch(document, patch_of({add}), error);
    REQUIRE(result);
    REQUIRE(find_part(*result, pointer) != nullptr);
    CHECK(*find_part(*result, pointer) == value);
    CHECK(patched(document, patch_of({add, operation("test", path, "value", value), remove})) == document.dump());
  }
  CHECK(added > 500);
}

TEST_CASE("JSON Patch: a patch is its operations one after the other, or nothing") {
  Random random("in order");
  int whole = 0, failed = 0;
  for (int i = 0; i < 5'000; ++i) {
    const Json document = random_json(random, 0);
    Json patch = Json::array();
    std::optional<Json> step = document;
    std::string error;
    for (Millis n = random.up_to(4); n >= 0; --n) {
      patch.push_back(random_operation(step ? *step : document, random));
      if (step) step = apply_json_patch(*step, patch_of({patch.back()}), error);
    }
    INFO(document.dump(), " with ", patch.dump());
    const Json before = document;
    const auto result = apply_json_patch(document, patch, error);
    CHECK(document == before);
    CHECK(result.has_value() == step.has_value());
    if (result && step) CHECK(*result == *step);
    (result ? whole : failed) += 1;
  }
  CHECK(whole > 500);
  CHECK(failed > 500);
}
