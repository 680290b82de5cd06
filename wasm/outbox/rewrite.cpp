#include "outbox/rewrite.hpp"

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "conflict/json_patch.hpp"
#include "naming/names.hpp"
#include "overlay/optimistic.hpp"

namespace holdfast {
namespace {

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

}  // namespace

std::string text_of(const std::optional<Json>& document) { return document ? print_json(*document) : std::string(kDeleted); }

std::optional<Json> document_of(const std::string& text) {
  auto json = parse_json(text);
  return json && json->is_object() ? json : std::nullopt;
}

bool same(const std::optional<Json>& one, const std::optional<Json>& other) {
  return one && other ? same_value(*one, *other) : one.has_value() == other.has_value();
}

std::optional<Json> applied(Context& context, const Resource& resource, const Mutation& mutation, const std::optional<Json>& document) {
  Optimistic shown;
  shown.document = document;
  apply_write(context, shown, renamed(context, mutation), resource);
  return shown.document;
}

bool applies(const Mutation& mutation, const std::optional<Json>& document) {
  if (!is_json_patch(mutation)) return true;
  const auto patch = parse_json(mutation.body.text);
  std::string error;
  return document && patch && apply_json_patch(*document, *patch, error).has_value();
}

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

bool says_the_same(const Body& one, const Body& other) {
  const auto here = parse_json(one.text), there = parse_json(other.text);
  return here && there && same_value(*here, *there);
}

bool names_version(const Resource& resource, const Mutation& mutation) {
  if (!resource.conflicts || !resource.conflicts->version_in_body || mutation.body.kind != "text") return false;
  const auto body = parse_json(mutation.body.text);
  return body && named_version(resource, *body) != nullptr;
}

void renew_key(Context& context, Mutation& mutation) {
  mutation.key = uuid_v7(context.now, context.random);
  mutation.app_key = false;
  mutation.known_attempts = mutation.attempts;
}

}  // namespace holdfast
