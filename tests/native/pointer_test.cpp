#include <doctest/doctest.h>

#include "codec/pointer.hpp"

using namespace holdfast;

namespace {

const char* kDocument = R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8})";

}  // namespace

TEST_CASE("JSON Pointer: the examples of RFC 6901, section 5") {
  const Json document = Json::parse(kDocument);
  const auto at = [&](const char* pointer) { return find_part(document, parse_pointer(pointer))->dump(); };
  CHECK(find_part(document, parse_pointer("")) == &document);
  CHECK(at("/foo") == R"(["bar","baz"])");
  CHECK(at("/foo/0") == R"("bar")");
  CHECK(at("/") == "0");
  CHECK(at("/a~1b") == "1");
  CHECK(at("/c%d") == "2");
  CHECK(at("/e^f") == "3");
  CHECK(at("/g|h") == "4");
  CHECK(at("/i\\j") == "5");
  CHECK(at("/k\"l") == "6");
  CHECK(at("/ ") == "7");
  CHECK(at("/m~0n") == "8");
}

TEST_CASE("A pointer that leads nowhere finds nothing, whatever it meets") {
  const Json document = Json::parse(kDocument);
  for (const char* pointer : {"/nothing", "/foo/2", "/foo/x", "/foo/99999999999999999999", "/foo/-", "/a~1b/c", "/foo/0/0", "/foo/00", "/foo/01"}) {
    CHECK(find_part(document, parse_pointer(pointer)) == nullptr);
  }
}

TEST_CASE("A plain name is a member, and what is printed reads as it was") {
  CHECK(parse_pointer("status") == Pointer{"status"});
  for (const char* text : {"", "/", "/a~1b/m~0n", "/author/name"}) CHECK(print_pointer(parse_pointer(text)) == text);
}

TEST_CASE("A part to write to is made on the way") {
  Json document = Json::parse(R"({"a":1})");
  make_part(document, {"b", "c"}) = 2;
  CHECK(document == Json::parse(R"({"a":1,"b":{"c":2}})"));
  make_part(document, {"a", "x"}) = 3;  // what stood in the way gives way
  CHECK(document["a"] == Json::parse(R"({"x":3})"));
}
