#include "storm.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

#include "drawn.hpp"

namespace holdfast::test {
namespace {

constexpr int kPeople = 5;
constexpr Millis kHour = 3'600'000;
constexpr Millis kEpoch = 1'700'000'000'000;

std::optional<Json> document_of(const Json& json) { return json.is_object() ? std::optional(json) : std::nullopt; }

}  // namespace

void Tally::add(const Tally& other) {
  seeds += other.seeds, steps += other.steps, acts += other.acts, confirmed += other.confirmed, merged += other.merged;
  overruled += other.overruled, asked += other.asked, diverged += other.diverged, lost_deltas += other.lost_deltas;
  silent += other.silent;
  wrong.insert(wrong.end(), other.wrong.begin(), other.wrong.end());
}

Storm::Storm(std::uint64_t seed, bool loud)
    : random_("storm " + std::to_string(seed)), loud_(loud), server_({seed % 3 != 0, seed % 2 == 0, seed % 5 == 0 ? 409 : 412, seed % 7 < 3}) {
  if (seed % 4 < 2) server_.refuses = [this] { return faults_ && chance(6); };
  tally_.seeds = 1;
  for (const char* entity : kEntities) server_.make(entity, first_document(entity));
  for (std::size_t number = 0; number < kPeople; ++number) {
    auto& person = people_.emplace_back(std::make_unique<Person>(number, orders_config(all_policies(seed))));
    if (person->device.configured.find("\"ok\":true") == std::string::npos) wrong(person->device.configured);
    person->skew = random_.up_to(2 * kHour) - kHour;
    person->device.life = "life-1 of " + std::to_string(number);
    person->device.draw = static_cast<std::uint64_t>(number) << 32;
    step(*person, {{"type", "session"}, {"action", "sign-in"}, {"user", "person " + std::to_string(number)}});
  }
}

void Storm::log(const std::string& what) {
  if (loud_) std::fprintf(stderr, "%8lld  %s\n", static_cast<long long>(time_), what.c_str());
}

void Storm::wrong(const std::string& what) {
  log("WRONG: " + what);
  tally_.wrong.push_back(what);
}

void Storm::later(Millis wait, std::function<void()> what) {
  queue_.push_back({time_ + std::max<Millis>(0, wait), ++orders_, std::move(what)});
  std::push_heap(queue_.begin(), queue_.end());
}

void Storm::elapse(Millis span) {
  const Millis end = time_ + span;
  while (!queue_.empty() && queue_.front().at <= end) {
    std::pop_heap(queue_.begin(), queue_.end());
    Later next = std::move(queue_.back());
    queue_.pop_back();
    time_ = next.at;
    next.what();
  }
  time_ = end;
}

// --- The host -------------------------------------------------------------------------------------------------------

Json Storm::step(Person& person, const Json& event) {
  person.device.now = kEpoch + time_ + person.skew;
  tally_.steps += 1;
  Json effects = person.device.step(event);
  for (const Json& entry : person.device.store.rows("inbox")) {
    if (Act* act = act_of(person, entry["id"])) act->was_asked = true;
  }
  return effects;
}

Storm::Act* Storm::act_of(const Person& person, const std::string& id) {
  for (Act& act : acts_) if (act.person == person.number && act.id == id) return &act;
  return nullptr;
}

void Storm::submit(Person& person, const Json& event) {
  const Json effects = step(person, event);
  if (faults_ && chance(2)) {
    log(std::to_string(person.number) + " is killed after the commit of " + event["type"].get<std::string>());
    return kill(person);
  }
  for (const Json& effect : effects) act_on(person, effect);
  pump(person);
}

void Storm::pump(Person& person) {
  for (const Json& effect : step(person, {{"type", "pump"}})) act_on(person, effect);
}

void Storm::act_on(Person& person, const Json& effect) {
  const std::string what = effect["do"];
  if (what == "refused" || what == "problem") wrong(effect.dump());
  if (what == "send") send(person, effect);
  if (what == "resolve") resolve(person, effect);
  if (what == "pumped" && !effect["wakeAt"].is_null()) {
    const std::uint64_t timer = ++person.timer;
    later(std::clamp<Millis>(effect["wakeAt"].get<Millis>() - person.device.now, 0, 25'000), [this, &person, timer] {
      if (timer == person.timer) submit(person, {{"type", "tick"}, {"trigger", "timer"}});
    });
  }
}

/// The app's own function: the word that sorts first. Sometimes it fails, or the worker dies over it.
void Storm::resolve(Person& person, const Json& effect) {
  Json values = Json::object();
  for (const Json& question : effect["questions"]) {
    const std::string mine = question.value("mine", ""), theirs = question.value("theirs", "");
    if (!chance(20)) values[question["path"].get<std::string>()] = std::min(mine, theirs);
  }
  later(random_.up_to(2'000), [=, this, &person, life = person.device.life] {
    if (life == person.device.life) submit(person, {{"type", "resolved"}, {"id", effect["id"]}, {"asking", effect["asking"]}, {"values", values.dump()}});
  });
}

Reply Storm::arrives(Person& person, const Json& effect) {
  const std::string url = effect["url"];
  const std::string entity = url.substr(url.rfind('/') + 1);
  if (effect["lookup"]) return server_.read(entity);
  Request request{effect["method"], entity, effect["key"], {}, {}, {}, effect["body"].is_string() ? effect["body"].get<std::string>() : ""};
  for (const Json& header : effect["headers"]) {
    if (header[0] == "if-match") request.if_match = header[1];
    if (header[0] == "if-none-match") request.if_none_match = header[1];
    if (header[0] == "content-type") request.content_type = header[1];
  }
  Act* act = act_of(person, effect["id"]);
  server_.on_applied = [&](const std::optional<Json>& before, const std::optional<Json>& after) {
    if (act != nullptr) note_applied(*act, before, after);
  };
  const Reply reply = server_.write(request, kEpoch + time_);
  server_.on_applied = nullptr;
  if (!server_.mistake.empty()) wrong(server_.mistake);
  server_.mistake.clear();
  log("server: " + std::to_string(person.number) + " " + request.method + " " + entity + " " + request.if_match + " " + request.body + " -> " + std::to_string(reply.status) + " " + reply.etag);
  return reply;
}

void Storm::send(Person& person, const Json& effect) {
  const std::string id = effect["id"];
  const std::int64_t attempt = effect["attempt"];
  person.flights.insert({id, attempt});
  const std::string life = person.device.life;
  const Millis there = faults_ && chance(10) ? random_.up_to(20'000) : 1 + random_.up_to(200);
  const Millis back = faults_ && chance(10) ? random_.up_to(20'000) : 1 + random_.up_to(200);
  const auto fail = [this, &person, life, id, attempt](const char* reason) {
    if (life == person.device.life && person.flights.contains({id, attempt})) hand_in(person, failure(id, attempt, reason));
  };
  later(there, [=, this, &person] {
    const bool lost = faults_ && (!person.reachable || chance(8));
    const bool busy = faults_ && chance(5);
    if (lost) return later(back, [fail] { fail("network"); });
    const Reply reply = busy ? Reply{503, std::nullopt, "", 0} : arrives(person, effect);
    if (faults_ && (!person.reachable || chance(8))) return later(back, [fail] { fail("network"); });  // the answer is lost
    Json headers = Json::array({Json::array({"content-type", "application/json"}), Json::array({"date", http_date(kEpoch + time_)})});
    if (!reply.etag.empty()) headers.push_back(Json::array({"etag", reply.etag}));
    if (reply.document) headers.push_back(Json::array({"last-modified", http_date(reply.changed_at)}));
    const Json event = answer(id, attempt, reply.status, reply.document ? reply.document->dump() : "", {{"headers", headers}});
    later(back, [=, this, &person] { if (life == person.device.life) hand_in(person, event); });
  });
  later(effect["timeoutMs"], [fail] { fail("timeout"); });
}

void Storm::hand_in(Person& person, const Json& event) {
  person.flights.erase({event["id"], event["attempt"].get<std::int64_t>()});
  submit(person, event);
}

void Storm::kill(Person& person) {
  person.flights.clear();
  ++person.timer;
  person.device.now = kEpoch + time_ + person.skew;
  person.device.kill();
  later(random_.up_to(2'000), [this, &person] { submit(person, {{"type", "tick"}, {"trigger", "start"}}); });
}

// --- People and fate ------------------------------------------------------------------------------------------------

Json Storm::shown(Person& person, const std::string& entity) {
  return step(person, {{"type", "read"}, {"url", kApp + ("/api/orders/" + entity)}}).at(0);
}

/// The app reads the item: what the host keeps of the answer is the newest that it knows.
void Storm::look(Person& person, const std::string& entity) {
  const bool reached = !faults_ || (person.reachable && !chance(10));
  if (!reached) return;
  const Reply reply = server_.read(entity, faults_ && chance(20) ? 1 : 0);
  if (!reply.document) return;
  person.device.bases[entity] = *reply.document;
  person.device.etags[entity] = reply.etag;
  person.device.asked[entity] = kEpoch + time_ + person.skew;
}

void Storm::write(Person& person) {
  Act act;
  act.person = person.number;
  act.entity = kEntities[random_.up_to(2)];
  if (chance(60) || !person.device.asked.contains(act.entity)) look(person, act.entity);
  const Json view = shown(person, act.entity);
  act.base = document_of(view["document"]);
  act.version = server_.versions(act.entity).size();
  if (!act.base && (act.entity != kMortal || view["gone"] != true)) return;
  act.mine = act.base ? edited(*act.base, random_) : first_document(act.entity);
  Json event;
  const std::string path = "/api/orders/" + act.entity;
  const Millis dice = random_.up_to(99);
  if (act.entity == kMortal && act.base && dice < 12) {
    act.mine.reset();
    event = test::write("DELETE", path);
  } else if (!act.base || dice < 25) {
    event = test::write("PUT", path, *act.mine);
  } else if (dice < 40) {
    event = test::write("PATCH", path, Json::diff(*act.base, *act.mine), with_headers({{"content-type", "application/json-patch+json"}}));
  } else {
    event = test::write("PATCH", path, changes_between(*act.base, *act.mine), with_headers({{"content-type", "application/merge-patch+json"}}));
  }
  if (act.base && act.mine) act.delta = (*act.mine)["tip"].get<std::int64_t>() - (*act.base)["tip"].get<std::int64_t>();
  act.method = event["method"];
  event["at"] = person.device.now;
  event["stamp"] = "act " + std::to_string(acts_.size());
  const Json effects = step(person, event);
  for (const Json& effect : only(effects, "attach")) act.id = effect["id"];
  if (act.id.empty()) return wrong("a write was not kept: " + effects.dump());
  log(std::to_string(person.number) + " " + act.method + " " + act.entity + " " + event["body"].value("text", ""));
  acts_.push_back(act);
  tally_.acts += 1;
  for (const Json& effect : effects) act_on(person, effect);
  pump(person);
}

void Storm::decide(Person& person) {
  static const char* const kActions[] = {"retry", "merge", "merge", "edit", "discard"};
  for (const Json& entry : person.device.store.rows("inbox")) {
    std::string action = kActions[random_.up_to(4)];
    Act* act = act_of(person, entry["id"]);
    if (act == nullptr) return wrong("an entry of nobody");
    // Of what was turned down nothing else is known, so it can only be sent again.
    if (entry["theirs"] == "" && action != "discard") action = "retry";
    Json event{{"type", "decided"}, {"id", entry["id"]}, {"action", action}};
    if (action == "edit") {
      if (act->method == "DELETE" || entry["mutation"]["body"]["text"].get<std::string>().starts_with('[')) continue;
      // The person writes it anew, seeing what the server has.
      Json seen = Json::parse(entry["theirs"].get<std::string>(), nullptr, false);
      if (!seen.is_object()) continue;
      Json wanted = seen;
      wanted["note"] = "as agreed on the phone";
      event["body"] = (act->method == "PUT" ? wanted : Json{{"note", wanted["note"]}}).dump();
      act->delta = 0;
    }
    const Json effects = step(person, event);
    log(std::to_string(person.number) + " decides: " + action + " of " + entry["reason"].get<std::string>() + " about " + act->entity + (only(effects, "refuse").empty() ? "" : ", which is refused"));
    tally_.asked += 1;
    if (!only(effects, "refuse").empty()) step(person, {{"type", "decided"}, {"id", entry["id"]}, {"action", "discard"}});
    for (const Json& effect : effects) act_on(person, effect);
    return pump(person);
  }
}

void Storm::fate() {
  Person& person = *people_[static_cast<std::size_t>(random_.up_to(kPeople - 1))];
  const Millis dice = random_.up_to(99);
  if (dice < 62) return write(person);
  if (dice < 68) return kill(person);
  if (dice < 80) {
    person.reachable = !person.reachable;
    return log(std::to_string(person.number) + (person.reachable ? " is in the light" : " is in the tunnel"));
  }
  if (dice < 90) return decide(person);
  if (dice < 95) return look(person, kEntities[random_.up_to(2)]);
  submit(person, {{"type", "tick"}, {"trigger", "online"}, {"origin", kApp}});
}

Tally Storm::run() {
  for (int i = 0; i < 60; ++i) {
    fate();
    elapse(chance(15) ? random_.up_to(20'000) : random_.up_to(1'000));
  }
  log("--- healed ---");
  faults_ = false;
  for (auto& person : people_) {
    person->reachable = true;
    kill(*person);
  }
  // What people decide may meet again what others have decided meanwhile; each round settles something.
  for (int round = 0; round < 100; ++round) {
    elapse(120'000);
    bool rest = false;
    for (auto& person : people_) {
      if (person->device.count("inbox") > 0) rest = true, decide(*person);
      rest = rest || person->device.count("mutations") > 0;
    }
    if (!rest) break;
  }
  judge();
  return tally_;
}

}  // namespace holdfast::test
