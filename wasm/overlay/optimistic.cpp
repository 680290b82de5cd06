#include "overlay/optimistic.hpp"

#include "codec/pointer.hpp"
#include "codec/text.hpp"
#include "conflict/json_patch.hpp"
#include "naming/names.hpp"
#include "overlay/declared.hpp"
#include "overlay/emptied.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

std::string url_of(const Route& found, const Resource& resource, const Mutation& mutation) {
  std::string url = mutation.url.substr(0, mutation.url.find_first_of("?#"));
  if (found.kind == RouteKind::kCollection) return url + (url.ends_with('/') ? "" : "/") + id_of(resource, mutation.entity);
  return url.substr(0, url.size() - (found.action.empty() ? 0 : found.action.size() + 1));
}

void name_entity(const Resource& resource, const std::string& entity, Json& document, const std::optional<Json>& before) {
  if (resource.singleton || find_part(document, resource.id) != nullptr) return;
  const Json* known = before ? find_part(*before, resource.id) : nullptr;  // a number stays a number
  make_part(document, resource.id) = known != nullptr ? *known : Json(id_of(resource, entity));
}

}  // namespace

bool is_json_patch(const Mutation& mutation) {
  return header(mutation.headers, "content-type").find("json-patch+json") != std::string::npos;
}

void merge_patch(Json& target, const Json& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target = Json::object();
  for (const auto& [name, value] : patch.items()) {
    if (value.is_null()) target.erase(name);
    else merge_patch(target[name], value);
  }
}

Json unwrapped(const Resource& resource, Json whole) {
  const Json* part = find_part(whole, resource.envelope);
  return part != nullptr && part->is_object() ? *part : whole;
}

Json wrapped(const Resource& resource, Json document) {
  if (resource.envelope.empty() || document.is_null()) return document;
  Json whole;
  make_part(whole, resource.envelope) = std::move(document);
  return whole;
}

std::optional<int> compare_versions(const Resource& resource, const Json& one, const Json& other) {
  if (resource.version.empty()) return std::nullopt;
  const Json* mine = find_part(one, resource.version);
  const Json* theirs = find_part(other, resource.version);
  if (mine == nullptr || theirs == nullptr) return std::nullopt;
  const bool comparable = (mine->is_number() && theirs->is_number()) || (mine->is_string() && theirs->is_string());
  if (!comparable) return std::nullopt;
  return *theirs < *mine ? 1 : *mine < *theirs ? -1 : 0;
}

bool is_newer(const Resource& resource, const Json& one, const Json& other) {
  return compare_versions(resource, one, other).value_or(0) > 0;
}

void apply_write(Context& context, Optimistic& shown, const Mutation& mutation, const Resource& resource) {
  shown.pending += 1;
  const auto found = route(context.config, mutation.url);
  // A write to the whole collection shows no single entity.
  if (!found || found->resource != &resource || mutation.whole_collection()) return;
  auto body = mutation.body.kind == "text" ? parse_json(mutation.body.text) : std::nullopt;
  const Making making{context, mutation, body ? *body : Json(nullptr), url_of(*found, resource, mutation)};

  if (found->kind == RouteKind::kAction) {
    const auto effect = resource.actions.find(mutation.method + " " + found->action);
    // Without a declared effect it shows nothing.
    if (effect != resource.actions.end() && shown.document) apply_effect(effect->second, *shown.document, making);
    return;
  }
  if (mutation.method == "DELETE") {
    shown.document.reset();
    shown.gone = shown.known = true;
    return;
  }
  if (mutation.method == "PATCH" && is_json_patch(mutation)) {
    // What a patch of an enveloped document points into, only its server knows.
    if (!body || !shown.document || !resource.envelope.empty()) return;
    std::string error;
    auto patched = apply_json_patch(*shown.document, *body, error);
    if (patched && patched->is_object()) shown.document = std::move(patched);
    return;
  }
  if (!body || !body->is_object()) return;
  Json written = unwrapped(resource, std::move(*body));
  if (mutation.method == "PATCH" || (mutation.method == "PUT" && resource.put_merges)) {
    // Of something never seen no honest document can be shown.
    if (shown.document) merge_patch(*shown.document, written);
    return;
  }
  if (found->kind == RouteKind::kCollection) written = with_defaults(resource.defaults, std::move(written), making);
  name_entity(resource, mutation.entity, written, shown.document);
  shown.document = std::move(written);
  shown.known = true;
  shown.gone = false;
}

