// The optimistic document: what the server last told, with the pending writes of the entity applied in order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/context.hpp"

namespace holdfast {

struct Optimistic {
  bool known = false;             ///< something can be shown
  bool gone = false;              ///< the entity was deleted
  std::optional<Json> document;
  std::int64_t pending = 0;
};

/// JSON Merge Patch (RFC 7396, section 2).
void merge_patch(Json& target, const Json& patch);

/// Whether the body is a JSON Patch (RFC 6902), by its content type.
bool is_json_patch(const Mutation& mutation);

/// Applies one write to what is shown so far.
void apply_write(Context& context, Optimistic& shown, const Mutation& mutation, const Resource& resource);

/// The document in a write's body or an item's answer: the declared envelope, or the whole.
Json unwrapped(const Resource& resource, Json whole);

/// The other way: as the server's own answer would be.
Json wrapped(const Resource& resource, Json document);

/// By their declared versions: above 0 if the first document is newer, 0 if they are the same, below 0 if it is older;
/// nothing where they can't be compared.
std::optional<int> compare_versions(const Resource& resource, const Json& one, const Json& other);

/// Whether the declared version of one document is higher than the other's. False where they can't be compared.
bool is_newer(const Resource& resource, const Json& one, const Json& other);

/// The key of the host's pseudo-row `base`: the entity's newest document in the answers that were kept, if it is newer
/// than its row in `documents` and than the deletion of all; `base-etag` has its ETag, if it has
/// one, `base-partial` whether members may be missing. With a time behind it that of `seen`: what was newest then (js/host/kept.ts).
Json base_key(Context& context, const Resource& resource, const std::string& user, const std::string& entity);

/// What the server told last of an entity: an answer that was kept and is newer, else the confirmed document.
Optimistic confirmed(Context& context, const Resource& resource, const std::string& user, const std::string& entity);

/// The confirmed document with this one write applied, as JSON text; empty if nothing is known, kDeleted if it is gone.
std::string shown_after(Context& context, const Resource& resource, const Mutation& mutation);

/// @param written a write that this step is about to store, so that no range shows it as it will be; may be null
Optimistic optimistic(Context& context, const Resource& resource, const std::string& user, const std::string& lane,
                      const std::string& entity, const Mutation* written);

/// The same, where the entity's pending writes are at hand, in order.
Optimistic optimistic(Context& context, const Resource& resource, const std::string& user, const std::string& entity,
                      const std::vector<Mutation>& writes, const Mutation* written);

/// A part of a single document as it is shown to a user; nothing where there is none.
std::optional<Json> shown_part(Context& context, const std::string& user, const Source& source);

}  // namespace holdfast
