// What came of a storm: each write is followed from what its person saw to what the server made of it.
#include <algorithm>
#include <map>

#include "drawn.hpp"
#include "storm.hpp"

namespace holdfast::test {
namespace {

/// The document's members, and those of objects in it: parts that are settled one by one, by JSON Pointer.
std::map<std::string, Json> parts_of(const std::optional<Json>& document) {
  std::map<std::string, Json> parts;
  if (!document) return parts;
  for (const auto& [name, value] : document->items()) {
    if (name == kRevision) continue;  // that is nobody's change
    if (!value.is_object()) parts["/" + name] = value;
    else for (const auto& [inner, part] : value.items()) parts["/" + name + "/" + inner] = part;
  }
  return parts;
}

const Json* part(const std::map<std::string, Json>& parts, const std::string& path) {
  const auto found = parts.find(path);
  return found == parts.end() ? nullptr : &found->second;
}

bool equal(const Json* one, const Json* other) { return one == nullptr || other == nullptr ? one == other : *one == *other; }

/// Whether a decision is about this part or something in it, or about the whole.
bool tells_of(const Json& decisions, const std::string& part) {
  return std::any_of(decisions.begin(), decisions.end(), [&](const Json& decision) {
    const std::string path = decision["path"];
    return path.empty() || path == part || path.starts_with(part + "/") || part.starts_with(path + "/");
  });
}

}  // namespace

void Storm::note_applied(Act& act, const std::optional<Json>& before, const std::optional<Json>& after) {
  if (++act.applied > 1) wrong("a write of " + std::to_string(act.person) + " was carried out twice");
  if (!act.mine || !after || !before) {
    if (parts_of(before) != parts_of(act.base)) act.unexplained.insert("");
    return;
  }
  const auto was = parts_of(act.base), wanted = parts_of(act.mine), met = parts_of(before), made = parts_of(after);
  std::set<std::string> paths;
  for (const auto* parts : {&was, &wanted, &met, &made}) for (const auto& [path, value] : *parts) paths.insert(path);
  for (const std::string& path : paths) {
    const bool changed = !equal(part(was, path), part(wanted, path));
    const bool alone = equal(part(made, path), part(wanted, path)) && equal(part(met, path), part(was, path));
    if (changed ? !alone && !agreed(act, path, part(wanted, path)) : !equal(part(made, path), part(met, path))) act.unexplained.insert(path);
  }
}

/// Whether others have made the same of a part since: then there was nothing to decide, whatever came of it later.
bool Storm::agreed(const Act& act, const std::string& path, const Json* wanted) {
  const auto& versions = server_.versions(act.entity);
  const bool counts = path == "/tip" || path == "/stock";
  return !counts && std::any_of(versions.begin() + static_cast<std::ptrdiff_t>(act.version) - 1, versions.end() - 1, [&](const auto& version) {
    return equal(part(parts_of(version.document), path), wanted);
  });
}

void Storm::judge_act(const Act& act) {
  const Person& person = *people_[act.person];
  const Json outcome = person.device.row("outcomes", act.id);
  const std::string state = outcome.is_null() ? "" : outcome["state"].get<std::string>();
  const std::string who = "the write " + act.id + " of " + std::to_string(act.person) + " to " + act.entity;
  const std::string text = outcome.is_null() ? "" : outcome["decisions"].get<std::string>();
  const Json decisions = text.empty() ? Json::array() : Json::parse(text);
  if (state == "discarded") {
    if (act.applied > 0) wrong(who + " was discarded, and carried out");
    return;
  }
  if (state != "confirmed" && state != "merged" && state != "overruled") {
    tally_.silent += 1;
    return wrong(who + " ended as '" + state + "', and isn't in the inbox");
  }
  if (state == "confirmed") tally_.confirmed += 1;
  if (state == "merged") tally_.merged += 1;
  if (state == "overruled") tally_.overruled += 1;
  // A question that nobody has answered is no decision.
  bool open = false;
  for (const Json& decision : decisions) open = decision["reason"] == "decided by a person" ? false : open || decision["verdict"] == "ask";
  if (open) {
    tally_.silent += 1;
    wrong(who + " ended as '" + state + "', and nobody was asked: " + decisions.dump());
  }
  std::set<std::string> parts = act.unexplained;
  if (act.applied == 0 && act.mine && act.base) {
    // Nothing had to be sent: somebody else must have made the same of it meanwhile.
    const auto was = parts_of(act.base);
    for (const auto& [path, value] : parts_of(act.mine)) {
      const bool there = equal(part(parts_of(server_.current(act.entity)), path), &value) || agreed(act, path, &value);
      if (!equal(part(was, path), &value) && !there) parts.insert(path);
    }
  }
  // What was made upon a change that a person had to decide was made anew without it.
  for (const Act& earlier : acts_) {
    if (&earlier == &act) break;
    if (earlier.person != act.person || earlier.entity != act.entity || !earlier.was_asked) continue;
    const auto was = parts_of(earlier.base), wanted = parts_of(earlier.mine);
    std::erase_if(parts, [&](const std::string& path) { return path.empty() || !equal(part(was, path), part(wanted, path)); });
  }
  for (const std::string& path : parts) {
    if (tells_of(decisions, path)) continue;
    tally_.silent += 1;
    wrong(who + ": nothing is said of '" + path + "'; base " + (act.base ? act.base->dump() : "none") + ", mine " + (act.mine ? act.mine->dump() : "none") + ", decisions " + decisions.dump());
  }
}

void Storm::judge() {
  for (const auto& person : people_) {
    const auto left = person->device.count("mutations") + person->device.count("inbox");
    if (left > 0) wrong(std::to_string(left) + " writes of " + std::to_string(person->number) + " are left");
  }
  for (const Act& act : acts_) judge_act(act);
  for (const char* entity : kEntities) {
    const auto truth = server_.current(entity);
    for (auto& person : people_) {
      look(*person, entity);
      const Json view = shown(*person, entity);
      const bool same = truth ? view["document"].dump() == truth->dump() : true;
      if (same && view["pending"] == 0) continue;
      tally_.diverged += 1;
      wrong(std::to_string(person->number) + " sees " + view.dump() + " of " + entity + ", the server has " + (truth ? truth->dump() : "nothing"));
    }
    if (entity == kMortal) continue;
    std::int64_t sum = first_document(entity)["tip"].get<std::int64_t>();
    for (const Act& act : acts_) {
      const Json outcome = people_[act.person]->device.row("outcomes", act.id);
      const std::string state = outcome.is_null() ? "" : outcome["state"].get<std::string>();
      if (act.entity == entity && (state == "confirmed" || state == "merged" || state == "overruled")) sum += act.delta;
    }
    if (!truth || (*truth)["tip"] == sum) continue;
    tally_.lost_deltas += 1;
    wrong("the tip of " + std::string(entity) + " is " + (*truth)["tip"].dump() + " instead of " + std::to_string(sum));
  }
}

}  // namespace holdfast::test
