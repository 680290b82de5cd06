// The rows that the engine reads and writes. Each lists its fields once, in `fields`; reading, writing and
// comparing all follow from that list (codec/fields.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "model/headers.hpp"

namespace holdfast {

/// A request body. Text crosses into the engine; bytes stay in the host's `bodies` store under the mutation's id.
struct Body {
  std::string kind = "none";  ///< none, text or bytes
  std::string text;
  std::int64_t size = 0;      ///< bytes

  template <class Visitor> void fields(Visitor& v) {
    v("kind", kind), v("text", text), v("size", size);
  }
};

/// In the place of an ETag: the server is to find nothing (If-None-Match, RFC 9110, section 13.1.2).
inline constexpr const char* kNothingThere = "*";

/// Likewise: the body names the version that it is to find, in the member that the resource declares as `version`.
inline constexpr const char* kNamedInBody = "=";

/// Store `mutations`, by id. One captured write and all that is known of its sending.
struct Mutation {
  std::string id;
  std::int64_t seq = 0;          ///< order of arrival over all lanes
  std::string lane;
  std::string user;
  std::string resource;
  std::string entity;            ///< empty: the whole collection
  std::string origin;
  std::string method;
  std::string url;
  Headers headers;               ///< without credentials, which are never stored
  Body body;
  std::string key;               ///< Idempotency-Key
  bool app_key = false;          ///< the app chose the key itself
  std::string credentials;       ///< the request's credentials mode
  std::vector<std::string> credential_headers;  ///< names of the headers that the page had sent with it
  std::vector<std::string> stamps;  ///< of the page's request, and of those that were merged into it
  std::string client;
  std::string life;              ///< the worker's life in which it was captured
  std::string hash;              ///< of method, URL and body: finds a redelivered request that has no stamp
  bool answered = false;         ///< its page was given an answer
  std::int64_t attempts = 0;
  std::int64_t known_attempts = 0;  ///< how many of them were made with an earlier key, and are over
  std::string base;              ///< JSON text of the document that it was made upon; empty: it can't be merged
  bool base_partial = false;     ///< it may lack members that the user hadn't seen
  bool base_alone = false;       ///< a person decided about it: it holds none of the writes before it in the lane
  Millis base_at = 0;            ///< when others last changed that document, by this device's clock; 0: not known
  std::string base_etag;         ///< strong ETag of that document, which the server is to find unchanged (If-Match); or one of the two above
  Millis checked_at = 0;         ///< without such an ETag: when the server was found to have that document; 0: not asked
  bool looked = false;           ///< an attempt was a lookup (outbox/resend.hpp), so a late answer to one proves nothing
  bool open = false;             ///< an attempt may have been, or may still be, carried out unheard
  std::int64_t merges = 0;       ///< how often it was turned away because it wasn't
  std::string decisions;         ///< JSON text: what the merges decided, in order; or empty
  std::string asking;            ///< names the question that the app's resolvers are being asked; or empty
  std::string sides;             ///< of a conflict: JSON text {base, mine, theirs, theirsAt} (outbox/record.hpp); or empty
  std::string echo;              ///< JSON text of what the feed told that it has made of its document; or empty (outbox/echo.hpp)
  std::string echo_etag;
  std::int64_t echo_version = 0; ///< by the feed's count
  Millis echo_at = 0;            ///< of one to a whole collection: when the feed first told of what it has made; or 0
  std::string state = "queued";  ///< queued (no attempt under way), sending, unknown (an attempt's outcome is)
  Millis created_at = 0;

  /// It has no entity of its own, and all of the resource's lanes keep their order with it (outbox/barrier.hpp).
  bool whole_collection() const { return entity.empty(); }

