#include "codec/config_codec.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>

#include "codec/text.hpp"
#include "routing/route.hpp"

namespace holdfast {
namespace {

using Json = nlohmann::json;

std::string list_of(std::initializer_list<const char*> names) {
  std::string text;
  for (const char* name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

/// One object of the configuration, with the path that leads to it.
class Section {
 public:
  Section(const Json& json, std::string path, std::vector<ConfigError>& errors)
      : json_(json), path_(std::move(path)), errors_(errors) {}

  void fail(const std::string& field, const std::string& message) {
    errors_.push_back({path_.empty() ? field : path_ + "." + field, message});
  }

  /// A misspelt field would silently do nothing, so an unknown one is a mistake.
  void only(std::initializer_list<const char*> allowed) {
    for (const auto& [name, value] : json_.items()) {
      const bool known = std::any_of(allowed.begin(), allowed.end(), [&name = name](const char* other) { return name == other; });
      if (!known) fail(name, "unknown field; allowed are " + list_of(allowed));
    }
  }

  const Json* find(const char* name) const {
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  void number(const char* name, std::int64_t& value, std::int64_t least, std::int64_t most) {
    const Json* json = find(name);
    if (json == nullptr) return;
    // Every limit lies far below 2^53, so a double holds each allowed number exactly, and 1e300 is only too large.
    const double number = json->is_number() ? json->get<double>() : -1;
    if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most)) || number != std::floor(number)) {
      return fail(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    value = static_cast<std::int64_t>(number);
  }

  void text(const char* name, std::string& value) {
    const Json* json = find(name);
    if (json == nullptr) return;
    if (!json->is_string() || json->get_ref<const std::string&>().empty()) return fail(name, "must be a text");
    value = json->get<std::string>();
  }

  void flag(const char* name, bool& value) {
    const Json* json = find(name);
    if (json == nullptr) return;
    if (!json->is_boolean()) return fail(name, "must be true or false");
    value = json->get<bool>();
  }

  std::string path_to(const std::string& name) const { return path_.empty() ? name : path_ + "." + name; }
  const Json& json() const { return json_; }
  std::vector<ConfigError>& errors() { return errors_; }

 private:
  const Json& json_;
  std::string path_;
  std::vector<ConfigError>& errors_;
};

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
  resource.origin = base_origin;
  section.text("origin", resource.origin);
  if (path.find("://") != std::string::npos) resource.origin = origin_of(path);
  else path = resource.origin + path;
  for (const std::string& text : path_segments(path)) {
    const bool parameter = text.starts_with(':');
    resource.item.push_back({parameter, parameter ? text.substr(1) : text});
  }
  if (!resource.origin.empty() && !is_origin(resource.origin)) {
    section.fail("origin", "must be scheme://host[:port] in lower case and without a path, such as https://api.example.com");
  }
  const bool has_path = section.find("path") != nullptr;
  if (!has_path || resource.item.size() < 2 || !resource.item.back().parameter || resource.item.back().text.empty()) {
    section.fail("path", "must be the path of one item and end in a parameter, such as /api/orders/:id");
  }
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

Resource decode_resource(Section& section, const std::string& name, const std::string& base_origin) {
  Resource resource;
  resource.name = name;
  section.only({"path", "origin", "id", "timeoutMs", "bodyBytesMax", "queuedStatus", "answers", "coalesce", "lane"});
  decode_path(section, base_origin, resource);
  section.text("id", resource.id_field);
  section.text("lane", resource.lane);
  section.number("timeoutMs", resource.timeout_ms, 0, 600'000);
  section.number("bodyBytesMax", resource.body_bytes_max, 0, 1'073'741'824);
  section.number("queuedStatus", resource.queued_status, 200, 299);
  decode_answers(section, resource);
  decode_coalesce(section, resource);
  return resource;
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
  root.only({"origin", "resources", "retry"});
  std::string base_origin;
  root.text("origin", base_origin);
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
  decode_retry(root, decoded.config.retry);
  return decoded;
}

}  // namespace holdfast
