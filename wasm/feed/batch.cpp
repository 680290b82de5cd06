#include "feed/batch.hpp"

#include "codec/text.hpp"

namespace holdfast {
namespace {

/// A change but for its document, which is any JSON.
struct Named {
  std::string resource;
  std::string id;
  std::int64_t version = 0;
  std::string kind;
  std::string etag;
  std::string key;

  template <class Visitor> void fields(Visitor& v) {
    v("resource", resource), v("id", id), v("version", version), v("kind", kind), v("etag", etag), v("key", key);
  }
};

struct Frame {
  std::string after;
  std::string cursor;
  template <class Visitor> void fields(Visitor& v) { v("after", after), v("cursor", cursor); }
};

std::optional<Change> decode_change(const Json& json) {
  Named named;
  if (!json.is_object()) return std::nullopt;
  // Ids are texts or numbers, as in documents.
  Json plain = json;
  const auto id = plain.find("id");
  if (id != plain.end() && id->is_number_integer()) *id = id_text(&*id);
  if (!read_fields(plain, named).empty() || named.resource.empty() || named.version < 0) return std::nullopt;
  const bool deleted = named.kind == "delete";
  const auto document = json.find("document");
  const bool has_document = document != json.end() && document->is_object();
  if (!deleted && (named.kind != "upsert" || !has_document)) return std::nullopt;
  Change change{std::move(named.resource), std::move(named.id), named.version, deleted, nullptr, std::move(named.etag), std::move(named.key)};
  if (!deleted) change.document = *document;
  return change;
}

}  // namespace

std::optional<Batch> decode_batch(const std::string& text) {
  const auto json = parse_json(text);
  Frame frame;
  if (!json || !read_fields(*json, frame).empty() || frame.cursor.empty()) return std::nullopt;
  const auto changes = json->find("changes");
  if (changes == json->end() || !changes->is_array()) return std::nullopt;
  Batch batch{std::move(frame.after), std::move(frame.cursor), {}};
  for (const Json& each : *changes) {
    auto change = decode_change(each);
    if (!change) return std::nullopt;
    batch.changes.push_back(std::move(*change));
  }
  return batch;
}

}  // namespace holdfast