  static constexpr const char* kStore = "mutations";
  template <class Visitor> void fields(Visitor& v) {
    v("id", id), v("seq", seq), v("lane", lane), v("user", user), v("resource", resource), v("entity", entity);
    v("origin", origin), v("method", method), v("url", url), v("headers", headers), v("body", body), v("key", key);
    v("appKey", app_key), v("credentials", credentials), v("credentialHeaders", credential_headers);
    v("stamps", stamps), v("client", client), v("life", life), v("hash", hash), v("answered", answered);
    v("attempts", attempts), v("knownAttempts", known_attempts), v("state", state), v("createdAt", created_at);
    v("base", base), v("basePartial", base_partial), v("baseAlone", base_alone), v("baseAt", base_at), v("baseEtag", base_etag), v("checkedAt", checked_at), v("looked", looked);
    v("open", open), v("merges", merges), v("decisions", decisions), v("sides", sides), v("asking", asking);
    v("echo", echo), v("echoEtag", echo_etag), v("echoVersion", echo_version), v("echoAt", echo_at);
  }
};

/// Of a lane: the app's resolvers are being asked about its head (outbox/rebase.hpp).
inline constexpr const char* kResolving = "resolver";

/// Store `lanes`, by lane. A lane that is not empty.
struct Lane {
  std::string lane;
  std::string user;
  std::string resource;
  std::string entity;
  std::string origin;
  std::string head;               ///< the mutation that is next, or in flight
  std::int64_t head_seq = 0;      ///< its number
  std::string tail;               ///< the newest one
  std::int64_t length = 0;
  Millis due = 0;                 ///< when the head may be sent; kNever or more while an event decides
  Millis held_at = 0;             ///< when a wait began: a time that lies ahead is a clock that jumped back
  std::string hold;               ///< why `due` lies ahead: "", backoff, retry-after, sending, barrier, reference, resolver, unreadable
  std::int64_t failures = 0;      ///< answers in a row that said "later"
  std::int64_t silences = 0;      ///< times that the head met silence while other lanes of the origin got through
  Millis last_silence_at = 0;

  static constexpr const char* kStore = "lanes";
  template <class Visitor> void fields(Visitor& v) {
    v("lane", lane), v("user", user), v("resource", resource), v("entity", entity), v("origin", origin);
    v("head", head), v("headSeq", head_seq), v("tail", tail), v("length", length), v("due", due), v("heldAt", held_at);
    v("hold", hold), v("failures", failures), v("silences", silences), v("lastSilenceAt", last_silence_at);
  }
};

/// The text of an entity's document once it was deleted: answers kept from before must not bring it back.
inline constexpr const char* kDeleted = "null";

/// Store `documents`, by [user, resource, entity]. The newest state that the server told of an entity; under the name of
/// a collection (its parent, or nothing) when that was deleted whole.
struct Document {
  std::string user;
  std::string resource;
  std::string entity;
  std::string text;               ///< JSON; kDeleted; or empty, where a write was confirmed and nothing more is known
  std::string etag;
  Millis changed_at = 0;          ///< when others last changed it, by this device's clock; 0: not known
  Millis created_at = 0;          ///< when its creation was confirmed: answers asked for before don't count it
  std::int64_t version = 0;       ///< the highest that it, or what was deleted, is known to have had, by the feed's count; 0: not known
  Millis at = 0;

  static constexpr const char* kStore = "documents";
  template <class Visitor> void fields(Visitor& v) {
    v("user", user), v("resource", resource), v("entity", entity), v("text", text), v("etag", etag);
    v("changedAt", changed_at), v("createdAt", created_at), v("version", version), v("at", at);
  }
};

/// Store `names`, by [user, resource, name]. Whom a name means, and what the entity that was first called so is called
/// now (naming/names.hpp).
struct Name {
  std::string user;
  std::string resource;
  std::string name;
  std::string entity;             ///< whom it means, by the first name
  std::string now;                ///< of the entity with this first name: the server's name, or empty if it is this one
  std::string id;                 ///< of it: the id in that name, as JSON
  std::vector<std::string> former;  ///< of it: ids that it had before
  std::string creation;           ///< of it: the write that is to create it, or that failed to
  std::int64_t failed = 0;        ///< of it: when that write was turned down, as the newest write's number then; or 0
  Millis at = 0;                  ///< when this row was last written

  static constexpr const char* kStore = "names";
  template <class Visitor> void fields(Visitor& v) {
    v("user", user), v("resource", resource), v("name", name), v("entity", entity), v("now", now), v("id", id);
    v("former", former), v("creation", creation), v("failed", failed), v("at", at);
  }
};

/// Store `outcomes`, by id. What finally became of a write: for settled(), and for requests delivered once more.
struct OutcomeRow {
  std::string id;
  std::int64_t seq = 0;           ///< the mutation's; old ones are trimmed by it
  std::string user;
  std::string state;              ///< confirmed, merged, overruled, rejected, conflict, discarded, unknown (it waits in the inbox)
  std::int64_t status = 0;        ///< the HTTP status that decided, 0 where none did
  std::string document;           ///< JSON text, or empty
  std::string decisions;          ///< JSON text: what was decided about parts that others had changed, too; or empty
  std::vector<std::string> stamps;
  std::string client;
  std::string life;
  std::string hash;
  bool answered = false;
  Millis occurred_at = 0;         ///< when the user acted
  Millis at = 0;

