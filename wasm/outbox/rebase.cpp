#include "outbox/rebase.hpp"

#include <algorithm>

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "conflict/merge.hpp"
#include "conflict/record.hpp"
#include "outbox/base.hpp"
#include "outbox/decisions.hpp"
#include "outbox/inbox.hpp"
#include "outbox/lanes.hpp"
#include "outbox/record.hpp"
#include "outbox/report.hpp"
#include "outbox/rewrite.hpp"
#include "overlay/optimistic.hpp"

namespace holdfast {
namespace {

/// By which a server can tell whether it still has that document, or still has none.
std::string etag_of(const Current& current) { return current.document ? current.etag : std::string(kNothingThere); }

/// The status of a write that found another document than it was made upon (RFC 9110, section 15.5.13).
constexpr std::int64_t kPreconditionFailed = 412;

bool is_for_resolver(const Decision& decision) { return decision.policy == Policy::kResolver && decision.verdict == Verdict::kAsk; }

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

/// @param theirs_at when the server came to what it has; 0: not known
Times times_of(const Context& context, const Mutation& mutation, Millis theirs_at) {
  const auto theirs = theirs_at != 0 ? std::optional(Stamp{theirs_at, 0, {}}) : std::nullopt;
  return {Stamp{mutation.created_at, 0, mutation.client}, theirs, context.now};
}

Rebased ask_person(Context& context, Mutation& mutation, const Resource& resource, const Current& current, const std::optional<Json>& suggested) {
  const std::string theirs = text_of(current.document);
  const std::string shown = current.document ? print_json(wrapped(resource, *current.document)) : std::string();
  const auto base = document_of(mutation.base);
  const auto mine = applied(context, resource, mutation, base);
  mutation.answered = true;
  note_sides(mutation, base, mine, current.document, current.changed_at);
  take_out(context, resource, mutation);
  move_to_inbox(context, mutation, "conflict", kPreconditionFailed, "", {text_of(mine), theirs, current.etag, text_of(suggested), current.changed_at});
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
  const Sides sides = sides_of(base, mine, current.document);
  const Merged merged = merge(*resource.conflicts, sides, times_of(context, mutation, current.changed_at), Unsettled::kAsks, values ? *values : Resolved{});
  if (values == nullptr && std::any_of(merged.decisions.begin(), merged.decisions.end(), is_for_resolver)) return ask_resolvers(context, mutation, merged);
  note_decisions(mutation, merged.decisions);
  if (!merged.decisions.empty()) note_sides(mutation, base, mine, current.document, current.changed_at);
  if (merged.asks() || twice) return ask_person(context, mutation, resource, current, merged.document);
  take_back(context, resource, mutation, merged.decisions);
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

Rebased rebase(Context& context, const Resource& resource, Mutation& mutation, const Current& current) {
  return rebase(context, resource, mutation, current, nullptr);
}

void give_up(Context& context, const Resource& resource, Mutation& mutation, const Current& current) {
  const auto base = document_of(mutation.base);
  const auto mine = applied(context, resource, mutation, base);
  const Sides sides = sides_of(base, mine, current.document);
  const Merged merged = merge(*resource.conflicts, sides, times_of(context, mutation, current.changed_at), Unsettled::kAsks, resolved_in(mutation));
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
    mutation.created_at = context.now;
  }
  std::vector<Decision> decisions{{{}, Policy::kManual, Verdict::kMerged, base, std::nullopt, theirs, result, kByPerson}};
  if (action == "retry") {
    const auto mine = applied(context, resource, mutation, base);
    const Rules rules = resource.conflicts.value_or(Rules{});
    Merged merged = merge(rules, sides_of(base, mine, theirs), times_of(context, mutation, entry.theirs_at), Unsettled::kMine, resolved_in(mutation));
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

}  // namespace holdfast
