// What an app declared, compiled: the engine's only lasting state.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.hpp"

namespace holdfast {

/// What an answer means for the write that it answers. See retry/classify.cpp for the table.
enum class AnswerClass { kConfirmed, kConflict, kRetry, kNeedsAuth, kRejected };

/// One segment of a path pattern: fixed text, or a parameter.
struct Segment {
  bool parameter = false;
  std::string text;
  bool operator==(const Segment&) const = default;
};

enum class CoalescePatches { kNever, kMerge, kLatest };

/// Which writes that were never attempted may be joined. Off unless declared.
struct Coalesce {
  CoalescePatches patches = CoalescePatches::kNever;
  bool create_delete = false;
  /// Top-level fields whose change is a step of its own that others observe; such a patch never merges away.
  std::vector<std::string> keep;
};

struct Resource {
  std::string name;
  std::string origin;             ///< scheme://host[:port]
  std::vector<Segment> item;      ///< the collection is the same without its last segment
  std::string id_field = "id";    ///< the member of a created document that names the entity
  Millis timeout_ms = kPageTimeoutMs;
  std::int64_t body_bytes_max = kBodyBytesMax;
  std::int64_t queued_status = 202;
  std::map<std::int64_t, AnswerClass> answers;  ///< overrides of the classification
  Coalesce coalesce;
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
  std::vector<Resource> resources;  ///< in order of their names
  RetryConfig retry;

  const Resource* find(const std::string& name) const;
  /// The origins that resources live on, without repetition, in order.
  std::vector<std::string> origins() const;
};

/// A mistake in a configuration: where it is, and what would be allowed there.
struct ConfigError {
  std::string field;
  std::string message;
};

}  // namespace holdfast
