#include "outbox/rebase.hpp"

#include <algorithm>

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "conflict/json_patch.hpp"
#include "conflict/merge.hpp"
#include "conflict/record.hpp"
#include "naming/names.hpp"
#include "outbox/inbox.hpp"
#include "outbox/lanes.hpp"
#include "outbox/record.hpp"
#include "outbox/report.hpp"
#include "overlay/optimistic.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

/// The reason of a decision that a person took; what was decided before it no longer counts.
constexpr const char* kByPerson = "decided by a person";

/// The status of a write that found another document than it was made upon (RFC 9110, section 15.5.13).
constexpr std::int64_t kPreconditionFailed = 412;

const Json* pointer_to(const std::optional<Json>& json) { return json ? &*json : nullptr; }

bool same(const std::optional<Json>& one, const std::optional<Json>& other) {
  return one && other ? same_value(*one, *other) : one.has_value() == other.has_value();
}

/// As rows have it: kDeleted for none.
std::string text_of(const std::optional<Json>& document) { return document ? print_json(*document) : std::string(kDeleted); }

/// By which a server can tell whether it still has that document, or still has none.
std::string etag_of(const Current& current) { return current.document ? current.etag : std::string(kNothingThere); }

std::optional<Json> document_of(const std::string& text) {
  auto json = parse_json(text);
  return json && json->is_object() ? json : std::nullopt;
}

/// Of the app's own: a header, or a `test` in a JSON Patch.
bool has_precondition(const Mutation& mutation) {
  const auto patch = is_json_patch(mutation) ? parse_json(mutation.body.text) : std::nullopt;
  const bool tests = patch && patch->is_array() && std::any_of(patch->begin(), patch->end(), [](const Json& operation) {
    return operation.is_object() && operation.value("op", Json()) == "test";
  });
  return tests || std::any_of(mutation.headers.begin(), mutation.headers.end(), [](const auto& one) {
    return one.first == "if-match" || one.first == "if-none-match" || one.first == "if-unmodified-since";
  });
}

bool is_mergeable(const Context& context, const Resource& resource, const Mutation& mutation) {
  if (!resource.conflicts || mutation.whole_collection() || has_precondition(mutation)) return false;
  const auto found = route(context.config, mutation.url);
  if (!found || found->kind != RouteKind::kItem) return false;
  if (mutation.method == "DELETE") return true;
  if (mutation.method != "PUT" && mutation.method != "PATCH") return false;
  const auto body = mutation.body.kind == "text" ? parse_json(mutation.body.text) : std::nullopt;
  if (!body || !is_json_patch(mutation)) return body && body->is_object();
  // What a patch of an enveloped document points into, only its server knows.
  return body->is_array() && resource.envelope.empty();
}

/// The row of an entity's confirmed document, unless an answer that was kept is newer.
std::optional<Document> newest_row(Context& context, const Resource& resource, const Mutation& mutation) {
  const Json* kept = context.view.find("base", base_key(context, resource, mutation.user, mutation.entity));
  const auto row = context.view.get<Document>(Json::array({mutation.user, mutation.resource, mutation.entity}));
  return kept == nullptr || !kept->is_object() ? row : std::nullopt;
}

/// The ETag of what the server told last of an entity (confirmed() in overlay/optimistic.hpp).
std::string confirmed_etag(Context& context, const Resource& resource, const Mutation& mutation) {
  if (const auto row = newest_row(context, resource, mutation)) return strong(row->etag);
  const Json* etag = context.view.find("base-etag", base_key(context, resource, mutation.user, mutation.entity));
  return etag != nullptr && etag->is_string() ? strong(etag->get<std::string>()) : std::string();
}

/// Whether all that is known of an entity are rows of lists that leave out members.
bool is_partial(Context& context, const Resource& resource, const Mutation& mutation) {
  if (std::none_of(resource.lists.begin(), resource.lists.end(), [](const List& list) { return list.partial; })) return false;
  const Json* partial = context.view.find("base-partial", base_key(context, resource, mutation.user, mutation.entity));
  return partial != nullptr && *partial == true;
}

