#include "naming/names.hpp"

#include <algorithm>

#include "codec/pointer.hpp"
#include "codec/text.hpp"

namespace holdfast {
namespace {

/// Former ids kept of one entity: more than one page's answers can still hold.
constexpr std::size_t kFormerMax = 8;

bool any(Context& context, const std::string& user) { return context.counts(user).names > 0; }

std::optional<Name> find(Context& context, const std::string& user, const Resource& resource, const std::string& name) {
  return context.view.get<Name>(Json::array({user, resource.name, name}));
}

Name find_or_new(Context& context, const std::string& user, const Resource& resource, const std::string& name) {
  if (auto row = find(context, user, resource, name)) return *row;
  Name row;
  row.user = user;
  row.resource = resource.name;
  row.name = row.entity = name;
  return row;
}

/// Stores a row, or erases one that says nothing any more.
void store(Context& context, Name row) {
  const Json key = Json::array({row.user, row.resource, row.name});
  const bool was = context.view.get<Name>(key).has_value();
  const bool says_nothing = row.entity == row.name && row.now.empty() && row.creation.empty();
  Counts counts = context.counts(row.user);
  counts.names += (says_nothing ? 0 : 1) - (was ? 1 : 0);
  context.put(counts);
  row.at = context.now;
  if (!says_nothing) context.view.put(key, row);
  else if (was) context.view.erase<Name>(key);
}

/// What is known of the entity that a name means now.
std::optional<Name> find_meant(Context& context, const std::string& user, const Resource& resource, const std::string& name) {
  auto called = find(context, user, resource, name);
  return called && called->entity != name ? find(context, user, resource, called->entity) : called;
}

/// A place in a path that names an entity, and what is known of that one's names.
struct Mention {
  const Resource* resource;
  std::string entity;
  std::optional<Name> own;
};

struct Walk {
  std::vector<std::string> first;    ///< the path's segments, by first names
  std::vector<std::string> current;  ///< by the server's
  std::vector<Mention> mentions;
};

/// From the left to the right: what lies below an entity is named by that one's first name.
Walk walk(Context& context, const std::string& user, const std::string& url) {
  Walk walk;
  walk.first = walk.current = path_segments(url);
  std::string prefix = origin_of(url);
  for (std::size_t i = 0; i < walk.first.size(); ++i) {
    const auto found = route(context.config, prefix + "/" + walk.first[i]);
    if (found && found->kind == RouteKind::kItem && !found->resource->singleton) {
      const Resource& resource = *found->resource;
      const auto called = find(context, user, resource, found->entity);
      const std::string entity = called ? called->entity : found->entity;
      if (entity != found->entity) walk.first[i] = percent_encode(id_of(resource, entity));
      auto own = entity == found->entity ? called : find(context, user, resource, entity);
      walk.current[i] = own && !own->now.empty() ? percent_encode(id_of(resource, own->now)) : walk.first[i];
      walk.mentions.push_back({&resource, entity, std::move(own)});
    }
    prefix += "/" + walk.first[i];
  }
  return walk;
}

/// The URL with these segments for its path.
std::string with_path(const std::string& url, const std::vector<std::string>& segments) {
  if (segments == path_segments(url)) return url;
  std::string changed = origin_of(url);
  for (const std::string& segment : segments) changed += "/" + segment;
  const std::size_t end = url.find_first_of("?#");
  if (url[(end == std::string::npos ? url.size() : end) - 1] == '/') changed += '/';
  return end == std::string::npos ? changed : changed + url.substr(end);
}

/// Calls `visit` with each part that a pointer leads to; `*` stands for every item of an array or member of an object.
template <class Visit> void each_part(Json& from, const Pointer& pointer, std::size_t step, const Visit& visit) {
  if (step == pointer.size()) return visit(from);
  if (!from.is_structured()) return;
  if (pointer[step] == "*") {
    for (Json& part : from) each_part(part, pointer, step + 1, visit);
  } else if (from.is_object()) {
    const auto part = from.find(pointer[step]);
    if (part != from.end()) each_part(*part, pointer, step + 1, visit);
  } else if (Json* part = find_part(from, {pointer[step]})) {
    each_part(*part, pointer, step + 1, visit);
  }
}

/// The ids in a write's body that name entities: the references, and its own unless it creates one.
/// `visit` gets the place, the resource and the name.
template <class Visit> void each_reference(Context& context, const Mutation& mutation, Json& body, const Visit& visit) {
  const Resource* resource = context.config.find(mutation.resource);
  if (resource == nullptr || !body.is_object()) return;
  Json* inner = find_part(body, resource->envelope);
  Json& document = inner != nullptr && inner->is_object() ? *inner : body;
  for (const Reference& reference : resource->references) {
    const Resource* target = context.config.find(reference.resource);
    if (target == nullptr) continue;
    each_part(document, reference.field, 0, [&](Json& part) {
      const std::string id = id_text(&part);
      if (!id.empty()) visit(part, *target, id);
    });
  }
  const auto found = route(context.config, mutation.url);
  if (!found || found->kind == RouteKind::kCollection || resource->singleton) return;
  each_part(document, resource->id, 0, [&](Json& part) {
    // The first name is what the app was told; any other is the server's own word.
    if (id_text(&part) == id_of(*resource, mutation.entity)) visit(part, *resource, mutation.entity);
  });
}

/// The write that is to create an entity, while it is pending. Whatever became of one that is no more: nobody waits for it.
std::optional<Mutation> pending_creation(Context& context, const std::optional<Name>& own) {
  if (!own || own->creation.empty() || own->failed > 0) return std::nullopt;
  return context.view.get<Mutation>(own->creation);
}

bool is_creation(Context& context, const Mutation& mutation) {
  if (mutation.method != "POST" || mutation.whole_collection()) return false;
  const auto found = route(context.config, mutation.url);
  return found && found->kind == RouteKind::kCollection;
}

/// Names that nobody has used for a month make room, a few at a time; those with writes waiting stay.
void trim(Context& context, const std::string& user) {
  const Range old{Name::kStore, "at", Json::array({user, 0}), Json::array({user, context.now - kNameKeptMs}), kTrim};
  for (const Name& row : context.view.range<Name>(old)) {
    const Resource* resource = context.config.find(row.resource);
    if (resource != nullptr && context.view.get<Lane>(lane_name(user, *resource, row.entity))) continue;
    context.view.erase<Name>(Json::array({row.user, row.resource, row.name}));
    Counts counts = context.counts(user);
    counts.names = std::max<std::int64_t>(0, counts.names - 1);
    context.put(counts);
  }
}

}  // namespace

std::optional<Route> locate(Context& context, const std::string& user, const std::string& url) {
  if (!any(context, user)) return route(context.config, url);
  const Walk walked = walk(context, user, url);
  auto found = route(context.config, with_path(url, walked.first));
  if (!found) return found;
  auto known = route(context.config, with_path(url, walked.current));
  if (known) found->parameters = std::move(known->parameters);
  return found;
}

std::string current_url(Context& context, const std::string& user, const std::string& url) {
  return any(context, user) ? with_path(url, walk(context, user, url).current) : url;
}

std::string current_name(Context& context, const Resource& resource, const std::string& user, const std::string& entity) {
  if (!any(context, user) || resource.singleton || entity.empty()) return entity;
  const auto found = route(context.config, current_url(context, user, item_url(resource, entity)));
  return found && found->resource == &resource ? found->entity : entity;
}

std::vector<std::string> former_ids(Context& context, const Resource& resource, const std::string& user, const std::string& entity) {
  if (!any(context, user)) return {};
  const auto own = find(context, user, resource, entity);
  return own ? own->former : std::vector<std::string>();
}

Mutation renamed(Context& context, Mutation mutation) {
  if (!any(context, mutation.user) || mutation.attempts > mutation.known_attempts) return mutation;
  auto body = mutation.body.kind == "text" ? parse_json(mutation.body.text) : std::nullopt;
  bool changed = false;
  if (body) {
    each_reference(context, mutation, *body, [&](Json& part, const Resource& target, const std::string& name) {
      const auto own = find_meant(context, mutation.user, target, name);
      if (!own || own->now.empty()) return;
      const auto id = parse_json(own->id);
      if (!id || *id == part) return;
      part = *id;
      changed = true;
    });
  }
  if (changed) {
    mutation.body.text = print_json(*body);
    mutation.body.size = static_cast<std::int64_t>(mutation.body.text.size());
  }
  mutation.url = current_url(context, mutation.user, mutation.url);
  return mutation;
}

Standing standing_of(Context& context, const Mutation& mutation) {
  Standing standing;
  if (!any(context, mutation.user)) return standing;
  const auto look = [&](const std::optional<Name>& own) {
    if (!own || own->creation == mutation.id) return;
    // Whoever writes after the failure knows of it, and may know better.
    if (own->failed > 0 && mutation.seq <= own->failed) standing.orphaned = true;
    const auto creation = pending_creation(context, own);
    if (!creation) return;
    // One that was turned down and is tried again stands behind what once followed it.
    if (creation->lane == mutation.lane && creation->seq > mutation.seq) standing.orphaned = true;
    else standing.awaits = creation->seq;
  };
  for (const Mention& mention : walk(context, mutation.user, mutation.url).mentions) look(mention.own);
  auto body = mutation.body.kind == "text" ? parse_json(mutation.body.text) : std::nullopt;
  if (body) {
    each_reference(context, mutation, *body, [&](Json&, const Resource& target, const std::string& name) {
      look(find_meant(context, mutation.user, target, name));
    });
  }
  return standing;
}

bool name_in_flux(Context& context, const Mutation& mutation) {
  const auto mentions = walk(context, mutation.user, mutation.url).mentions;
  return std::any_of(mentions.begin(), mentions.end(), [&](const Mention& mention) {
    const auto lane = context.view.get<Lane>(lane_name(mutation.user, *mention.resource, mention.entity));
    if (!lane || lane->lane == mutation.lane) return false;
    const auto head = context.view.get<Mutation>(lane->head);
    return head && head->attempts > head->known_attempts;
  });
}

bool below_unsent(Context& context, const std::string& user, const std::string& url) {
  if (!any(context, user)) return false;
  const auto mentions = walk(context, user, url).mentions;
  return std::any_of(mentions.begin(), mentions.end(), [&](const Mention& mention) { return pending_creation(context, mention.own).has_value(); });
}

void note_creation(Context& context, const Resource& resource, const Mutation& creation) {
  if (!resource.referenced || !is_creation(context, creation)) return;
  Name own = find_or_new(context, creation.user, resource, creation.entity);
  own.creation = creation.id;
  own.failed = 0;
  store(context, own);
}

void note_failed_creation(Context& context, const Resource& resource, const Mutation& creation) {
  if (!resource.referenced || !is_creation(context, creation)) return;
  Name own = find_or_new(context, creation.user, resource, creation.entity);
  own.creation = creation.id;
  own.failed = context.view.get<Sequence>("sequence").value_or(Sequence{}).last;
  store(context, own);
}

void note_name(Context& context, const Resource& resource, const Mutation& write, const Json& id) {
  const bool creation = is_creation(context, write);
  const std::string name = named(resource, parent_of(resource, write.entity), id_text(&id));
  const auto known = find(context, write.user, resource, write.entity);
  const std::string last = known && !known->now.empty() ? known->now : write.entity;
  if (name == last && (!creation || !known)) return;
  Name own = find_or_new(context, write.user, resource, write.entity);
  if (creation) {
    own.creation.clear();
    own.failed = 0;
  }
  if (name != last) {
    own.former.push_back(id_of(resource, last));
    if (own.former.size() > kFormerMax) own.former.erase(own.former.begin());
    own.now = name == write.entity ? std::string() : name;
    own.id = id.dump();
    trim(context, write.user);
  }
  store(context, own);
  if (own.now.empty()) return;
  // Whoever was called so before is not any more; what is known of that one by its first name stays.
  Name called = find_or_new(context, write.user, resource, name);
  called.entity = write.entity;
  store(context, called);
}

}  // namespace holdfast
