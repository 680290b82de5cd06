#include "overlay/optimistic.hpp"

#include "codec/text.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

bool is_json_patch(const Mutation& mutation) {
  for (const auto& [name, value] : mutation.headers) {
    if (name == "content-type" && value.find("json-patch+json") != std::string::npos) return true;
  }
  return false;
}

/// What the server told last: a newer answer that was kept unparsed, else the confirmed document.
std::optional<Json> confirmed(Context& context, const Resource& resource, const std::string& user,
                              const std::string& entity, const std::string& item_url) {
  // The host looks through the answers that it kept, and returns one only if it is newer than the document's row.
  const Json* kept = context.view.find("base", Json::array({user, resource.name, entity, item_url, resource.id_field}));
  if (kept != nullptr && kept->is_object()) return *kept;
  const auto row = context.view.get<Document>(Json::array({user, resource.name, entity}));
  if (!row) return std::nullopt;
  auto document = parse_json(row->text);
  return document && document->is_object() ? std::move(document) : std::nullopt;
}

}  // namespace

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

void apply_write(Optimistic& shown, const Mutation& mutation, const Resource& resource) {
  shown.pending += 1;
  // A write to a sub-path is an action, and without a declared effect it shows nothing; one to the whole collection
  // shows no single entity.
  const std::size_t depth = path_segments(mutation.url).size();
  if (depth > resource.item.size() || (depth < resource.item.size() && mutation.method != "POST")) return;

  if (mutation.method == "DELETE") {
    shown.document.reset();
    shown.gone = shown.known = true;
    return;
  }
  if (mutation.body.kind != "text") return;
  auto body = parse_json(mutation.body.text);
  if (!body || !body->is_object()) return;

  if (mutation.method == "PATCH") {
    if (is_json_patch(mutation)) return;
    if (!shown.document) return;  // A patch of something never seen: no honest document can be shown.
    merge_patch(*shown.document, *body);
    return;
  }
  if (!body->contains(resource.id_field)) (*body)[resource.id_field] = mutation.entity;
  shown.document = std::move(*body);
  shown.known = true;
  shown.gone = false;
}

std::string shown_after(Context& context, const Resource& resource, const Mutation& mutation) {
  Optimistic shown;
  shown.document = confirmed(context, resource, mutation.user, mutation.entity, mutation.url);
  apply_write(shown, mutation, resource);
  return shown.document ? print_json(*shown.document) : std::string("null");
}

Optimistic optimistic(Context& context, const Resource& resource, const std::string& user, const std::string& lane,
                      const std::string& entity, const std::string& item_url, const Mutation* written) {
  Optimistic shown;
  shown.document = confirmed(context, resource, user, entity, item_url);
  shown.known = shown.document.has_value();

  const Range range{Mutation::kStore, "lane", Json::array({lane, 0}), Json::array({lane, kNever}), kRangeMax};
  for (const Mutation& mutation : context.view.range<Mutation>(range)) {
    if (mutation.resource != resource.name || mutation.entity != entity) continue;
    // A write that this step changes is handed in; its stored form is out of date, but its place is the right one.
    const bool changed = written != nullptr && written->id == mutation.id;
    apply_write(shown, changed ? *written : mutation, resource);
    if (changed) written = nullptr;
  }
  if (written != nullptr) apply_write(shown, *written, resource);
  return shown;
}

}  // namespace holdfast