/// What the user had not seen counts as being what the server has: a write that names it has set it, whatever it was.
void fill_in(Json& base, const Json& theirs) {
  for (const auto& [name, value] : theirs.items()) {
    if (!base.contains(name)) base[name] = value;
    else if (base[name].is_object() && value.is_object()) fill_in(base[name], value);
  }
}

/// What a write makes of a document. Nothing: it deletes it, or there is none.
std::optional<Json> applied(Context& context, const Resource& resource, const Mutation& mutation, const std::optional<Json>& document) {
  Optimistic shown;
  shown.document = document;
  apply_write(context, shown, renamed(context, mutation), resource);
  return shown.document;
}

/// A JSON Patch is applied whole or not at all (RFC 6902, section 5).
bool applies(const Mutation& mutation, const std::optional<Json>& document) {
  if (!is_json_patch(mutation)) return true;
  const auto patch = parse_json(mutation.body.text);
  std::string error;
  return document && patch && apply_json_patch(*document, *patch, error).has_value();
}

/// The version in a request's body, by which some servers tell whether it was made upon what they have.
const Json* named_version(const Resource& resource, const Json& body) {
  if (resource.version.empty() || !body.is_object()) return nullptr;
  const Json* document = resource.envelope.empty() ? nullptr : find_part(body, resource.envelope);
  return find_part(document != nullptr ? *document : body, resource.version);
}

/// The merge patch (RFC 7396) that makes one object of another. What it can't say (a member that is null) is left out.
Json difference(const Json& before, const Json& after) {
  Json patch = Json::object();
  for (const auto& [name, value] : before.items()) if (!after.contains(name)) patch[name] = nullptr;
  for (const auto& [name, value] : after.items()) {
    const auto old = before.find(name);
    if (old != before.end() && old->is_object() && value.is_object()) {
      Json below = difference(*old, value);
      if (!below.empty()) patch[name] = std::move(below);
    } else if (old == before.end() || !same_value(*old, value)) {
      patch[name] = value;
    }
  }
  return patch;
}

/// Writes a request of the same kind that makes `result` of `theirs`. @return false if there is none
bool rewrite(const Resource& resource, Mutation& mutation, const std::optional<Json>& theirs, const std::optional<Json>& result) {
  if (mutation.method == "DELETE") return !result;
  const auto old = parse_json(mutation.body.text);
  if (!result || !old) return false;
  Json body;
  if (mutation.method == "PUT" && !resource.put_merges) {
    body = *result;
  } else if (!theirs) {
    return false;  // a change can't make what isn't there
  } else if (is_json_patch(mutation)) {
    body = Json::diff(*theirs, *result);
  } else {
    body = difference(*theirs, *result);
    Json reached = *theirs;
    merge_patch(reached, body);
    if (!same_value(reached, *result)) return false;
  }
  const Json* version = theirs && body.is_object() && named_version(resource, *old) != nullptr ? find_part(*theirs, resource.version) : nullptr;
  if (version != nullptr) make_part(body, resource.version) = *version;
  const Json* enclosed = resource.envelope.empty() ? nullptr : find_part(*old, resource.envelope);
  if (enclosed != nullptr && enclosed->is_object()) {
    Json whole = *old;  // with whatever stands beside the document
    make_part(whole, resource.envelope) = std::move(body);
    body = std::move(whole);
  }
  mutation.body.text = print_json(body);
  mutation.body.size = static_cast<std::int64_t>(mutation.body.text.size());
  return true;
}

Json records_of(const Mutation& mutation) {
  auto records = parse_json(mutation.decisions);
  return records && records->is_array() ? *records : Json::array();
}

void note_decisions(Mutation& mutation, const std::vector<Decision>& decisions) {
  if (decisions.empty()) return;
  Json records = records_of(mutation);
  for (const Decision& decision : decisions) {
    // What gave way must be told; what was only put together makes room for it.
    if (records.size() >= kDecisionsMax) {
      const auto merged = std::find_if(records.begin(), records.end(), [](const Json& one) { return one.is_object() && one.value("verdict", Json()) == "merged"; });
      records.erase(merged != records.end() ? merged : records.begin());
    }
    records.push_back(record_of(decision));
  }
  mutation.decisions = print_json(records);
}

