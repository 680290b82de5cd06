// What an app declared, compiled: the engine's only lasting state.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "model/rules.hpp"

namespace holdfast {

/// What an answer means for the write that it answers. See retry/classify.cpp for the table.
enum class AnswerClass { kConfirmed, kConflict, kRetry, kNeedsAuth, kRejected };

/// One segment of a path pattern: fixed text, or a parameter.
struct Segment {
  bool parameter = false;
  std::string text;
  bool operator==(const Segment&) const = default;
};

/// What a server makes of a write that comes twice, and so how one goes on whose outcome is unknown (outbox/resend.hpp).
enum class Idempotency {
  kHeader,  ///< it knows Idempotency-Key: sent again as it was
  kVerify,  ///< it doesn't: looked up first
  kNone,    ///< it doesn't, and can't be asked: a person decides
};

enum class CoalescePatches { kNever, kMerge, kLatest };

/// Which writes that were never attempted may be joined. Off unless declared.
struct Coalesce {
  CoalescePatches patches = CoalescePatches::kNever;
  bool create_delete = false;
  /// Top-level fields whose change is a step of its own that others observe; such a patch never merges away.
  std::vector<std::string> keep;
};

/// The way to a part of a document, as the steps of a JSON Pointer (RFC 6901); without any it is the whole.
using Pointer = std::vector<std::string>;

using Path = std::vector<Segment>;

/// A part of a single document of the user's: who they are, and what they chose.
struct Source {
  std::string resource;
  Pointer at;
};

enum class FilterKind { kEqual, kContains, kMin, kMax, kAbove, kBelow, kReader };

/// A parameter of the query string that picks entities by a field.
struct Filter {
  std::string parameter;
  Pointer field;
  FilterKind kind = FilterKind::kEqual;
  Source reader;                  ///< for kReader: the value by which the query string names the user
};

struct SortKey {
  Pointer field;
  bool descending = false;
};

/// How a list is cut into pages.
struct Paging {
  enum class Kind { kNone, kOffset, kPage, kCursor } kind = Kind::kNone;
  std::string position;           ///< the parameter that says where a page begins
  std::string limit;              ///< the parameter that says how many rows it has, or empty
  std::int64_t size = 0;          ///< how many it has without that parameter; 0: not known
  std::int64_t first = 1;         ///< number of the first page
  Pointer next;                   ///< where the answer names the next page's cursor
};

/// One list of a resource's entities, as the server answers it.
struct List {
  Path path;
  Pointer rows;
  std::vector<Pointer> totals;
  std::vector<Filter> filters;
  std::map<std::string, Pointer> where;  ///< fields that parameters of the path must equal
  std::vector<std::string> ignored;
  std::vector<SortKey> sort;
  std::string sort_parameter;
  std::string direction_parameter;
  Paging page;
  bool partial = false;           ///< rows leave out members that items have
  bool server_members = false;    ///< only the server can tell which entities are in it
};

/// A part of a document that holds another entity's id.
struct Reference {
  Pointer field;                  ///< `*` stands for every item of an array
  std::string resource;
};

struct Resource {
  std::string name;
  std::string origin;             ///< scheme://host[:port]
  Path item;
  std::vector<Path> more_items;   ///< further paths of the same items
  bool singleton = false;         ///< `item` names one document, and there is no collection
  Pointer id = {"id"};            ///< where a document names its entity
  Pointer version;                ///< a member that grows with every change; empty: none is known
  std::vector<Reference> references;
  bool referenced = false;        ///< others refer to its entities, in their paths or documents
  Pointer envelope;               ///< where an item's document is, in answers and bodies
  std::vector<List> lists;        ///< the first is the collection, `item` without its last segment
  bool put_merges = false;        ///< PUT changes only the members that it names
  std::string defaults;           ///< of a created document: JSON text, or empty
  std::map<std::string, std::string> actions;  ///< "METHOD sub-path" to the merge patch that it amounts to, as JSON
  std::vector<std::string> sources;  ///< single documents that `defaults` and `actions` take values from
  Millis timeout_ms = kPageTimeoutMs;
  std::int64_t body_bytes_max = kBodyBytesMax;
  std::int64_t queued_status = 202;
  std::map<std::int64_t, AnswerClass> answers;  ///< overrides of the classification
  Coalesce coalesce;
  Idempotency idempotency = Idempotency::kHeader;
  Pointer client_id;              ///< for kVerify: the field by which a list tells who made an entity; empty: look at the item
  std::string overruled_url;      ///< where a write that was overruled is reported; empty: nowhere
  std::optional<Rules> conflicts; ///< how changes that meet are settled; nothing: every conflict is a person's
  std::string lane;               ///< a name shared with other resources, or empty: one lane an entity
};

struct RetryConfig {
  Millis base_ms = kRetryBaseMs;
  Millis cap_ms = kRetryCapMs;
  Millis silent_base_ms = kSilentBaseMs;
  Millis retry_after_max_ms = kRetryAfterMaxMs;
  Millis send_timeout_ms = kSendTimeoutMs;
  std::int64_t breaker_failures = kBreakerFailures;
  std::int64_t sends_max = kSendsMax;
};

struct Config {
  std::string origin;               ///< the app's own
  std::vector<Resource> resources;  ///< in order of their names
  RetryConfig retry;
  std::int64_t record_entries = kRecordEntries;  ///< conflicts that are remembered for each user
  std::int64_t record_bytes = kRecordBytes;

  const Resource* find(const std::string& name) const;
  /// The origins that resources live on, without repetition, in order.
  std::vector<std::string> origins() const;
  /// The names of the app's own functions that rules name, likewise.
  std::vector<std::string> resolvers() const;
};

/// A mistake in a configuration: where it is, and what would be allowed there.
struct ConfigError {
  std::string field;
  std::string message;
};

}  // namespace holdfast
