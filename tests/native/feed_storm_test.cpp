// A device and a server with a feed, in whatever order requests, answers and changes arrive: nothing that is shown goes
// back, nothing is shown twice, and in the end the device shows what the server has.
#include <map>
#include <optional>
#include <random>

#include "fed.hpp"

using namespace holdfast::test;

namespace {

/// A server that keeps answers by key, and tells of each change.
class Server {
 public:
  struct Entity {
    Json document;
    int version = 0;
  };

  /// @param bare answers often leave the document out
  Server(std::mt19937& random, bool bare) : random_(random), bare_(bare) {}

  /// Carries a request out, or repeats what it answered to its key.
  Json carry(const Json& send) {
    const std::string key = send["key"];
    const auto kept = answers_.find(key);
    if (kept != answers_.end()) return kept->second;
    const Json answer = judge(send);
    // What a precondition stops has changed nothing, and isn't kept.
    if (answer["status"] != 412) answers_[key] = answer;
    return answer;
  }

  Json look(const std::string& id) const {
    const auto found = entities.find(id);
    if (found == entities.end() || found->second.document.is_null()) return {{"status", 404}};
    return {{"status", 200}, {"body", found->second.document.dump()}, {"etag", etag(found->second)}};
  }

  /// Somebody else changes an entity, or takes it away.
  void change(const std::string& id, int value, bool take_away) {
    Entity& entity = entities[id];
    if (!entity.document.is_null() && take_away) {
      entity.document = nullptr;
    } else {
      if (entity.document.is_null()) entity.document = Json::object();
      entity.document["door"] = value;
    }
    note(id, entity, "");
  }

  std::map<std::string, Entity> entities;
  std::map<std::string, int> applied;  ///< by write
  std::vector<Json> feed;

 private:
  static std::string etag(const Entity& entity) { return "\"" + std::to_string(entity.version) + "\""; }

  void note(const std::string& id, Entity& entity, const std::string& key) {
    entity.version += 1;
    if (!entity.document.is_null()) entity.document.update({{"id", id}, {"version", entity.version}});
    Json change = entity.document.is_null() ? removal(id, entity.version) : upsert(entity.document, entity.version, {{"etag", etag(entity)}});
    if (!key.empty()) change["key"] = key;
    feed.push_back(std::move(change));
  }

  Json judge(const Json& send) {
    const std::string path = send["url"].get<std::string>().substr(std::string(kApp).size() + std::string("/api/orders").size());
    const bool creation = path.empty();
    const auto slash = path.find('/', 1);
    const bool action = slash != std::string::npos;
    const std::string id = creation ? std::to_string(++last_) : path.substr(1, slash - 1);
    const bool there = entities.contains(id) && !entities[id].document.is_null();
    if (!creation && !there && send["method"] != "PUT") return {{"status", 404}};
    const Json match = header(send, "if-match"), none = header(send, "if-none-match");
    if (!match.is_null() && match != etag(entities[id])) return {{"status", 412}};
    if (!none.is_null() && there) return {{"status", 412}};

    Entity& entity = entities[id];
    if (send["method"] == "DELETE") entity.document = nullptr;
    else if (action) entity.document["acted"] = entity.version;
    else if (send["method"] == "PATCH") entity.document.merge_patch(body_of(send));
    else entity.document = body_of(send);
    if (!entity.document.is_null()) entity.document["total"] = entity.version * 7;
    note(id, entity, send["key"]);
    applied[send["id"]] += 1;

    if (entity.document.is_null()) return {{"status", 204}};
    if (bare_ && action) return {{"status", 200}, {"body", R"({"ok":true})"}};
    if (bare_ && !creation && random_() % 2 == 0) return {{"status", 204}};
    return {{"status", 200}, {"body", entity.document.dump()}, {"etag", etag(entity)}};
  }

  std::mt19937& random_;
  bool bare_;
  int last_ = 100;
  std::map<std::string, Json> answers_;
};

Json resource_of(bool rules) {
  Json resource = kVersioned;
  if (rules) resource["conflicts"] = {{"fields", {{"tip", "counter"}}}};
  return resource;
}

class FeedStorm {
 public:
  FeedStorm(unsigned seed, bool rules, bool bare) : random_(seed), server_(random_, bare), device_(resource_of(rules)), rules_(rules) {
    device_.draw = seed * 1000;
    device_.counts();
  }

