// What the host tells the engine. Each event lists its fields as rows do (codec/fields.hpp).
#pragma once

#include <string>
#include <vector>

#include "model/rows.hpp"

namespace holdfast {

/// The page made a write.
struct CaptureEvent {
  std::int64_t waiter = 0;   ///< the host's name for the page's waiting fetch
  std::string method;
  std::string url;           ///< absolute
  Headers headers;           ///< lower-case names, without credentials
  Body body;
  std::string key;           ///< the app's own Idempotency-Key, or empty
  std::string credentials;
  std::vector<std::string> credential_headers;
  std::string stamp;
  std::string client;
  std::string hash;
  Millis at = 0;             ///< when the page acted
  bool silent = false;       ///< the last read of this origin met silence

  template <class Visitor> void fields(Visitor& v) {
    v("waiter", waiter), v("method", method), v("url", url), v("headers", headers), v("body", body), v("key", key);
    v("credentials", credentials), v("credentialHeaders", credential_headers), v("stamp", stamp);
    v("client", client), v("hash", hash), v("at", at), v("silent", silent);
  }
};

/// The server answered one attempt.
struct AnsweredEvent {
  std::string id;
  std::int64_t attempt = 0;
  std::int64_t status = 0;
  Headers headers;           ///< lower-case names; at least content-type, etag, retry-after
  std::string body;          ///< text of a JSON or problem answer, else empty
  bool redirected = false;
  bool waiting = false;      ///< the page's fetch still waits for it

  template <class Visitor> void fields(Visitor& v) {
    v("id", id), v("attempt", attempt), v("status", status), v("headers", headers), v("body", body);
    v("redirected", redirected), v("waiting", waiting);
  }
};

/// One attempt ended without an answer.
struct FailedEvent {
  std::string id;
  std::int64_t attempt = 0;
  std::string reason;        ///< network, timeout, no-credentials

  template <class Visitor> void fields(Visitor& v) { v("id", id), v("attempt", attempt), v("reason", reason); }
};

/// The connection of one attempt hung, broke, and was opened anew; the attempt goes on.
struct ReopenedEvent {
  std::string id;
  std::int64_t attempt = 0;

  template <class Visitor> void fields(Visitor& v) { v("id", id), v("attempt", attempt); }
};

/// An attempt at a server of another origin failed without an answer, and right afterwards the host asked that server
/// for a sign of life, in a way that CORS doesn't forbid.
struct DiagnosedEvent {
  std::string origin;
  Millis started_at = 0;     ///< when the attempt began
  bool answers = false;      ///< the server gave that sign
  std::string method;        ///< of the attempt
  std::vector<std::string> headers;  ///< its headers that a preflight asks for (Fetch standard, "CORS-unsafe request-header names")
  bool credentials = false;  ///< it would have carried cookies

  template <class Visitor> void fields(Visitor& v) {
    v("origin", origin), v("startedAt", started_at), v("answers", answers), v("method", method), v("headers", headers);
    v("credentials", credentials);
  }
};

/// A page's fetch has waited as long as the resource allows.
struct WaitedEvent {
  std::string id;
  template <class Visitor> void fields(Visitor& v) { v("id", id); }
};

/// "Try now", from any trigger.
struct TickEvent {
  std::string trigger;
  std::string origin;        ///< for request-succeeded: where
  template <class Visitor> void fields(Visitor& v) { v("trigger", trigger), v("origin", origin); }
};

/// What the app's resolvers answered to a `resolve` effect.
struct ResolvedEvent {
  std::string id;
  std::string asking;        ///< as the effect had it: which question they answer
  std::string values;        ///< JSON text: {"/path": value, …}; a path that is missing: its resolver can't say
  template <class Visitor> void fields(Visitor& v) { v("id", id), v("asking", asking), v("values", values); }
};

/// A person or the app settled an inbox entry.
struct DecidedEvent {
  std::string id;
  std::string action;        ///< retry, merge, edit, discard
  std::string body;          ///< for edit: the new text
  template <class Visitor> void fields(Visitor& v) { v("id", id), v("action", action), v("body", body); }
};

/// Who uses the app, and whether credentials could be had.
struct SessionEvent {
  std::string action;        ///< sign-in, sign-out, discard, credentials
  std::string user;
  std::string origin;        ///< for credentials
  bool ok = false;           ///< for credentials: fresh ones were found
  template <class Visitor> void fields(Visitor& v) {
    v("action", action), v("user", user), v("origin", origin), v("ok", ok);
  }
};

/// News from the feed of the server's changes.
struct FeedEvent {
  std::string action;        ///< welcomed, changes, refreshed
  std::string user;          ///< whose link it came over
  std::string cursor;        ///< welcomed: where the feed goes on from
  bool gap = false;          ///< welcomed: and that isn't where this device has got to
  bool anew = false;         ///< welcomed: since the server doesn't know the cursor any more that it gave out
  std::string batch;         ///< changes: JSON text of the message (docs/protocol.md)
  Millis since = 0;          ///< refreshed: everything that was read before this gap has been read again

  template <class Visitor> void fields(Visitor& v) {
    v("action", action), v("user", user), v("cursor", cursor), v("gap", gap), v("anew", anew), v("batch", batch), v("since", since);
  }
};

/// A page reads something by a URL that may have an entity's former name in it.
struct LocateEvent {
  std::string url;
  template <class Visitor> void fields(Visitor& v) { v("url", url); }
};

/// A page reads something that pending writes may touch.
struct ReadEvent {
  std::string url;
  Millis at = 0;             ///< when the answer was asked for that is to be shown; 0: there is none
  template <class Visitor> void fields(Visitor& v) { v("url", url), v("at", at); }
};

}  // namespace holdfast
