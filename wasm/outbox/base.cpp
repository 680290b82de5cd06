#include "outbox/base.hpp"

#include <algorithm>
#include <utility>

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "conflict/merge.hpp"
#include "outbox/rewrite.hpp"
#include "overlay/optimistic.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

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

/// Elements of a list go by their ids in decisions, and can't be found by them as pointers have it.
bool through_objects(const Json& document, const Pointer& path) {
  const Json* at = &document;
  for (const std::string& step : path) {
    if (!at->is_object()) return false;
    const auto next = at->find(step);
    if (next == at->end()) return false;
    at = &*next;
  }
  return true;
}

/// The writes to the same entity behind one in its lane that were made upon it.
std::vector<Mutation> behind(Context& context, const Mutation& first) {
  const Range range{Mutation::kStore, "lane", Json::array({first.lane, first.seq + 1}), Json::array({first.lane, kNever}), kShownMax};
  auto writes = context.view.range<Mutation>(range);
  std::erase_if(writes, [&](const Mutation& later) {
    return later.entity != first.entity || later.resource != first.resource || later.base.empty() || later.base_alone;
  });
  return writes;
}

}  // namespace

std::string strong(const std::string& etag) { return etag.size() >= 2 && etag.front() == '"' ? etag : std::string(); }

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

std::optional<Document> newest_row(Context& context, const Resource& resource, const Mutation& mutation) {
  const Json* kept = context.view.find("base", base_key(context, resource, mutation.user, mutation.entity));
  const auto row = context.view.get<Document>(Json::array({mutation.user, mutation.resource, mutation.entity}));
  return kept == nullptr || !kept->is_object() ? row : std::nullopt;
}

void fill_in(Json& base, const Json& theirs) {
  for (const auto& [name, value] : theirs.items()) {
    if (!base.contains(name)) base[name] = value;
    else if (base[name].is_object() && value.is_object()) fill_in(base[name], value);
  }
}

void note_version(Context& context, const Resource& resource, Mutation& mutation) {
  const auto found = route(context.config, mutation.url);
  if (!resource.conflicts || mutation.whole_collection() || has_precondition(mutation) || !found || found->kind != RouteKind::kItem) return;
  // Behind other writes that is what they have left behind: their answers are the newest word, once they have left.
  const auto lane = context.view.get<Lane>(mutation.lane);
  const bool first = !lane || lane->head == mutation.id;
  if (first && confirmed(context, resource, mutation.user, mutation.entity).document) mutation.base_etag = confirmed_etag(context, resource, mutation);
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

void move_bases(Context& context, const Resource& resource, const Mutation& first, const std::optional<Json>& from, const std::optional<Json>& to) {
  const Rules rules = replayed(*resource.conflicts);
  const auto moved = [&](const std::optional<Json>& base, const std::optional<Json>& mine, const std::optional<Json>& theirs) {
    return merge(rules, sides_of(base, mine, theirs), Times{}, Unsettled::kMine).document;
  };
  for (Mutation& later : behind(context, first)) {
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

void take_out(Context& context, const Resource& resource, const Mutation& gone) {
  if (!resource.conflicts) return;
  // Of one that can't be merged only its effect upon what there is can be told; that is what those behind it have in them.
  const auto before = gone.base.empty() ? confirmed(context, resource, gone.user, gone.entity).document : document_of(gone.base);
  if (!before && gone.base.empty()) return;
  move_bases(context, resource, gone, applied(context, resource, gone, before), before);
}

void take_back(Context& context, const Resource& resource, const Mutation& overruled, const std::vector<Decision>& decisions) {
  const auto gave_way = [](const Decision& decision) { return decision.verdict == Verdict::kTheirs && !decision.path.empty() && decision.mine; };
  if (std::none_of(decisions.begin(), decisions.end(), gave_way)) return;
  for (Mutation& later : behind(context, overruled)) {
    auto base = document_of(later.base);
    const auto made = applied(context, resource, later, base);
    if (!base || !made) continue;
    for (const Decision& decision : decisions) {
      const Json* saw = gave_way(decision) && through_objects(*base, decision.path) ? find_part(*base, decision.path) : nullptr;
      const Json* wanted = saw != nullptr ? find_part(*made, decision.path) : nullptr;
      if (wanted == nullptr || !same_value(*saw, *decision.mine) || !same_value(*saw, *wanted)) continue;
      Json& object = make_part(*base, {decision.path.begin(), decision.path.end() - 1});
      if (decision.base) object[decision.path.back()] = *decision.base;
      else object.erase(decision.path.back());
    }
    later.base = text_of(base);
    context.put(later);
  }
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
  if (!made) return false;
  for (const auto& [name, value] : made->items()) {
    if (told.contains(name)) continue;
    told[name] = value;
    filled = true;
  }
  return filled;
}

}  // namespace holdfast