/// What resolvers have settled of a write so far.
Resolved resolved_in(const Mutation& mutation) {
  Resolved resolved;
  for (const Json& record : records_of(mutation)) {
    const bool settled = record.is_object() && record.value("policy", Json()) == "resolver" && record.value("verdict", Json()) != "ask";
    if (settled && record.contains("result")) resolved[record.value("path", "")] = record["result"];
  }
  return resolved;
}

bool is_for_resolver(const Decision& decision) { return decision.policy == Policy::kResolver && decision.verdict == Verdict::kAsk; }

bool says_the_same(const Body& one, const Body& other) {
  const auto here = parse_json(one.text), there = parse_json(other.text);
  return here && there && same_value(*here, *there);
}

bool adds(const Rule& rule) { return rule.policy == Policy::kCounter || rule.policy == Policy::kList || rule.policy == Policy::kText; }

/// Whether the part differs; below a wildcard, anything in what encloses it.
bool differs(const Json& one, const Json& other, const std::vector<std::string>& path, std::size_t step = 0) {
  if (step == path.size() || path[step] == "*" || !one.is_object() || !other.is_object()) return !same_value(one, other);
  const auto here = one.find(path[step]), there = other.find(path[step]);
  if (here == one.end() || there == other.end()) return (here == one.end()) != (there == other.end());
  return differs(*here, *there, path, step + 1);
}

/// Whether a write changes a counter, a list or a text: what is added once more would count twice.
bool may_count_twice(const Rules& rules, const std::optional<Json>& base, const std::optional<Json>& mine) {
  if (!base || !mine) return false;
  return (adds(rules.document) && !same_value(*base, *mine)) || std::any_of(rules.fields.begin(), rules.fields.end(), [&](const FieldRule& field) {
    return adds(field.rule) && differs(*base, *mine, field.path);
  });
}

/// The rules by which a write is made anew upon a document that nobody else has changed: what it added is added there,
/// and where it put something in the place of something, that stands.
Rule replayed(Rule rule) {
  const bool adds = rule.policy == Policy::kCounter || rule.policy == Policy::kSet || rule.policy == Policy::kList ||
                    rule.policy == Policy::kText || rule.policy == Policy::kMerge;
  if (!adds) rule.policy = Policy::kClientWins;
  rule.otherwise = Policy::kClientWins;
  rule.deleted = WhenDeleted::kKeep;
  return rule;
}

Rules replayed(Rules rules) {
  rules.document = replayed(std::move(rules.document));
  for (FieldRule& field : rules.fields) field.rule = replayed(std::move(field.rule));
  return rules;
}

/// @param theirs_at when the server came to what it has; 0: not known
Times times_of(const Context& context, const Mutation& mutation, Millis theirs_at) {
  const auto theirs = theirs_at != 0 ? std::optional(Stamp{theirs_at, 0, {}}) : std::nullopt;
  return {Stamp{mutation.created_at, 0, mutation.client}, theirs, context.now};
}

/// What stands behind a write in its lane was made upon a document that turned out another: it is made anew upon that.
void move_bases(Context& context, const Resource& resource, const Mutation& first, const std::optional<Json>& from, const std::optional<Json>& to) {
  const Rules rules = replayed(*resource.conflicts);
  const auto moved = [&](const std::optional<Json>& base, const std::optional<Json>& mine, const std::optional<Json>& theirs) {
    return merge(rules, {pointer_to(base), pointer_to(mine), pointer_to(theirs)}, Times{}, Unsettled::kMine).document;
  };
  const Range range{Mutation::kStore, "lane", Json::array({first.lane, first.seq + 1}), Json::array({first.lane, kNever}), kShownMax};
  for (Mutation& later : context.view.range<Mutation>(range)) {
    if (later.entity != first.entity || later.resource != first.resource || later.base.empty() || later.base_alone) continue;
    const auto saw = document_of(later.base);
    if (!saw && from) continue;  // what was deleted by then is deleted whatever came of this one
    const auto made = applied(context, resource, later, saw);
    const auto base = moved(from, saw, to);
    const auto mine = moved(saw, made, base);
    // One that changed nothing repeats what was turned down: that is the server's to say, again.
    const bool anew = saw && made && !same(made, saw) && !same(applied(context, resource, later, base), mine);
    if (anew && rewrite(resource, later, base, mine)) renew_key(context, later);
    later.base = text_of(base);
    context.put(later);
  }
}

