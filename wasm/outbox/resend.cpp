#include "outbox/resend.hpp"

#include <algorithm>
#include <array>

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "outbox/base.hpp"
#include "overlay/optimistic.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

std::string without_query(const std::string& url) { return url.substr(0, url.find_first_of("?#")); }

std::optional<Json> object_in(const Mutation& mutation) {
  auto body = mutation.body.kind == "text" ? parse_json(mutation.body.text) : std::nullopt;
  return body && body->is_object() ? body : std::nullopt;
}

/// PUT and DELETE are idempotent (RFC 9110, section 9.2.2), and so is a patch that names values: JSON Merge Patch, or
/// plain JSON taken for one. A JSON Patch may append to a list (RFC 6902, section 4.1).
bool is_idempotent(const Mutation& mutation) {
  if (mutation.method == "PUT" || mutation.method == "DELETE") return true;
  return mutation.method == "PATCH" && object_in(mutation) && !is_json_patch(mutation);
}

/// The list whose filter picks entities by a field, as part of a URL; empty if none does.
std::string filter_query(const List& list, const Pointer& field, const std::string& value) {
  for (const Filter& filter : list.filters) {
    if (filter.kind == FilterKind::kEqual && filter.field == field) return "?" + percent_encode(filter.parameter) + "=" + percent_encode(value);
  }
  return {};
}

/// Where a creation can be looked up: in the list, by the field that the app declared, else at the item of its id.
std::optional<std::string> lookup_url(const Config& config, const Resource& resource, const Mutation& mutation) {
  if (resource.idempotency != Idempotency::kVerify || mutation.method != "POST") return std::nullopt;
  const auto list = route(config, mutation.url);
  const auto body = object_in(mutation);
  if (!list || list->kind != RouteKind::kCollection || !body) return std::nullopt;
  const Json document = unwrapped(resource, *body);
  const bool in_list = !resource.client_id.empty();
  const std::string id = id_text(find_part(document, in_list ? resource.client_id : resource.id));
  if (id.empty()) return std::nullopt;
  if (!in_list) return item_below(*list, id);
  return without_query(mutation.url) + filter_query(*list->list, resource.client_id, id);
}

/// What a lookup says of itself: what the app's own request said, apart from what was about its body and its key.
Headers lookup_headers(const Mutation& mutation) {
  static constexpr std::array kOfWrites{"content-", "if-", "prefer"};
  Headers headers;
  bool accepts = false;
  for (const auto& [name, value] : mutation.headers) {
    bool of_write = false;
    for (const char* prefix : kOfWrites) of_write = of_write || name.starts_with(prefix);
    if (of_write) continue;
    accepts = accepts || name == "accept";
    headers.emplace_back(name, value);
  }
  if (!accepts) headers.emplace_back("accept", "application/json");
  return headers;
}

/// What lies nearest to a write and can be asked for.
std::string readable_url(const Config& config, const Mutation& mutation) {
  const std::string url = without_query(mutation.url);
  const auto found = route(config, mutation.url);
  const std::size_t action = found && found->kind == RouteKind::kAction ? found->action.size() + 1 : 0;
  return url.substr(0, url.size() - std::min(url.size(), action));
}

Sighting there(const AnsweredEvent& answer, std::string body) {
  Sighting sighting{Found::kThere, answer};
  sighting.answer.body = std::move(body);
  return sighting;
}

Sighting sight_in_list(const Config& config, const Resource& resource, const Mutation& mutation, const AnsweredEvent& answer,
                       const Json& told) {
  const auto list = route(config, mutation.url);
  const auto body = object_in(mutation);
  const Json* rows = list && list->list != nullptr ? find_part(told, list->list->rows) : nullptr;
  if (!body || rows == nullptr || !rows->is_structured()) return {};
  const Json document = unwrapped(resource, *body);
  const std::string wanted = id_text(find_part(document, resource.client_id));
  for (const auto& [key, row] : rows->items()) {
    if (id_text(find_part(row, resource.client_id)) != wanted) continue;
    Sighting sighting = there(answer, print_json(wrapped(resource, row)));
    // The list's own ETag says nothing of the item.
    std::erase_if(sighting.answer.headers, [](const auto& header) { return header.first == "etag"; });
    return sighting;
  }
  return {Found::kNotThere, {}};
}

}  // namespace

Resend resend_of(const Config& config, const Resource& resource, const Mutation& mutation) {
  if (resource.idempotency == Idempotency::kHeader || is_idempotent(mutation)) return Resend::kSend;
  return lookup_url(config, resource, mutation) ? Resend::kLookUp : Resend::kAsk;
}

std::optional<Lookup> lookup_before(const Config& config, const Resource& resource, const Mutation& mutation, const Origin& origin, Millis now) {
  if (awaits_current(mutation, now)) return Lookup{"GET", readable_url(config, mutation), lookup_headers(mutation)};
  const Resend how = resend_of(config, resource, mutation);
  if (how == Resend::kLookUp && mutation.state == "unknown") {
    return Lookup{"GET", *lookup_url(config, resource, mutation), lookup_headers(mutation)};
  }
  if (how == Resend::kAsk && origin.silences > 0) return Lookup{"HEAD", readable_url(config, mutation), lookup_headers(mutation)};
  return std::nullopt;
}

Sighting sight(const Config& config, const Resource& resource, const Mutation& mutation, const AnsweredEvent& answer) {
  const bool in_list = !resource.client_id.empty();
  if (!in_list && (answer.status == 404 || answer.status == 410)) return {Found::kNotThere, {}};
  const auto told = parse_json(answer.body);
  if (answer.status < 200 || answer.status > 299 || !told) return {};
  if (in_list) return sight_in_list(config, resource, mutation, answer, *told);
  return told->is_object() ? there(answer, answer.body) : Sighting{};
}

}  // namespace holdfast