Json base_key(Context& context, const Resource& resource, const std::string& user, const std::string& entity) {
  const std::string name = current_name(context, resource, user, entity);
  const Millis since = emptied(context, resource, user, parent_of(resource, entity)).at;
  return Json::array({user, resource.name, entity, name, id_of(resource, name), since});
}

Optimistic confirmed(Context& context, const Resource& resource, const std::string& user, const std::string& entity) {
  Optimistic shown;
  // The host looks through the answers that it kept, and returns one only if it is newer than the document's row.
  const Json* kept = context.view.find("base", base_key(context, resource, user, entity));
  const auto row = context.view.get<Document>(Json::array({user, resource.name, entity}));
  if (kept != nullptr && kept->is_object()) {
    shown.document = *kept;
  } else if (row) {
    shown.document = parse_json(row->text);
    if (shown.document && !shown.document->is_object()) shown.document.reset();
    shown.gone = row->text == kDeleted;
  }
  const Millis emptied_at = emptied(context, resource, user, parent_of(resource, entity)).at;
  if ((kept == nullptr || !kept->is_object()) && emptied_at > (row ? row->at : 0)) {
    shown.document.reset();
    shown.gone = true;
  }
  shown.known = shown.document || shown.gone;
  return shown;
}

std::string shown_after(Context& context, const Resource& resource, const Mutation& mutation) {
  Optimistic shown = confirmed(context, resource, mutation.user, mutation.entity);
  apply_write(context, shown, renamed(context, mutation), resource);
  if (shown.gone) return kDeleted;
  return shown.document ? print_json(*shown.document) : std::string();
}

Optimistic optimistic(Context& context, const Resource& resource, const std::string& user, const std::string& lane,
                      const std::string& entity, const Mutation* written) {
  const Range range{Mutation::kStore, "lane", Json::array({lane, 0}), Json::array({lane, kNever}), kShownMax};
  auto writes = context.view.range<Mutation>(range);
  std::erase_if(writes, [&](const Mutation& mutation) { return mutation.resource != resource.name || mutation.entity != entity; });
  return optimistic(context, resource, user, entity, writes, written);
}

Optimistic optimistic(Context& context, const Resource& resource, const std::string& user, const std::string& entity,
                      const std::vector<Mutation>& writes, const Mutation* written) {
  Optimistic shown = confirmed(context, resource, user, entity);
  const Emptied all = emptied(context, resource, user, parent_of(resource, entity));
  if (all.seq > 0) {
    shown.document.reset();
    shown.gone = shown.known = true;
    shown.pending = all.pending;
  }
  for (const Mutation& mutation : writes) {
    if (mutation.seq < all.seq) {
      shown.pending += 1;  // it was deleted with the others since
      continue;
    }
    // A write that this step changes is handed in; its stored form is out of date, but its place is the right one.
    const bool changed = written != nullptr && written->id == mutation.id;
    apply_write(context, shown, renamed(context, changed ? *written : mutation), resource);
    if (changed) written = nullptr;
  }
  if (written != nullptr) apply_write(context, shown, renamed(context, *written), resource);
  return shown;
}

std::optional<Json> shown_part(Context& context, const std::string& user, const Source& source) {
  const Resource* resource = context.config.find(source.resource);
  if (resource == nullptr || !resource->singleton) return std::nullopt;
  const Optimistic shown = optimistic(context, *resource, user, lane_name(user, *resource, resource->name), resource->name, nullptr);
  const Json* part = shown.document ? find_part(*shown.document, source.at) : nullptr;
  return part != nullptr ? std::optional(*part) : std::nullopt;
}

}  // namespace holdfast