Rebased ask_person(Context& context, Mutation& mutation, const Resource& resource, const Current& current, const std::optional<Json>& suggested) {
  const std::string theirs = text_of(current.document);
  const std::string shown = current.document ? print_json(wrapped(resource, *current.document)) : std::string();
  mutation.answered = true;
  note_sides(mutation, document_of(mutation.base), applied(context, resource, mutation, document_of(mutation.base)), current.document, current.changed_at);
  take_out(context, resource, mutation);
  move_to_inbox(context, mutation, "conflict", kPreconditionFailed, "", {theirs, current.etag, text_of(suggested), current.changed_at});
  conclude(context, mutation, "conflict", kPreconditionFailed, shown);
  return Rebased::kOver;
}

/// The server has already what a merge would send.
Rebased nothing_left(Context& context, Mutation& mutation, const Resource& resource, const Current& current) {
  mutation.answered = true;
  remove(context, mutation);
  conclude(context, mutation, outcome_of(mutation), current.document ? 200 : 204,
           current.document ? print_json(wrapped(resource, *current.document)) : std::string());
  report_overruled(context, resource, mutation);
  return Rebased::kOver;
}

/// The lane waits for the app's resolvers. Should the worker die over it, the server is asked once more what it has.
Rebased ask_resolvers(Context& context, Mutation& mutation, const Merged& merged) {
  auto lane = context.view.get<Lane>(mutation.lane);
  if (!lane) return Rebased::kOver;
  Json questions = Json::array();
  for (const Decision& decision : merged.decisions) if (is_for_resolver(decision)) questions.push_back(record_of(decision));
  mutation.asking = uuid_v7(context.now, context.random);
  context.effect({{"do", "resolve"}, {"id", mutation.id}, {"asking", mutation.asking}, {"resource", mutation.resource}, {"questions", std::move(questions)},
                  {"document", merged.document ? *merged.document : Json(nullptr)}});
  mutation.base_etag.clear();
  mutation.checked_at = 0;
  context.put(mutation);
  lane->due = kNever;
  lane->hold = kResolving;
  context.put(*lane);
  return Rebased::kOver;
}

/// Of what was made of a document, the parts that gave way as they were before.
std::optional<Json> without_overruled(const std::optional<Json>& base, std::optional<Json> mine, const std::vector<Decision>& decisions) {
  if (!base || !mine) return mine;
  for (const Decision& decision : decisions) {
    if (decision.verdict != Verdict::kTheirs || decision.path.empty()) continue;
    const std::vector<std::string> enclosing(decision.path.begin(), decision.path.end() - 1);
    if (find_part(*mine, enclosing) == nullptr || !find_part(*mine, enclosing)->is_object()) continue;
    Json& object = make_part(*mine, enclosing);
    if (decision.base) object[decision.path.back()] = *decision.base;
    else object.erase(decision.path.back());
  }
  return mine;
}

