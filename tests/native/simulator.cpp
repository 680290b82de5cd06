#include "simulator.hpp"

#include <algorithm>
#include <cstdio>

namespace holdfast::test {
namespace {

Json world_config(std::uint64_t seed, const Json& idempotency) {
  Json resource{{"idempotency", idempotency}};
  if (seed % 5 == 0) resource["lane"] = "desk";
  return orders_config(resource, {{"retry", {{"sendsMax", 1 + static_cast<std::int64_t>(seed % 5)}}}});
}

int act_of(const Json& text) { return Json::parse(text.get<std::string>())["act"].get<int>(); }

}  // namespace

World::World(std::uint64_t seed, bool loud, const Json& idempotency)
    : device(world_config(seed, idempotency)), random_("world " + std::to_string(seed)), loud_(loud), keys_(idempotency == "header"),
      sends_max_(1 + seed % 5), server_(Random("server " + std::to_string(seed))) {
  device.now = offset_;
}

void World::log(const std::string& what) {
  if (loud_) std::fprintf(stderr, "%8lld  %s\n", static_cast<long long>(time_), what.c_str());
}

void World::wrong(const std::string& what) {
  log("WRONG: " + what);
  if (failure_.empty()) failure_ = "at " + std::to_string(time_) + " ms: " + what;
}

void World::later(Millis wait, std::function<void()> what) {
  queue_.push_back({time_ + std::max<Millis>(0, wait), ++orders_, std::move(what)});
  std::push_heap(queue_.begin(), queue_.end());
}

void World::elapse(Millis span) {
  const Millis end = time_ + span;
  while (failure_.empty() && !queue_.empty() && queue_.front().at <= end) {
    std::pop_heap(queue_.begin(), queue_.end());
    Later next = std::move(queue_.back());
    queue_.pop_back();
    time_ = next.at;
    device.now = time_ + offset_;
    next.what();
  }
  time_ = end;
  device.now = time_ + offset_;
}

// --- The host -------------------------------------------------------------------------------------------------------

bool World::submit(const Json& event) {
  if (chance(2)) {
    log("storage fails: " + event["type"].get<std::string>());
    device.step_lost(event);
    return false;
  }
  const Json effects = device.step(event);
  // Killed between the commit and the effects: only what is in the rows goes on. A page without a stamp can't be
  // told then that its row says "answered" while it never was; that is why pages carry stamps.
  const bool stamped = std::all_of(acts_.begin(), acts_.end(), [](const Act& act) { return !act.page_waits || act.request.contains("stamp"); });
  if (stamped && chance(3)) {
    log("killed after the commit of " + event["type"].get<std::string>());
    kill();
    return true;
  }
  for (const Json& effect : effects) act_on(effect);
  pump();
  return true;
}

void World::pump() {
  const Json effects = device.step({{"type", "pump"}});
  check();
  for (const Json& effect : effects) act_on(effect);
}

void World::act_on(const Json& effect) {
  const std::string what = effect["do"];
  if (what == "refused" || what == "problem") wrong(effect.dump());
  if (what == "attach") {
    const std::size_t act = waiting_.at(effect["waiter"]);
    const std::string id = effect["id"];
    if (!acts_[act].id.empty() && acts_[act].id != id) wrong("act " + std::to_string(act) + " became two writes");
    acts_[act].id = id;
    by_id_[id] = act;
    later(effect["timeoutMs"], [this, id, act] {
      if (acts_[act].page_waits) submit({{"type", "waited"}, {"id", id}});
    });
  }
  if (what == "respond" || what == "outcome") {
    if (effect.contains("waiter")) {
      acts_[waiting_.at(effect["waiter"])].page_waits = false;
      by_id_[effect["id"]] = waiting_.at(effect["waiter"]);
      acts_[waiting_.at(effect["waiter"])].id = effect["id"];
    } else if (by_id_.count(effect["id"]) > 0) {
      acts_[by_id_[effect["id"]]].page_waits = false;
    }
  }
  if (what == "outcome" && effect["state"] == "unknown") unsure += 1;
  if (what == "refuse" && effect.contains("waiter")) acts_[waiting_.at(effect["waiter"])].refused = true;
  if (what == "send") send(effect);
  if (what == "refresh_credentials") {
    const std::string life = device.life;
    const bool ok = !chance(40);
    later(pick(3'000), [this, life, ok] {
      if (life != device.life) return;
      if (ok) server_.signed_in = true;
      submit({{"type", "session"}, {"action", "credentials"}, {"origin", kApp}, {"ok", ok}});
    });
  }
  if (what == "pumped" && !effect["wakeAt"].is_null()) {
    const std::uint64_t timer = ++timer_;
    const Millis wait = std::clamp<Millis>(effect["wakeAt"].get<Millis>() - device.now, 0, 25'000);
    later(wait, [this, timer] {
      if (timer == timer_) submit({{"type", "tick"}, {"trigger", "timer"}});
    });
  }
}

/// Without a key only what is idempotent may arrive twice.
bool World::resendable(int act) const { return !keys_ && acts_[static_cast<std::size_t>(act)].request["method"] == "PATCH"; }

/// One request arrives. @return the event of its answer; null if there is none
Json World::received(const Json& effect, int act) {
  const std::string id = effect["id"];
  const bool lookup = effect["lookup"];
  SimAnswer got;
  Json body = Json::array();
  if (lookup) {
    got = server_.look(faults_);
    for (const auto& [applied, times] : server_.applied) {
      if (times > 0) body.push_back({{"id", acts_[static_cast<std::size_t>(applied)].entity}, {"act", applied}});
    }
  } else {
    const auto before = server_.applied[act];
    got = server_.receive(effect["key"], effect["method"].get<std::string>() + effect["url"].get<std::string>() + effect["body"].get<std::string>(), act, faults_);
    if (!server_.mistake.empty()) wrong(server_.mistake);
    if (server_.applied[act] > before) check_order(id);
    if (server_.applied[act] > 1 && !resendable(act)) wrong("act " + std::to_string(act) + " was applied twice");
    body = {{"id", acts_[static_cast<std::size_t>(act)].entity}};
  }
  log("server: act " + std::to_string(act) + (lookup ? " looked up -> " : " -> ") + std::to_string(got.status));
  if (got.status == 0) return nullptr;
  return answer(id, effect["attempt"], got.status, got.status == 200 ? body.dump() : "",
                got.retry_after.empty() ? Json::object() : with_headers({{"retry-after", got.retry_after.c_str()}}));
}

void World::send(const Json& effect) {
  const std::string id = effect["id"];
  const std::int64_t attempt = effect["attempt"];
  const Json row = device.row("mutations", id);
  const int act = act_of(row["body"]["text"]);
  if (effect["user"] != device.row("meta", "session")["user"] || effect["user"] != row["user"]) {
    wrong("act " + std::to_string(act) + " left as another user");
  }
  if ((effect["key"] != "") != keys_) wrong("a key was sent to a server that knows none");
  flights_.insert({id, attempt});
  log((effect["lookup"] ? "look up act " : "send act ") + std::to_string(act) + " attempt " + std::to_string(attempt));

  const std::string life = device.life;
  const Millis there = chance(10) ? pick(20'000) : 1 + pick(200);
  const Millis back = chance(10) ? pick(20'000) : 1 + pick(200);
  later(there, [=, this] {
    // What is still on its way when its connection is cut may arrive all the same; only a key helps against that.
    if (!keys_ && (life != device.life || flights_.count({id, attempt}) == 0)) return;
    const Json event = received(effect, act);
    if (event.is_null()) {
      later(back, [=, this] { if (life == device.life) hand_in(failure(id, attempt)); });
      return;
    }
    const int times = chance(5) ? 2 : 1;
    for (int i = 0; i < times; ++i) {
      later(back + i * pick(5'000), [=, this] { if (life == device.life) hand_in(event); });
    }
  });
  // The host gives up; an answer that still comes is handed in all the same, since the engine must bear it.
  later(effect["timeoutMs"], [=, this] {
    if (life == device.life && flights_.count({id, attempt}) > 0) hand_in(failure(id, attempt, "timeout"));
  });
}

void World::hand_in(const Json& given) {
  Json event = given;
  const std::string id = event["id"];
  flights_.erase({id, event["attempt"].get<std::int64_t>()});
  if (event["type"] == "answered") event["waiting"] = by_id_.count(id) > 0 && acts_[by_id_[id]].page_waits;
  if (submit(event) || event["type"] != "answered") return;
  submit(failure(id, event["attempt"]));
}

void World::kill() {
  log("kill");
  flights_.clear();
  ++timer_;
  device.kill();
  // The browser delivers what was never answered once more, unless the page has gone.
  for (std::size_t i = 0; i < acts_.size(); ++i) {
    if (!acts_[i].page_waits) continue;
    if (chance(20)) {
      log("page of act " + std::to_string(i) + " is gone");
      acts_[i].page_waits = false;
    } else {
      later(pick(500), [this, i, life = device.life] { if (life == device.life && acts_[i].page_waits) deliver(i); });
    }
  }
  later(pick(2'000), [this] { submit({{"type", "tick"}, {"trigger", "start"}}); });
}

// --- People and fate ------------------------------------------------------------------------------------------------

void World::write_something() {
  Act act;
  act.user = user_;
  act.entity = "e" + std::to_string(pick(4));
  const Json body{{"id", act.entity}, {"act", acts_.size()}};
  const bool create = pick(4) == 0;
  const bool whole = !create && pick(11) == 0;
  if (whole) act.entity.clear();
  act.request = write(create ? "POST" : "PATCH", create || whole ? "/api/orders" : "/api/orders/" + act.entity, body);
  act.request["client"] = "tab " + std::to_string(pick(2));
  if (pick(3) > 0) act.request["stamp"] = "stamp " + std::to_string(acts_.size());
  act.page_waits = true;
  log("act " + std::to_string(acts_.size()) + " by " + act.user + " on " + act.entity);
  acts_.push_back(act);
  deliver(acts_.size() - 1);
}

void World::deliver(std::size_t act) {
  Json event = acts_[act].request;
  event["waiter"] = ++waiter_;
  event["at"] = device.now;
  waiting_[waiter_] = act;
  acts_[act].deliveries += 1;
  if (submit(event)) return;
  acts_[act].page_waits = false;
  // A first delivery may have been kept although its page never heard of it.
  acts_[act].refused = acts_[act].deliveries == 1;
}

void World::sign_in(const std::string& user) {
  log("sign in " + user);
  if (!submit({{"type", "session"}, {"action", "sign-in"}, {"user", user}})) return;
  server_.signed_in = true;
}

void World::discard_all() {
  log("discard");
  std::set<int> before;
  for (const Json& row : device.store.rows("mutations")) {
    if (row["user"] == user_) before.insert(act_of(row["body"]["text"]));
  }
  if (!submit({{"type", "session"}, {"action", "discard"}})) return;
  for (const int act : before) acts_[act].discarded = true;
}

void World::decide_something() {
  const auto entries = device.store.rows("inbox");
  if (entries.empty()) return;
  const Json entry = entries[static_cast<std::size_t>(pick(static_cast<Millis>(entries.size()) - 1))];
  if (entry["user"] != user_) return;
  const int act = act_of(entry["mutation"]["body"]["text"]);
  // Of a write that nobody knows about, a person looks what has become of it.
  const bool away = entry["reason"] == "unknown-outcome" ? server_.applied[act] > 0 : pick(3) == 0;
  log(std::string(away ? "discard" : "retry") + " inbox entry of act " + std::to_string(act));
  const bool done = submit({{"type", "decided"}, {"id", entry["id"]}, {"action", away ? "discard" : "retry"}});
  if (away && done) acts_[act].discarded = true;
}

void World::jump() {
  static constexpr Millis kJumps[] = {365LL * 86'400'000, 3'600'000, 600'000, 40'000, 1'000};
  const Millis by = kJumps[pick(4)] * (pick(1) == 0 ? 1 : -1);
  log("the clock jumps by " + std::to_string(by));
  offset_ += by;
  device.now = time_ + offset_;
}

void World::fate() {
  static const char* const kTriggers[] = {"online", "page-shown", "call", "request-succeeded"};
  const Millis dice = pick(99);
  if (dice < 50) return write_something();
  if (dice < 58) return kill();
  if (dice < 64) {
    server_.reachable = !server_.reachable;
    return log(server_.reachable ? "light" : "dark");
  }
  if (dice < 68) return jump();
  if (dice < 71) {
    server_.signed_in = false;
    return log("the session ends");
  }
  if (dice < 77) {
    const std::string user = pick(2) == 0 ? "ben" : "ann";
    // Later decisions look at the person that the rows know.
    sign_in(user);
    user_ = device.row("meta", "session").value("user", "");
    return;
  }
  if (dice < 79) return discard_all();
  if (dice < 86) return decide_something();
  submit({{"type", "tick"}, {"trigger", kTriggers[pick(3)]}, {"origin", kApp}});
}

std::string World::run() {
  device.step({{"type", "session"}, {"action", "sign-in"}, {"user", user_}});
  for (int i = 0; i < 20 && failure_.empty(); ++i) {
    fate();
    elapse(pick(3) == 0 ? pick(20'000) : pick(800));
  }
  log("--- faults stop ---");
  faults_ = false;
  server_.reachable = true;
  if (failure_.empty()) kill();
  for (const char* user : {"ann", "ben", "ann"}) {
    if (!failure_.empty()) break;
    user_ = user;
    sign_in(user);
    elapse(60'000);
  }
  for (const char* store : {"mutations", "lanes", "meta"}) {
    for (const Json& row : device.store.rows(store)) log(std::string(store) + " " + row.dump());
  }
  if (failure_.empty() && device.count("mutations") > 0) wrong(std::to_string(device.count("mutations")) + " writes did not drain");
  if (failure_.empty() && device.count("lanes") > 0) wrong("a lane is left");
  for (std::size_t i = 0; failure_.empty() && i < acts_.size(); ++i) {
    const Act& act = acts_[i];
    if (act.page_waits) wrong("the page of act " + std::to_string(i) + " never got an answer");
    const bool kept = !act.id.empty() && !act.discarded && device.row("inbox", act.id).is_null() &&
                      device.row("outcomes", act.id).value("state", "") == "confirmed";
    const auto times = server_.applied[static_cast<int>(i)];
    if (kept && (times < 1 || (times > 1 && !resendable(static_cast<int>(i))))) wrong("act " + std::to_string(i) + " was confirmed and not applied");
    if (act.refused && server_.applied[static_cast<int>(i)] > 0) wrong("a refused act was applied");
  }
  return failure_;
}

// --- Safety ---------------------------------------------------------------------------------------------------------

void World::check() {
  if (!failure_.empty()) return;
  const auto under_way = device.row("meta", "sends")["list"].size();
  if (under_way > sends_max_) wrong("too many attempts are under way");
  check_counts();
  check_lanes();
  check_acts();
}

void World::check_counts() {
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> real;
  for (const auto& [key, row] : device.store.table("mutations")) real[row["user"]].first += 1;
  for (const auto& [key, row] : device.store.table("inbox")) real[row["user"]].second += 1;
  for (const char* user : {"ann", "ben", ""}) {
    const Json row = device.row("meta", std::string("counts ") + user);
    const auto pending = row.is_null() ? 0 : row["pending"].get<std::int64_t>();
    const auto inbox = row.is_null() ? 0 : row["inbox"].get<std::int64_t>();
    if (pending != real[user].first || inbox != real[user].second) wrong("counts of '" + std::string(user) + "' are wrong");
  }
}

void World::check_lanes() {
  struct Real { std::int64_t length = 0, head_seq = kNever, tail_seq = -1; std::string head, tail; };
  std::map<std::string, Real> real;
  for (const auto& [key, row] : device.store.table("mutations")) {
    Real& lane = real[row["lane"]];
    const auto seq = row["seq"].get<std::int64_t>();
    lane.length += 1;
    if (seq < lane.head_seq) lane.head_seq = seq, lane.head = row["id"];
    if (seq > lane.tail_seq) lane.tail_seq = seq, lane.tail = row["id"];
  }
  if (real.size() != device.count("lanes")) return wrong("a write has no lane, or a lane no write");
  for (const auto& [key, row] : device.store.table("lanes")) {
    const Real& lane = real[row["lane"]];
    if (row["length"] != lane.length || row["head"] != lane.head || row["tail"] != lane.tail) wrong("lane " + row.dump());
  }
}

void World::check_acts() {
  for (std::size_t i = 0; i < acts_.size(); ++i) {
    const std::string& id = acts_[i].id;
    if (id.empty()) continue;
    const bool pending = !device.row("mutations", id).is_null();
    const bool inbox = !device.row("inbox", id).is_null();
    const Json outcome = device.row("outcomes", id);
    const std::string state = outcome.is_null() ? "" : outcome["state"].get<std::string>();
    const bool over = !inbox && !state.empty();
    if (pending + inbox + over != 1) wrong("act " + std::to_string(i) + " is in " + std::to_string(pending + inbox + over) + " places");
    const auto times = server_.applied[static_cast<int>(i)];
    if (state == "confirmed" && (times < 1 || (times > 1 && !resendable(static_cast<int>(i))))) wrong("act " + std::to_string(i) + " is confirmed but not applied once");
  }
}

/// When a write is applied, none that stands before it in its lane may still have to be; and none at all of its
/// resource, where one of the two is for the whole collection.
void World::check_order(const std::string& id) {
  const Json applied = device.row("mutations", id);
  if (applied.is_null()) return;
  for (const Json& row : device.store.rows("mutations")) {
    const bool barrier = row["user"] == applied["user"] && (row["entity"] == "" || applied["entity"] == "");
    if ((row["lane"] != applied["lane"] && !barrier) || row["seq"] >= applied["seq"]) continue;
    if (server_.applied[act_of(row["body"]["text"])] == 0) wrong(barrier ? "a write overtook a barrier" : "a write overtook another in its lane");
  }
}

}  // namespace holdfast::test