  static constexpr const char* kStore = "outcomes";
  template <class Visitor> void fields(Visitor& v) {
    v("id", id), v("seq", seq), v("user", user), v("state", state), v("status", status), v("document", document);
    v("decisions", decisions), v("stamps", stamps), v("client", client), v("life", life), v("hash", hash), v("answered", answered);
    v("occurredAt", occurred_at), v("at", at);
  }
};

/// Store `conflicts`, by id. The record of a write that met another document than it was made upon, or was told so.
struct ConflictRow {
  std::string id;
  std::int64_t seq = 0;
  std::string user;
  std::string resource;
  std::string entity;
  std::string method;
  std::string url;
  std::string state;              ///< as OutcomeRow's
  std::int64_t status = 0;
  std::string sides;              ///< JSON text {base, mine, theirs, theirsAt}; or empty, where nothing could be merged
  std::string result;             ///< JSON text of the document that the write ended with, or empty
  std::string decisions;          ///< JSON text, or empty
  Millis occurred_at = 0;         ///< when the user acted, by this device's clock
  Millis at = 0;                  ///< when it came to `state`
  std::int64_t size = 0;          ///< roughly its bytes

  static constexpr const char* kStore = "conflicts";
  template <class Visitor> void fields(Visitor& v) {
    v("id", id), v("seq", seq), v("user", user), v("resource", resource), v("entity", entity), v("method", method), v("url", url);
    v("state", state), v("status", status), v("sides", sides), v("result", result), v("decisions", decisions);
    v("occurredAt", occurred_at), v("at", at), v("size", size);
  }
};

/// Store `inbox`, by id. A write that waits for a decision, with its evidence.
struct InboxRow {
  std::string id;
  std::string user;
  std::string reason;             ///< rejected, conflict, unknown-outcome; creation-failed: of what it refers to
  std::int64_t status = 0;
  std::string answer;             ///< the server's own words, cut at kEvidenceMax
  std::string mine;               ///< of a conflict: what the user made of the document, as JSON text; kDeleted
  std::string theirs;             ///< and what the server has, likewise; or empty, where that isn't known
  std::string theirs_etag;
  Millis theirs_at = 0;           ///< when the server came to that, by this device's clock; 0: not known
  std::string suggested;          ///< what a merge would make of it, likewise
  Millis decided_at = 0;
  Mutation mutation;              ///< the write itself, whole

  static constexpr const char* kStore = "inbox";
  template <class Visitor> void fields(Visitor& v) {
    v("id", id), v("user", user), v("reason", reason), v("status", status), v("answer", answer);
    v("mine", mine), v("theirs", theirs), v("theirsEtag", theirs_etag), v("theirsAt", theirs_at), v("suggested", suggested), v("decidedAt", decided_at), v("mutation", mutation);
  }
};

/// Store `meta`, name "session". Who uses the app.
struct Session {
  std::string name = "session";
  std::string user;

  static constexpr const char* kStore = "meta";
  template <class Visitor> void fields(Visitor& v) { v("name", name), v("user", user); }
};

/// Store `meta`, name "sequence". The last number given to a mutation.
struct Sequence {
  std::string name = "sequence";
  std::int64_t last = 0;

  static constexpr const char* kStore = "meta";
  template <class Visitor> void fields(Visitor& v) { v("name", name), v("last", last); }
};

/// Store `meta`, name "counts <user>".
struct Counts {
  std::string name;
  std::int64_t pending = 0;
  std::int64_t inbox = 0;
  std::int64_t emptied = 0;       ///< collections that were deleted whole
  std::int64_t names = 0;         ///< rows of the store `names`: as long as there are none, nobody looks there
  std::int64_t records = 0;       ///< rows of the store `conflicts`
  std::int64_t record_bytes = 0;  ///< and roughly their bytes