/// @param values what resolvers have said; null: they haven't been asked
Rebased rebase(Context& context, const Resource& resource, Mutation& mutation, const Current& current, const Resolved* values) {
  mutation.base_etag = etag_of(current);
  mutation.base_at = current.changed_at;
  if (mutation.base_etag.empty() && names_version(resource, mutation)) mutation.base_etag = kNamedInBody;
  mutation.checked_at = context.now;
  auto base = document_of(mutation.base);
  if (mutation.base_partial && base && current.document) {
    fill_in(*base, *current.document);
    mutation.base = text_of(base);
    mutation.base_partial = false;
  }
  // That the document is as it was doesn't tell that an unheard attempt has changed nothing: others may have undone it.
  // But a server that knows the key knows.
  const bool known = resource.idempotency == Idempotency::kHeader && same(base, current.document);
  const bool twice = mutation.open && !known && resource.conflicts && may_count_twice(*resource.conflicts, base, applied(context, resource, mutation, base));
  if (!twice && same(base, current.document)) return Rebased::kReady;
  if (!resource.conflicts || !applies(mutation, base)) return ask_person(context, mutation, resource, current, current.document);

  const auto mine = applied(context, resource, mutation, base);
  // A change of what the write before it was to make, and didn't.
  if (!mine && mutation.method != "DELETE") return ask_person(context, mutation, resource, current, current.document);
  const Sides sides{pointer_to(base), pointer_to(mine), pointer_to(current.document)};
  const Merged merged = merge(*resource.conflicts, sides, times_of(context, mutation, current.changed_at), Unsettled::kAsks, values ? *values : Resolved{});
  if (values == nullptr && std::any_of(merged.decisions.begin(), merged.decisions.end(), is_for_resolver)) return ask_resolvers(context, mutation, merged);
  note_decisions(mutation, merged.decisions);
  if (!merged.decisions.empty()) note_sides(mutation, base, mine, current.document, current.changed_at);
  const bool gave_way = std::any_of(merged.decisions.begin(), merged.decisions.end(), [](const Decision& one) { return one.verdict == Verdict::kTheirs; });
  if (merged.asks() || twice) return ask_person(context, mutation, resource, current, merged.document);
  // Who has made the same wish once more is overruled, too.
  if (gave_way) move_bases(context, resource, mutation, mine, without_overruled(base, mine, merged.decisions));
  if (!merged.changed) return nothing_left(context, mutation, resource, current);
  const bool whole = mutation.method == "PUT" && !resource.put_merges;
  if (whole || !applies(mutation, current.document) || !same(applied(context, resource, mutation, current.document), merged.document)) {
    const Body before = mutation.body;
    if (!rewrite(resource, mutation, current.document, merged.document)) return ask_person(context, mutation, resource, current, merged.document);
    if (says_the_same(before, mutation.body)) {
      mutation.body = before;  // and so its key stays, by which the server knows it
    } else {
      renew_key(context, mutation);
      mutation.state = "queued";
    }
  }
  mutation.base = text_of(current.document);
  return Rebased::kReady;
}

}  // namespace

std::string strong(const std::string& etag) { return etag.size() >= 2 && etag.front() == '"' ? etag : std::string(); }

namespace {

/// What can't be merged conflicts as a whole: for that the server has to know what it was made upon.
void note_version(Context& context, const Resource& resource, Mutation& mutation) {
  const auto found = route(context.config, mutation.url);
  if (!resource.conflicts || mutation.whole_collection() || has_precondition(mutation) || !found || found->kind != RouteKind::kItem) return;
  // Behind other writes that is what they have left behind: their answers are the newest word, once they have left.
  const auto lane = context.view.get<Lane>(mutation.lane);
  const bool first = !lane || lane->head == mutation.id;
  if (first && confirmed(context, resource, mutation.user, mutation.entity).document) mutation.base_etag = confirmed_etag(context, resource, mutation);
}

}  // namespace

bool names_version(const Resource& resource, const Mutation& mutation) {
  if (!resource.conflicts || !resource.conflicts->version_in_body || mutation.body.kind != "text") return false;
  const auto body = parse_json(mutation.body.text);
  return body && named_version(resource, *body) != nullptr;
}

