#include "outbox/inbox.hpp"

#include <algorithm>

#include "codec/text.hpp"
#include "naming/names.hpp"
#include "outbox/base.hpp"
#include "outbox/decisions.hpp"
#include "outbox/lanes.hpp"
#include "outbox/rebase.hpp"
#include "outbox/rewrite.hpp"
#include "overlay/optimistic.hpp"

namespace holdfast {
namespace {

void refuse(Context& context, const char* code, const std::string& message) {
  context.effect({{"do", "refuse"}, {"code", code}, {"message", message}});
}

void leave_inbox(Context& context, const InboxRow& entry) {
  context.view.erase<InboxRow>(entry.id);
  Counts counts = context.counts(entry.user);
  counts.inbox = std::max<std::int64_t>(0, counts.inbox - 1);
  context.put(counts);
}

/// What a person writes anew is made upon what is shown then.
void note_anew(Context& context, const Resource& resource, Mutation& mutation) {
  mutation.base.clear();
  mutation.base_etag.clear();
  mutation.created_at = context.now;
  note_base(context, resource, mutation);
}

/// The write goes to the end of its lane. Its outcome is known (it was turned down), and a server that keeps answers
/// by key would only repeat that; so it leaves with a new key.
/// @param upon_now it was made upon all that is pending now
void send_again(Context& context, Mutation mutation, bool upon_now) {
  // Attempts count on: an answer to an old one, should it still arrive, must not pass for one to these bytes.
  renew_key(context, mutation);
  mutation.merges = 0;
  mutation.checked_at = 0;
  mutation.state = "queued";
  mutation.answered = true;
  mutation.base_alone = !upon_now;
  mutation.hash.clear();
  context.view.erase<OutcomeRow>(mutation.id);
  append(context, mutation, context.view.get<Lane>(mutation.lane));
  if (const Resource* resource = context.config.find(mutation.resource)) note_creation(context, *resource, mutation);
}

}  // namespace

void move_to_inbox(Context& context, const Mutation& mutation, const char* reason, std::int64_t status, const std::string& answer,
                   const Sight& sight) {
  InboxRow row;
  row.id = mutation.id;
  row.user = mutation.user;
  row.reason = reason;
  row.status = status;
  row.answer = answer.substr(0, kEvidenceMax);
  row.mine = sight.mine;
  row.theirs = sight.theirs;
  row.theirs_etag = sight.etag;
  row.suggested = sight.suggested;
  row.theirs_at = sight.at;
  row.decided_at = context.now;
  row.mutation = mutation;
  row.mutation.state = "queued";
  // What becomes of it belongs to the same record.
  if (row.reason == "conflict" && row.mutation.sides.empty()) row.mutation.sides = "{}";
  context.put(row);
  Counts counts = context.counts(mutation.user);
  counts.inbox += 1;
  context.put(counts);

  Mutation leaving = mutation;
  // The inbox entry goes on using the stored bytes, so removing the row mustn't take them along.
  if (leaving.body.kind == "bytes") leaving.body.kind = "kept";
  remove(context, leaving);
}

std::optional<InboxRow> entry_of_key(Context& context, const std::string& user, const std::string& key) {
  if (key.empty() || context.counts(user).inbox == 0) return std::nullopt;
  const Range range{InboxRow::kStore, "user", Json::array({user, 0}), Json::array({user, kNever}), kShownMax};
  for (const InboxRow& stored : context.view.range<InboxRow>(range)) {
    if (stored.mutation.key == key) return context.view.get<InboxRow>(stored.id);
  }
  return std::nullopt;
}

void carried_out(Context& context, const InboxRow& entry, const Resource& resource, const Json& id, const std::string& document) {
  const bool deleted = document == kDeleted;
  if (!resource.singleton && !deleted) note_name(context, resource, entry.mutation, id);
  leave_inbox(context, entry);
  if (entry.mutation.body.kind == "bytes") context.view.erase("bodies", entry.id);
  const auto told = deleted ? std::nullopt : parse_json(document);
  conclude(context, entry.mutation, outcome_of(entry.mutation), deleted ? 204 : 200, told ? print_json(wrapped(resource, *told)) : std::string());
  context.effect({{"do", "changed"}, {"resource", resource.name}});
}

void decided(Context& context, const DecidedEvent& event) {
  if (event.action != "retry" && event.action != "edit" && event.action != "discard" && event.action != "merge") {
    return refuse(context, "unknown-decision", "An inbox entry can be retried, merged, edited or discarded.");
  }
  const auto entry = context.view.get<InboxRow>(event.id);
  if (!entry) return refuse(context, "not-in-inbox", "No inbox entry has this id; it may have been settled in another tab.");
  if (entry->user != context.session().user) {
    return refuse(context, "other-user", "This entry belongs to another user; sign in as that user to decide it.");
  }
  Mutation mutation = entry->mutation;
  const Resource* resource = context.config.find(mutation.resource);
  const bool mergeable = resource != nullptr && !entry->theirs.empty() && !mutation.base.empty();
  if (event.action == "edit" && mutation.method == "DELETE") {
    return refuse(context, "not-writable", "A deletion has no body to edit; retry or discard it.");
  }
  if (event.action == "edit") mutation.body = {"text", event.body, static_cast<std::int64_t>(event.body.size())};
  // Where nothing was shown to decide between, what the server has is looked at once more.
  if (!mergeable) mutation.base_etag.clear();
  if (event.action == "merge" && !mergeable) {
    return refuse(context, "nothing-merged", "This entry has no merged document; retry, edit or discard it.");
  }
  if (event.action == "merge" && overlaps(mutation)) {
    return refuse(context, "overlap", "Both sides changed the same words; the suggestion has them marked. Edit the text, or keep one side.");
  }
  if (event.action != "discard" && mergeable && !rebase_decided(context, *resource, *entry, event.action, mutation)) {
    return refuse(context, "not-writable", "What was decided can't be sent as a " + mutation.method + "; edit it, or discard it and write anew.");
  }
  leave_inbox(context, *entry);
  if (event.action == "discard") {
    if (mutation.body.kind == "bytes") context.view.erase("bodies", entry->id);
    conclude(context, mutation, "discarded", entry->status, "");
  } else {
    if (event.action == "edit" && entry->mutation.body.kind == "bytes") context.view.erase("bodies", mutation.id);
    const bool upon_now = event.action == "edit" && !mergeable && resource != nullptr;
    if (upon_now) note_anew(context, *resource, mutation);
    send_again(context, std::move(mutation), upon_now);
  }
  context.effect({{"do", "changed"}, {"resource", entry->mutation.resource}});
}

}  // namespace holdfast