  static constexpr const char* kStore = "meta";
  template <class Visitor> void fields(Visitor& v) {
    v("name", name), v("pending", pending), v("inbox", inbox), v("names", names);
    v("emptied", emptied), v("records", records), v("recordBytes", record_bytes);
  }
};

/// Store `meta`, name "feed <user>". How far the server's changes have come (feed/changes.hpp).
struct Feed {
  std::string name;
  std::string cursor;             ///< everything up to here is in the rows
  std::int64_t changes = 0;       ///< how many that were: since the cursor was first taken
  Millis gap_at = 0;              ///< when it turned out that some can't be had any more: what was read before is to be read again; or 0
  Millis anew_at = 0;            ///< when the server last didn't know its own cursor any more: versions from before may be higher than those of today
  std::vector<std::string> counted;  ///< resources whose documents declare the versions that the feed counts (feed/known.hpp)

  static constexpr const char* kStore = "meta";
  template <class Visitor> void fields(Visitor& v) {
    v("name", name), v("cursor", cursor), v("changes", changes), v("gapAt", gap_at), v("anewAt", anew_at), v("counted", counted);
  }
};

/// Pending writes to a whole collection: one, or several in a row with nothing between them.
struct Barrier {
  std::string id;                 ///< of the last one
  std::int64_t first = 0;         ///< number of the first one
  std::int64_t last = 0;          ///< of the last one; once lifted, up to which of the lanes behind have been let go
  std::string resource;
  std::string lane;
  bool lifted = false;

  template <class Visitor> void fields(Visitor& v) {
    v("id", id), v("first", first), v("last", last), v("resource", resource), v("lane", lane), v("lifted", lifted);
  }
};

/// Store `meta`, name "barriers <user>". Almost always empty.
struct Barriers {
  std::string name;
  std::vector<Barrier> list;

  static constexpr const char* kStore = "meta";
  template <class Visitor> void fields(Visitor& v) { v("name", name), v("list", list); }
};

/// One attempt that is under way.
struct Send {
  std::string id;
  std::string lane;
  std::string origin;
  std::string life;
  std::int64_t attempt = 0;
  Millis started_at = 0;
  std::string before = "unknown"; ///< the write's state before it, and after it if it is known to have changed nothing
  bool lookup = false;            ///< it asks for the write and isn't the write itself (outbox/resend.hpp)

  template <class Visitor> void fields(Visitor& v) {
    v("id", id), v("lane", lane), v("origin", origin), v("life", life), v("attempt", attempt);
    v("startedAt", started_at), v("before", before), v("lookup", lookup);
  }
};

/// Store `meta`, name "sends". All attempts under way; at most sends_max.
struct Sends {
  std::string name = "sends";
  std::vector<Send> list;

  static constexpr const char* kStore = "meta";
  template <class Visitor> void fields(Visitor& v) { v("name", name), v("list", list); }
};

/// Store `meta`, name "origin <origin>". What is known of the way to one origin: its gate (retry/gate.hpp).
struct Origin {
  std::string name;
  std::int64_t silences = 0;      ///< attempts in a row without any answer
  std::int64_t failures = 0;      ///< answers in a row that said "later"
  Millis last_failure_at = 0;
  Millis last_success_at = 0;
  Millis silent_at = 0;           ///< when an attempt last met silence; 0: none did
  Millis due = 0;                 ///< while the gate is closed: when the next probe may leave
  std::string auth = "ok";        ///< ok, refreshing, fresh (refreshed, not yet accepted), needed
  Millis auth_at = 0;             ///< when `auth` last changed
  std::string auth_life;          ///< the worker's life that is fetching credentials
  bool blocked = false;           ///< that is taken for a CORS mistake; only a write that is answered proves the contrary
  std::int64_t refusals = 0;      ///< attempts in a row that failed although the server answered right afterwards
  Millis refused_at = 0;          ///< when the last of them was noted
  std::string refused_method;     ///< what it asked a server of another origin to allow
  std::vector<std::string> refused_headers;
  bool refused_credentials = false;

  static constexpr const char* kStore = "meta";
  template <class Visitor> void fields(Visitor& v) {
    v("name", name), v("silences", silences), v("failures", failures), v("lastFailureAt", last_failure_at);
    v("lastSuccessAt", last_success_at), v("silentAt", silent_at), v("due", due), v("auth", auth);
    v("authAt", auth_at), v("authLife", auth_life), v("blocked", blocked), v("refusals", refusals), v("refusedAt", refused_at);
    v("refusedMethod", refused_method), v("refusedHeaders", refused_headers), v("refusedCredentials", refused_credentials);
  }
};

}  // namespace holdfast