void note_base(Context& context, const Resource& resource, Mutation& mutation) {
  if (!is_mergeable(context, resource, mutation)) return note_version(context, resource, mutation);
  const Optimistic shown = optimistic(context, resource, mutation.user, mutation.lane, mutation.entity, nullptr);
  // Upon what was deleted only a PUT can be made; if others have made it meanwhile, it must not run them over.
  if (!shown.document && (!shown.gone || mutation.method != "PUT")) return;
  if (!applies(mutation, shown.document)) return;
  // Behind other writes the server will have another document, and another ETag, by then.
  if (shown.pending == 0) mutation.base_etag = shown.document ? confirmed_etag(context, resource, mutation) : kNothingThere;
  if (mutation.base_etag.empty() && names_version(resource, mutation)) mutation.base_etag = kNamedInBody;
  std::string text = text_of(shown.document);
  if (text.size() <= kBaseBytesMax) mutation.base = std::move(text);
  const auto row = newest_row(context, resource, mutation);
  mutation.base_at = row ? row->changed_at : 0;
  mutation.base_partial = shown.document && is_partial(context, resource, mutation);
}

bool awaits_current(const Mutation& mutation, Millis now) {
  const bool fresh = mutation.checked_at != 0 && mutation.checked_at <= now && now - mutation.checked_at <= kCheckedMs;
  return !mutation.base.empty() && mutation.base_etag.empty() && !fresh;
}

bool still_upon_base(Context& context, const Resource& resource, const Mutation& mutation) {
  return mutation.base.empty() || text_of(confirmed(context, resource, mutation.user, mutation.entity).document) == mutation.base;
}

void take_out(Context& context, const Resource& resource, const Mutation& gone) {
  if (!resource.conflicts) return;
  // Of one that can't be merged only its effect upon what there is can be told; that is what those behind it have in them.
  const auto before = gone.base.empty() ? confirmed(context, resource, gone.user, gone.entity).document : document_of(gone.base);
  if (!before && gone.base.empty()) return;
  move_bases(context, resource, gone, applied(context, resource, gone, before), before);
}

void carry_over(Context& context, const Resource& resource, const Mutation& done, const Json& told) {
  const bool creation = done.base.empty() && done.method == "POST";
  // An answer that is repeated, or was looked up, may have others' changes in it.
  if (!resource.conflicts || done.open || (!creation && done.base_etag.empty())) return;
  const auto lane = context.view.get<Lane>(done.lane);
  if (!lane || lane->length < 2) return;
  const auto made = applied(context, resource, done, document_of(done.base));
  if (made && !same_value(*made, told)) move_bases(context, resource, done, made, told);
}

bool fill_partial(Context& context, const Resource& resource, const Mutation& done, Json& told) {
  const bool creation = done.base.empty() && done.method == "POST";
  const auto body = done.body.kind == "text" ? parse_json(done.body.text) : std::nullopt;
  if ((done.base.empty() && !creation) || !told.is_object() || !body || !body->is_object()) return false;
  const Json named = unwrapped(resource, *body);
  for (const auto& [name, value] : told.items()) {
    if (!named.contains(name) && find_part(told, resource.id) != &value) return false;
  }
  const auto made = applied(context, resource, done, document_of(done.base));
  bool filled = false;
  if (made) for (const auto& [name, value] : made->items()) if (!told.contains(name)) told[name] = value, filled = true;
  return filled;
}

void renew_key(Context& context, Mutation& mutation) {
  mutation.key = uuid_v7(context.now, context.random);
  mutation.app_key = false;
  mutation.known_attempts = mutation.attempts;
}

Rebased rebase(Context& context, const Resource& resource, Mutation& mutation, const Current& current) {
  return rebase(context, resource, mutation, current, nullptr);
}

void give_up(Context& context, const Resource& resource, Mutation& mutation, const Current& current) {
  const auto base = document_of(mutation.base);
  const auto mine = applied(context, resource, mutation, base);
  const Sides sides{pointer_to(base), pointer_to(mine), pointer_to(current.document)};
  const Merged merged = merge(resource.conflicts.value_or(Rules{}), sides, times_of(context, mutation, current.changed_at), Unsettled::kAsks, resolved_in(mutation));
  note_decisions(mutation, merged.decisions);
  ask_person(context, mutation, resource, current, merged.document);
}

