#include "codec/config_codec.hpp"

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "codec/list_codec.hpp"
#include "codec/made.hpp"
#include "codec/rules_codec.hpp"
#include "codec/section.hpp"
#include "codec/text.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

std::optional<AnswerClass> class_named(const std::string& name) {
  if (name == "confirmed") return AnswerClass::kConfirmed;
  if (name == "conflict") return AnswerClass::kConflict;
  if (name == "retry") return AnswerClass::kRetry;
  if (name == "needs-auth") return AnswerClass::kNeedsAuth;
  if (name == "rejected") return AnswerClass::kRejected;
  return std::nullopt;
}

/// An origin is compared as `URL.origin` prints it; one that no URL ever has would silently match nothing.
bool is_origin(const std::string& text) {
  const bool upper = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return !text.empty() && !upper && origin_of(text) == text;
}

void decode_path(Section& section, const std::string& base_origin, Resource& resource) {
  std::string path;
  section.text("path", path);
  section.flag("singleton", resource.singleton);
  resource.origin = base_origin;
  section.text("origin", resource.origin);
  if (path.find("://") != std::string::npos) resource.origin = origin_of(path);
  resource.item = parse_path(path);
  if (!resource.origin.empty() && !is_origin(resource.origin)) {
    section.fail("origin", "must be scheme://host[:port] in lower case and without a path, such as https://api.example.com");
  }
  const bool has_path = section.find("path") != nullptr && !resource.item.empty();
  const bool names_item = has_path && resource.item.size() > 1 && resource.item.back().parameter;
  if (resource.singleton && (!has_path || resource.item.back().parameter)) {
    section.fail("path", "must be the path of the one document, such as /api/profile");
  } else if (!resource.singleton && (!names_item || resource.item.back().text.empty())) {
    section.fail("path", "must be the path of one item and end in a parameter, such as /api/orders/:id; for a single document say singleton: true");
  }
}

bool has_parameter(const Path& path, const std::string& name) {
  return std::any_of(path.begin(), path.end(), [&](const Segment& segment) { return segment.parameter && segment.text == name; });
}

/// Further paths of the same items have to say as much of which one it is.
void decode_items(Section& section, Resource& resource) {
  const Json* json = section.find("items");
  if (json == nullptr) return;
  const bool texts = json->is_array() && std::all_of(json->begin(), json->end(), [](const Json& path) { return path.is_string(); });
  if (!texts) return section.fail("items", "must be a list of paths, such as ['/api/couriers/:courier/orders/:id']");
  for (const Json& text : *json) {
    Path path = parse_path(text.get<std::string>());
    const bool whole = std::all_of(resource.item.begin(), resource.item.end(), [&](const Segment& segment) {
      return !segment.parameter || has_parameter(path, segment.text);
    });
    if (!whole) section.fail("items", "must have the parameters that `path` has: " + text.get<std::string>());
    resource.more_items.push_back(std::move(path));
  }
}

void decode_lists(Section& section, Resource& resource) {
  if (!resource.singleton) {
    List collection;
    collection.path = resource.item;
    if (!collection.path.empty()) collection.path.pop_back();
    if (const Json* json = section.find("list")) decode_list(*json, section.path_to("list"), section.errors(), collection);
    resource.lists.push_back(std::move(collection));
  } else if (section.find("list") != nullptr) {
    section.fail("list", "a single document has no list");
  }
  const Json* more = section.find("lists");
  if (more == nullptr) return;
  if (!more->is_object()) return section.fail("lists", "must be an object, such as { '/api/articles/feed': { members: 'server' } }");
  for (const auto& [path, json] : more->items()) {
    List list;
    list.path = parse_path(path);
    decode_list(json, section.path_to("lists." + path), section.errors(), list);
    resource.lists.push_back(std::move(list));
  }
}

void decode_effects(Section& section, Resource& resource) {
  if (const Json* json = section.find("defaults")) {
    if (!json->is_object() || !is_declared(*json, resource.sources)) section.fail("defaults", "must be an object, such as { status: 'placed', createdAt: now }");
    else resource.defaults = print_json(*json);
  }
  const Json* actions = section.find("actions");
  if (actions == nullptr) return;
  if (!actions->is_object()) return section.fail("actions", "must be an object, such as { cancel: { status: 'cancelled' } }");
  for (const auto& [name, effect] : actions->items()) {
    if (!effect.is_object() || !is_declared(effect, resource.sources)) {
      section.fail("actions." + name, "must be the change that it makes, such as { status: 'cancelled' }");
      continue;
    }
    const bool has_method = name.find(' ') != std::string::npos;
    resource.actions[has_method ? name : "POST " + name] = print_json(effect);
  }
}

