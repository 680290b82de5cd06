#include "drawn.hpp"

#include <algorithm>
#include <ctime>
#include <iterator>

#include "codec/time.hpp"

namespace holdfast::test {
namespace {

const char* const kWords[] = {"red", "green", "blue", "black", "white", "grey", "amber"};
const char* const kSkus[] = {"soup", "rice", "tea", "cake", "bread"};

const Json kSteps = {{"placed", {"accepted", "cancelled"}}, {"accepted", {"picked-up", "cancelled"}}, {"picked-up", {"delivered"}},
                     {"delivered", Json::array()}, {"cancelled", Json::array()}};

Json word(Random& random) { return kWords[random.up_to(std::size(kWords) - 1)]; }

void edit_status(Json& document, Random& random) {
  const Json& next = kSteps[document["status"].get<std::string>()];
  if (!next.empty()) document["status"] = next[static_cast<std::size_t>(random.up_to(static_cast<Millis>(next.size()) - 1))];
}

void edit_note(Json& document, Random& random) {
  const std::string note = document["note"];
  const std::string line = word(random).get<std::string>() + " " + word(random).get<std::string>() + "\n";
  const Millis dice = random.up_to(3);
  const std::size_t end = note.find('\n');
  if (dice == 0) document["note"] = line + note;
  else if (dice == 1 && end != std::string::npos) document["note"] = note.substr(0, end) + " " + line + note.substr(end + 1);
  else document["note"] = note + line;
  if (note.size() > 200) document["note"] = note.substr(note.find('\n') + 1);
}

void edit_items(Json& document, Random& random) {
  Json& items = document["items"];
  const std::string sku = kSkus[random.up_to(std::size(kSkus) - 1)];
  const auto found = std::find_if(items.begin(), items.end(), [&](const Json& item) { return item["sku"] == sku; });
  const Millis dice = random.up_to(3);
  if (found == items.end()) {
    const auto at = items.begin() + random.up_to(static_cast<Millis>(items.size()));
    items.insert(at, Json{{"sku", sku}, {"count", 1}, {"remark", word(random)}});
  } else if (dice == 0) {
    items.erase(found);
  } else if (dice == 1) {
    (*found)["count"] = (*found)["count"].get<std::int64_t>() + 1 + random.up_to(3);
  } else if (dice == 2) {
    (*found)["remark"] = word(random);
  } else {
    std::rotate(items.begin(), found, items.end());
  }
}

void edit_tags(Json& document, Random& random) {
  Json& tags = document["tags"];
  const Json tag = word(random);
  const auto found = std::find(tags.begin(), tags.end(), tag);
  if (found == tags.end()) tags.push_back(tag);
  else tags.erase(found);
}

void edit(Json& document, Random& random) {
  static const char* const kPlain[] = {"owner", "price", "door", "colour", "custom", "remark"};
  const Millis dice = random.up_to(13);
  const auto number = [&](const char* name, Millis by) { document[name] = document[name].get<std::int64_t>() + random.up_to(2 * by) - by; };
  if (dice <= 2) return number("tip", 5);
  if (dice == 3) document["stock"] = std::max<std::int64_t>(0, document["stock"].get<std::int64_t>() + random.up_to(6) - 3);
  else if (dice == 4) edit_status(document, random);
  else if (dice == 5) edit_note(document, random);
  else if (dice <= 7) edit_items(document, random);
  else if (dice == 8) edit_tags(document, random);
  else if (dice == 9) number("high", 9);
  else if (dice == 10) number("low", 9);
  else if (dice == 11) document["address"][random.up_to(1) == 0 ? "street" : "city"] = word(random);
  else document[kPlain[random.up_to(std::size(kPlain) - 1)]] = word(random);
}

}  // namespace

Json all_policies(std::uint64_t seed) {
  const Json fields = {
      {"status", {{"transitions", kSteps}, {"unreachable", seed % 4 == 0 ? "ask" : "overrule"}, {"exceptions", Json::array({Json::array({"cancelled", "delivered"})})}}},
      {"tip", "counter"}, {"stock", {{"counter", {{"min", 0}}}}}, {"note", "text"}, {"items", {{"list", "sku"}}}, {"/items/*/count", "counter"},
      {"tags", "set"}, {"high", "max"}, {"low", "min"}, {"owner", "client-wins"}, {"price", "server-wins"}, {"door", "manual"},
      {"colour", "last-write-wins"}, {"custom", {{"resolver", "custom"}}}, {"address", "merge"}, {"remark", {{"otherwise", "client-wins"}}}};
  return {{"conflicts", {{"fields", fields}, {"default", {{"deleted", seed % 5 == 0 ? "keep" : seed % 5 == 1 ? "delete" : "ask"}}}}}};
}

Json first_document(const std::string& id) {
  return {{"id", id}, {"status", "placed"}, {"tip", 10}, {"stock", 5}, {"note", "ring twice\nthird floor\n"},
          {"items", Json::array({Json{{"sku", "soup"}, {"count", 1}, {"remark", "hot"}}, Json{{"sku", "rice"}, {"count", 2}, {"remark", "much"}}})},
          {"tags", Json::array({"red"})}, {"high", 10}, {"low", 10}, {"owner", "ann"}, {"price", "low"}, {"door", "left"},
          {"colour", "blue"}, {"custom", "one"}, {"address", {{"street", "Long Street"}, {"city", "York"}}}, {"remark", "none"}};
}

Json edited(Json document, Random& random) {
  const Json before = document;
  for (int tries = 0; tries < 5 && document == before; ++tries) {
    for (Millis count = random.up_to(2); count >= 0; --count) edit(document, random);
  }
  return document;
}

Json changes_between(const Json& before, const Json& after) {
  Json patch = Json::object();
  for (const auto& [name, value] : after.items()) if (!before.contains(name) || before[name] != value) patch[name] = value;
  for (const auto& [name, value] : before.items()) if (!after.contains(name)) patch[name] = nullptr;
  return patch;
}

std::string http_date(Millis at) {
  const std::time_t seconds = static_cast<std::time_t>(at / 1'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

std::string iso_date(Millis at) { return format_timestamp(at); }

}  // namespace holdfast::test