  /// @return what went wrong, or an empty text
  std::string run() {
    for (int i = 0; i < 40 && wrong_.empty(); ++i) {
      device_.now += 1 + roll(2'000);
      act(i);
      look();
    }
    settle();
    compare();
    return wrong_;
  }

 private:
  int roll(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }
  template <class List> auto& any(List& list) { return list[static_cast<std::size_t>(roll(static_cast<int>(list.size())))]; }

  void act(int i) {
    switch (roll(9)) {
      case 0: case 1: write_something(i); break;
      case 2: others(i); break;
      case 3:
        if (roll(2) == 0) device_.now += 60'000;
        for (const Json& send : pump(device_)) flying_.push_back(send);
        break;
      case 4: case 5: if (!flying_.empty()) land(); break;
      case 6: case 7: tell(static_cast<std::size_t>(1 + roll(3))); break;
      default: if (roll(4) == 0) kill();
    }
  }

  void write_something(int i) {
    const std::string id = any(known_);
    const std::string path = "/api/orders/" + id;
    switch (roll(rules_ ? 4 : 6)) {
      case 0: case 1: capture(device_, write("PATCH", path, {{"note", i}})); break;
      case 2: known_.push_back(capture(device_, write("POST", "/api/orders", {{"tip", i}}))); break;
      case 3: capture(device_, write("POST", path + "/act")); break;
      case 4: capture(device_, write("DELETE", path)); break;
      default: capture(device_, write("PUT", path, {{"id", id}, {"tip", i}}));
    }
  }

  void others(int i) {
    std::vector<std::string> ids{"1", "2"};
    for (const auto& [id, entity] : server_.entities) ids.push_back(id);
    server_.change(any(ids), i, roll(3) == 0);
  }

  void land() {
    const auto at = static_cast<std::size_t>(roll(static_cast<int>(flying_.size())));
    // Often a request is carried out long before its answer is there.
    if (roll(3) == 0) return carry_out(flying_[at]);
    Json send = flying_[at];
    flying_.erase(flying_.begin() + static_cast<long>(at));
    switch (roll(6)) {
      case 0: device_.step(failure(send["id"], send["attempt"])); break;
      case 1: carry_out(send), device_.step(failure(send["id"], send["attempt"])); break;
      case 2: device_.step(answer(send["id"], send["attempt"], 503)); break;
      default: arrive(send);
    }
  }

  void carry_out(Json& send) {
    if (send["lookup"] != true && !send.contains("answer")) send["answer"] = server_.carry(send);
  }

  void arrive(Json send) {
    carry_out(send);
    const std::string url = send["url"];
    const Json told = send["lookup"] == true ? server_.look(url.substr(url.rfind('/') + 1)) : send["answer"];
    const std::string etag = told.value("etag", "");
    device_.step(answer(send["id"], send["attempt"], told["status"], told.value("body", ""), as_json(etag.empty() ? nullptr : etag.c_str())));
  }

  void tell(std::size_t most) {
    Json changes = Json::array();
    for (; most > 0 && told_ < server_.feed.size(); --most) changes.push_back(server_.feed[told_++]);
    if (changes.empty()) return;
    device_.now += 1;
    const std::string after = device_.feed()["cursor"];
    const Json message{{"type", "changes"}, {"after", after}, {"cursor", "c" + std::to_string(told_)}, {"changes", changes}, {"more", false}};
    if (device_.tell(message)["how"] != "applied") wrong_ = "a batch wasn't taken";
  }

  void kill() {
    for (Json& send : flying_) if (roll(2) == 0) carry_out(send);
    flying_.clear();
    device_.kill();
  }

  /// What is shown never goes back, and nothing is in the list twice.
  void look() {
    for (const std::string id : {"1", "2", "101", "102", "103"}) {
      const Json shown = device_.shown("/api/orders/" + id);
      if (shown["pending"] != 0 || !shown["document"].is_object() || !shown["document"].contains("version")) continue;
      const int version = shown["document"]["version"];
      if (version < seen_[id]) wrong_ = id + " went back from " + std::to_string(seen_[id]) + " to " + std::to_string(version);
      seen_[id] = std::max(seen_[id], version);
    }
    std::map<std::string, int> times;
    for (const Json& one : device_.shown("/api/orders")["changes"]) {
      if (++times[one["id"].get<std::string>()] > 1) wrong_ = "twice in the list: " + one["id"].dump();
    }
  }

  /// The network is there from now on.
  void settle() {
    for (int i = 0; i < 400 && wrong_.empty() && (device_.count("mutations") > 0 || told_ < server_.feed.size()); ++i) {
      device_.now += 60'000;
      device_.step({{"type", "tick"}, {"trigger", "call"}});
      for (const Json& send : pump(device_)) flying_.push_back(send);
      for (const Json& send : flying_) arrive(send);
      flying_.clear();
      if (i > 2) tell(2);
      look();
    }
  }

  void compare() {
    if (!wrong_.empty()) return;
    if (device_.count("mutations") > 0) wrong_ = "not drained";
    for (const auto& [id, times] : server_.applied) if (times > 1) wrong_ = "carried out twice: " + id;
    for (const auto& [id, entity] : server_.entities) {
      if (entity.version == 0) continue;
      const Json shown = device_.shown("/api/orders/" + id)["document"];
      if (shown != entity.document) wrong_ = id + " is " + entity.document.dump() + ", and shown is " + shown.dump();
    }
  }

  std::mt19937 random_;
  Server server_;
  Fed device_;
  bool rules_;
  std::size_t told_ = 0;
  std::vector<Json> flying_;
  std::vector<std::string> known_{"1", "2"};
  std::map<std::string, int> seen_;
  std::string wrong_;
};

}  // namespace

TEST_CASE("Promise 25: in whatever order answers and changes arrive, what is shown never goes back and ends as the server's") {
  for (const bool rules : {false, true}) {
    for (const bool bare : {false, true}) {
      for (unsigned seed = 1; seed <= 30; ++seed) {
        const std::string wrong = FeedStorm(seed, rules, bare).run();
        CHECK_MESSAGE(wrong.empty(), "seed ", seed, rules ? ", rules" : "", bare ? ", bare" : "", ": ", wrong);
      }
    }
  }
}