void decode_references(Section& section, Resource& resource) {
  const Json* json = section.find("references");
  if (json == nullptr) return;
  if (!json->is_object()) return section.fail("references", "must be an object, such as { restaurantId: 'restaurants' }");
  for (const auto& [field, target] : json->items()) {
    if (!target.is_string()) section.fail("references." + field, "must be the name of the resource whose id it holds");
    else resource.references.push_back({parse_pointer(field), target.get<std::string>()});
  }
}

/// Whether every path that the pattern matches goes on below an item of the other resource.
bool lies_below(const Path& pattern, const Path& item) {
  if (pattern.size() <= item.size()) return false;
  for (std::size_t i = 0; i < item.size(); ++i) {
    if (item[i].parameter ? !pattern[i].parameter : item[i].text != pattern[i].text) return false;
  }
  return true;
}

bool has_paths_below(const Resource& resource, const Resource& other) {
  if (resource.origin != other.origin) return false;
  const auto below = [&](const Path& path) { return lies_below(path, other.item); };
  return below(resource.item) || std::any_of(resource.more_items.begin(), resource.more_items.end(), below) ||
         std::any_of(resource.lists.begin(), resource.lists.end(), [&](const List& list) { return below(list.path); });
}

/// Who refers to whom: only those whose creation somebody may have to wait for are watched.
void note_referenced(Section& root, Config& config) {
  for (const Resource& resource : config.resources) {
    for (const Reference& reference : resource.references) {
      const auto target = std::find_if(config.resources.begin(), config.resources.end(),
                                       [&](const Resource& other) { return other.name == reference.resource; });
      const bool plain = target != config.resources.end() && !target->singleton &&
                         std::count_if(target->item.begin(), target->item.end(), [](const Segment& part) { return part.parameter; }) == 1;
      if (plain) target->referenced = true;
      else root.fail("resources." + resource.name + ".references", "must name a resource whose path has one parameter; '" + reference.resource + "' is none");
    }
    for (Resource& other : config.resources) {
      if (&other != &resource && !other.singleton && has_paths_below(resource, other)) other.referenced = true;
    }
  }
}

/// Whoever a value is taken from must be there, and must not take any itself: that could go round in circles.
void check_sources(Section& root, const Config& config) {
  for (const Resource& resource : config.resources) {
    std::vector<std::string> sources = resource.sources;
    for (const List& list : resource.lists) {
      for (const Filter& filter : list.filters) if (filter.kind == FilterKind::kReader) sources.push_back(filter.reader.resource);
    }
    for (const std::string& name : sources) {
      const Resource* source = config.find(name);
      if (source == nullptr || !source->singleton) root.fail("resources." + resource.name, "takes a value from '" + name + "', which is no resource with singleton: true");
      else if (!source->sources.empty()) root.fail("resources." + name, "takes values from others, so none can be taken from it");
    }
  }
}

/// Secrets are taken out by the host, before anything comes here (js/host/secrets.ts).
void check_secrets(Section& section) {
  const Json* json = section.find("secrets");
  if (json == nullptr) return;
  const bool names = json->is_array() && std::all_of(json->begin(), json->end(), [](const Json& name) { return name.is_string(); });
  if (!names) section.fail("secrets", "must be a list of members' names, such as ['token']");
}

void decode_put(Section& section, Resource& resource) {
  std::string put;
  section.text("put", put);
  resource.put_merges = put == "merge";
  if (!put.empty() && put != "merge" && put != "replace") section.fail("put", "must be 'replace' or 'merge'");
}

void decode_answers(Section& section, Resource& resource) {
  const Json* json = section.find("answers");
  if (json == nullptr) return;
  if (!json->is_object()) return section.fail("answers", "must be an object, such as { 409: 'confirmed' }");
  for (const auto& [status, meaning] : json->items()) {
    const bool number = status.size() == 3 && std::all_of(status.begin(), status.end(), [](char c) { return c >= '0' && c <= '9'; });
    const auto named = meaning.is_string() ? class_named(meaning.get<std::string>()) : std::nullopt;
    if (!number || !named) {
      section.fail("answers." + status, "a status of three digits means one of confirmed, conflict, retry, needs-auth, rejected");
      continue;
    }
    resource.answers[std::stoll(status)] = *named;
  }
}

