#include "versioned_server.hpp"

#include "conflict/json_patch.hpp"
#include "overlay/optimistic.hpp"

namespace holdfast::test {
namespace {

std::string etag_of(std::size_t version) { return '"' + std::to_string(version) + '"'; }

}  // namespace

Reply VersionedServer::shown(int status, const std::string& entity) const {
  const auto& versions = versions_.at(entity);
  return {status, versions.back().document, etag_of(versions.size()), versions.back().at};
}

Reply VersionedServer::read(const std::string& entity, std::size_t behind) const {
  const auto& versions = versions_.at(entity);
  const std::size_t version = versions.size() - std::min(behind, versions.size() - 1);
  const Version& found = versions[version - 1];
  return found.document ? Reply{200, found.document, etag_of(version), found.at} : Reply{404, std::nullopt, "", found.at};
}

Reply VersionedServer::write(const Request& request, Millis now) {
  const std::string whole = request.method + request.entity + request.if_match + request.content_type + request.body;
  const auto [known, fresh] = asked_.try_emplace(request.key, whole);
  if (!fresh && known->second != whole) mistake = "key " + request.key + " came with two requests";
  const auto answered = answers_.find(request.key);
  if (answered != answers_.end()) return answered->second;
  if (refuses()) return answers_[request.key] = {422, std::nullopt, "", 0};
  return answers_[request.key] = decide(request, now);
}

Reply VersionedServer::decide(const Request& request, Millis now) {
  auto& versions = versions_.at(request.entity);
  const std::optional<Json> before = versions.back().document;
  const bool matches = request.if_match.empty() || (before && request.if_match == etag_of(versions.size()));
  if (!matches || (request.if_none_match == "*" && before)) {
    return manners_.shows_on_mismatch && before ? shown(manners_.mismatch, request.entity) : Reply{412, std::nullopt, "", 0};
  }
  std::optional<Json> after = before;
  if (request.method == "DELETE") {
    if (!before) return {404, std::nullopt, "", 0};
    after.reset();
  } else {
    const Json body = Json::parse(request.body, nullptr, false);
    if (request.method == "PUT") {
      after = body;
    } else if (!before) {
      return {404, std::nullopt, "", 0};
    } else if (request.content_type.find("json-patch") != std::string::npos) {
      std::string error;
      after = apply_json_patch(*before, body, error);
      if (!after) mistake = "a JSON Patch doesn't apply: " + error + " in " + request.body;
    } else {
      merge_patch(*after, body);
    }
    if (!after || !after->is_object()) return {422, std::nullopt, "", 0};
  }
  if (after && manners_.counts) (*after)[kRevision] = versions.size() + 1;
  versions.push_back({after, now});
  if (on_applied) on_applied(before, after);
  if (!after || !manners_.shows_after_write) return {204, std::nullopt, "", 0};
  return shown(200, request.entity);
}

}  // namespace holdfast::test
