#include <doctest/doctest.h>

#include "codec/fields.hpp"
#include "model/rows.hpp"

using namespace holdfast;

namespace {

std::string error_of(const char* json) {
  Mutation row;
  return read_fields(Json::parse(json), row);
}

}  // namespace

TEST_CASE("A row that was written reads the same") {
  Mutation row;
  row.id = "m1";
  row.seq = 9'007'199'254'740'991;
  row.headers = {{"content-type", "application/json"}, {"x", "\xE2\x82\xAC"}};
  row.body = {"text", "{\"a\":1}", 7};
  row.stamps = {"s1", "s2"};
  row.app_key = true;
  const Json json = write_fields(row);
  Mutation again;
  CHECK(read_fields(json, again) == "");
  CHECK(write_fields(again) == json);
  CHECK(again.headers == row.headers);
}

TEST_CASE("Promise 27: a field that an older version did not write keeps its default") {
  Mutation row;
  CHECK(read_fields(Json{{"id", "m1"}, {"stamps", nullptr}}, row) == "");
  CHECK(row.state == "queued");
  CHECK(row.body.kind == "none");
}

TEST_CASE("Promise 27: a field that a newer version added is not in the way") {
  CHECK(error_of(R"({"id": "m1", "colour": "red"})") == "");
}

TEST_CASE("A field of another kind is named, never guessed") {
  CHECK(error_of(R"({"id": 5})") == "id");
  CHECK(error_of(R"({"seq": "5"})") == "seq");
  CHECK(error_of(R"({"seq": 1e300})") == "seq");
  CHECK(error_of(R"({"seq": 18446744073709551615})") == "seq");
  CHECK(error_of(R"({"seq": -9223372036854775808})") == "seq");
  CHECK(error_of(R"({"answered": 1})") == "answered");
  CHECK(error_of(R"({"stamps": "s"})") == "stamps");
  CHECK(error_of(R"({"stamps": [1]})") == "stamps");
  CHECK(error_of(R"({"headers": [["a"]]})") == "headers");
  CHECK(error_of(R"({"headers": {"a": "b"}})") == "headers");
  CHECK(error_of(R"({"body": "text"})") == "body");
  CHECK(error_of(R"({"body": {"size": "big"}})") == "body");
  CHECK(error_of("[]") == "not an object");
  CHECK(error_of("null") == "not an object");
}

TEST_CASE("Fractions of a millisecond are cut") {
  Mutation row;
  CHECK(read_fields(Json{{"createdAt", 1700000000000.75}}, row) == "");
  CHECK(row.created_at == 1'700'000'000'000);
}