bool filters_by(const List& list, const Pointer& field) {
  return std::any_of(list.filters.begin(), list.filters.end(), [&](const Filter& filter) { return filter.kind == FilterKind::kEqual && filter.field == field; });
}

void decode_idempotency(Section& section, Resource& resource) {
  const Json* json = section.find("idempotency");
  if (json == nullptr || *json == "header") return;
  resource.idempotency = *json == "none" ? Idempotency::kNone : Idempotency::kVerify;
  if (*json == "none" || *json == "verify") return;
  if (!json->is_object()) return section.fail("idempotency", "must be 'header', 'verify', 'none', or { verify: '/clientId' }");
  Section inner(*json, section.path_to("idempotency"), section.errors());
  inner.only({"verify"});
  inner.pointer("verify", resource.client_id);
  if (resource.client_id.empty()) return inner.fail("verify", "must be the field that the app fills and lists show, such as /clientId");
  // One page doesn't tell what is on the others.
  const bool pages = !resource.lists.empty() && resource.lists.front().page.kind != Paging::Kind::kNone;
  if (pages && !filters_by(resource.lists.front(), resource.client_id)) inner.fail("verify", "needs a declared `filter` for this field, since the list comes in pages");
}

void decode_coalesce(Section& section, Resource& resource) {
  const Json* json = section.find("coalesce");
  if (json == nullptr) return;
  if (!json->is_object()) return section.fail("coalesce", "must be an object, such as { patch: 'merge' }");
  Section inner(*json, section.path_to("coalesce"), section.errors());
  inner.only({"patch", "createDelete", "keep"});
  std::string patch;
  inner.text("patch", patch);
  if (patch == "merge") resource.coalesce.patches = CoalescePatches::kMerge;
  else if (patch == "latest") resource.coalesce.patches = CoalescePatches::kLatest;
  else if (!patch.empty()) inner.fail("patch", "must be 'merge' or 'latest'");
  inner.flag("createDelete", resource.coalesce.create_delete);
  const Json* keep = inner.find("keep");
  if (keep == nullptr) return;
  const bool names = keep->is_array() && std::all_of(keep->begin(), keep->end(), [](const Json& name) { return name.is_string(); });
  if (!names) return inner.fail("keep", "must be a list of field names");
  for (const Json& name : *keep) resource.coalesce.keep.push_back(name.get<std::string>());
}

bool is_one_of(const std::string& text, std::initializer_list<const char*> allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const char* one) { return text == one; });
}