void resolved(Context& context, const ResolvedEvent& event) {
  auto mutation = context.view.get<Mutation>(event.id);
  auto lane = mutation ? context.view.get<Lane>(mutation->lane) : std::nullopt;
  const Resource* resource = mutation ? context.config.find(mutation->resource) : nullptr;
  const auto row = resource != nullptr ? context.view.get<Document>(Json::array({mutation->user, mutation->resource, mutation->entity})) : std::nullopt;
  if (!lane || lane->hold != kResolving || lane->head != event.id || event.asking != mutation->asking || resource == nullptr || !row) return;
  mutation->asking.clear();
  Resolved values;
  const auto answers = parse_json(event.values);
  if (answers && answers->is_object()) for (const auto& [path, value] : answers->items()) values.emplace(path, value);
  const Current current{document_of(row->text), strong(row->etag), row->changed_at};
  if (rebase(context, *resource, *mutation, current, &values) == Rebased::kReady) requeue(context, *mutation, mutation->state);
  context.effect({{"do", "changed"}, {"resource", mutation->resource}});
}

Rebased catch_up(Context& context, const Resource& resource, Mutation& mutation) {
  if (resource.conflicts && mutation.base.empty() && mutation.base_etag.empty() && mutation.attempts == 0) note_version(context, resource, mutation);
  // What the server has turned away isn't to be tried upon the same old word again.
  if (!awaits_current(mutation, context.now) || mutation.attempts > 0) return Rebased::kReady;
  const auto row = newest_row(context, resource, mutation);
  if (!row || strong(row->etag).empty() || row->at < mutation.created_at) return Rebased::kReady;
  return rebase(context, resource, mutation, {document_of(row->text), row->etag, row->changed_at});
}

bool rebase_decided(Context& context, const Resource& resource, const InboxRow& entry, const std::string& action, Mutation& mutation) {
  const auto base = document_of(mutation.base);
  const auto theirs = document_of(entry.theirs);
  auto result = document_of(entry.suggested);
  if (action == "edit") {
    result = applied(context, resource, mutation, theirs);
    note_mine(mutation, result);
    mutation.created_at = context.now;
  }
  std::vector<Decision> decisions{{{}, Policy::kManual, Verdict::kMerged, base, std::nullopt, theirs, result, kByPerson}};
  if (action == "retry") {
    const auto mine = applied(context, resource, mutation, base);
    const Rules rules = resource.conflicts.value_or(Rules{});
    Merged merged = merge(rules, {pointer_to(base), pointer_to(mine), pointer_to(theirs)}, times_of(context, mutation, entry.theirs_at), Unsettled::kMine, resolved_in(mutation));
    result = merged.document;
    decisions[0].verdict = Verdict::kMine;
    decisions[0].result = result;
    // What the rules settle against the user, they still do.
    decisions.insert(decisions.end(), merged.decisions.begin(), merged.decisions.end());
  }
  if (action != "edit" && !rewrite(resource, mutation, theirs, result)) return false;
  note_decisions(mutation, decisions);
  mutation.base = is_mergeable(context, resource, mutation) ? entry.theirs : std::string();
  mutation.base_etag = theirs || mutation.method == "PUT" ? etag_of({theirs, entry.theirs_etag, entry.theirs_at}) : std::string();
  mutation.base_at = entry.theirs_at;
  mutation.open = false;
  return true;
}

bool overlaps(const Mutation& mutation) {
  bool open = false;
  for (const Json& record : records_of(mutation)) {
    if (!record.is_object()) continue;
    const Json reason = record.value("reason", Json());
    open = reason == kByPerson ? false : open || (reason == kOverlap && record.value("verdict", Json()) == "ask");
  }
  return open;
}

const char* outcome_of(const Mutation& mutation) {
  const char* outcome = "confirmed";
  for (const Json& record : records_of(mutation)) {
    if (!record.is_object()) continue;
    const bool by_person = record.value("reason", Json()) == kByPerson;
    if (record.value("verdict", Json()) == "theirs") outcome = "overruled";
    else if (by_person || outcome == std::string("confirmed")) outcome = "merged";
  }
  return outcome;
}

}  // namespace holdfast