/// How reads are answered is the host's business (js/host/read-rules.ts); a mistake in it is told here with all others.
void check_read(Section& section) {
  const Json* json = section.find("read");
  if (json == nullptr) return;
  if (!json->is_object()) return section.fail("read", "must be an object, such as { strategy: 'stale-while-revalidate' }");
  Section inner(*json, section.path_to("read"), section.errors());
  inner.only({"strategy", "timeoutMs", "entries", "bytes", "offline"});
  std::string strategy = "network-first";
  inner.text("strategy", strategy);
  if (!is_one_of(strategy, {"network-first", "stale-while-revalidate", "cache-only"})) {
    inner.fail("strategy", "must be 'network-first', 'stale-while-revalidate' or 'cache-only'");
  }
  std::int64_t unused = 0;
  inner.number("timeoutMs", unused, 0, 600'000);
  inner.number("entries", unused, 0, 100'000);
  inner.number("bytes", unused, 0, 1'073'741'824);
  std::string offline = "always";
  inner.text("offline", offline);
  if (offline != "always") inner.fail("offline", "must be 'always', or left out to respect no-store");
}

void decode_conflicts(Section& section, Resource& resource) {
  const Json* json = section.find("conflicts");
  if (json == nullptr) return;
  decode_rules(*json, section.path_to("conflicts"), section.errors(), resource.conflicts.emplace());
  if (!json->is_object()) return;
  Section rules(*json, section.path_to("conflicts"), section.errors());
  rules.text("overruled", resource.overruled_url);
  if (resource.overruled_url.starts_with('/')) resource.overruled_url = resource.origin + resource.overruled_url;
}

Resource decode_resource(Section& section, const std::string& name, const std::string& base_origin) {
  Resource resource;
  resource.name = name;
  section.only({"path", "singleton", "items", "origin", "id", "version", "envelope", "list", "lists", "put", "defaults", "actions", "references",
                "timeoutMs", "bodyBytesMax", "queuedStatus", "answers", "coalesce", "idempotency", "conflicts", "lane", "read", "secrets"});
  decode_path(section, base_origin, resource);
  decode_items(section, resource);
  section.pointer("id", resource.id);
  section.pointer("version", resource.version);
  section.pointer("envelope", resource.envelope);
  decode_lists(section, resource);
  decode_put(section, resource);
  decode_effects(section, resource);
  decode_references(section, resource);
  section.text("lane", resource.lane);
  section.number("timeoutMs", resource.timeout_ms, 0, 600'000);
  section.number("bodyBytesMax", resource.body_bytes_max, 0, 1'073'741'824);
  section.number("queuedStatus", resource.queued_status, 200, 299);
  decode_answers(section, resource);
  decode_coalesce(section, resource);
  decode_idempotency(section, resource);
  decode_conflicts(section, resource);
  check_read(section);
  check_secrets(section);
  return resource;
}

/// A report is a write like any other, so somebody must have declared where it goes.
void check_reports(Section& root, const Config& config) {
  for (const Resource& resource : config.resources) {
    if (resource.overruled_url.empty()) continue;
    const auto found = route(config, resource.overruled_url);
    if (found && found->kind == RouteKind::kCollection) continue;
    root.fail("resources." + resource.name + ".conflicts.overruled", "must be the path of a declared resource's collection, such as '/api/exceptions' of { path: '/api/exceptions/:id' }");
  }
}

void decode_records(Section& root, Config& config) {
  const Json* json = root.find("conflictRecords");
  if (json == nullptr) return;
  if (!json->is_object()) return root.fail("conflictRecords", "must be an object, such as { entries: 1000, bytes: 4194304 }");
  Section section(*json, "conflictRecords", root.errors());
  section.only({"entries", "bytes"});
  section.number("entries", config.record_entries, 0, 100'000);
  section.number("bytes", config.record_bytes, 0, 1'073'741'824);
}

void decode_retry(Section& root, RetryConfig& retry) {
  const Json* json = root.find("retry");
  if (json == nullptr) return;
  if (!json->is_object()) return root.fail("retry", "must be an object");
  Section section(*json, "retry", root.errors());
  section.only({"baseMs", "capMs", "silentBaseMs", "retryAfterMaxMs", "sendTimeoutMs", "breakerFailures", "sendsMax"});
  section.number("baseMs", retry.base_ms, 1, 3'600'000);
  section.number("capMs", retry.cap_ms, 1, 86'400'000);
  section.number("silentBaseMs", retry.silent_base_ms, 1, 3'600'000);
  section.number("retryAfterMaxMs", retry.retry_after_max_ms, 0, 86'400'000);
  section.number("sendTimeoutMs", retry.send_timeout_ms, 100, 3'600'000);
  section.number("breakerFailures", retry.breaker_failures, 1, 1'000);
  section.number("sendsMax", retry.sends_max, 1, 100);
  if (retry.base_ms > retry.cap_ms) section.fail("capMs", "must not be smaller than baseMs");
}

}  // namespace

DecodedConfig decode_config(const std::string& text) {
  DecodedConfig decoded;
  const auto json = parse_json(text);
  if (!json || !json->is_object()) {
    decoded.errors.push_back({"", "the configuration must be an object, such as { resources: { … } }"});
    return decoded;
  }
  Section root(*json, "", decoded.errors);
  root.only({"origin", "resources", "retry", "conflictRecords"});
  std::string base_origin;
  root.text("origin", base_origin);
  decoded.config.origin = base_origin;
  const Json* resources = root.find("resources");
  if (resources == nullptr || !resources->is_object() || resources->empty()) {
    root.fail("resources", "must name at least one resource, such as { orders: { path: '/api/orders/:id' } }");
    return decoded;
  }
  for (const auto& [name, value] : resources->items()) {
    if (!value.is_object()) {
      root.fail("resources." + name, "must be an object, such as { path: '/api/orders/:id' }");
      continue;
    }
    Section section(value, "resources." + name, decoded.errors);
    decoded.config.resources.push_back(decode_resource(section, name, base_origin));
  }
  note_referenced(root, decoded.config);
  check_sources(root, decoded.config);
  check_reports(root, decoded.config);
  decode_records(root, decoded.config);
  decode_retry(root, decoded.config.retry);
  return decoded;
}

}  // namespace holdfast
