// A write whose outcome is unknown: its attempt timed out, its connection broke, its worker was killed, or the server
// failed. May it simply be sent again, can the server be asked whether it has it, or must a person decide?
#pragma once

#include <optional>
#include <string>

#include "model/config.hpp"
#include "model/events.hpp"
#include "model/rows.hpp"

namespace holdfast {

enum class Resend {
  kSend,    ///< twice is like once: the server knows the key, or the method is idempotent (RFC 9110, section 9.2.2)
  kLookUp,  ///< looked up first, and sent only if it isn't there
  kAsk,     ///< neither: a person decides
};

Resend resend_of(const Config& config, const Resource& resource, const Mutation& mutation);

/// A request that changes nothing, made in a write's place as one of its attempts.
struct Lookup {
  std::string method;
  std::string url;
  Headers headers;
};

/// What has to be asked before a write may leave, if anything: what the server has of the document that it changes; whether
/// the server has it already; or, of a write that may leave only once, in a silence: whether the link is back. What tests
/// a link is lost for nothing.
std::optional<Lookup> lookup_before(const Config& config, const Resource& resource, const Mutation& mutation, const Origin& origin,
                                    Millis now);

enum class Found {
  kThere,
  kNotThere,
  kUnclear,  ///< the answer doesn't tell: not JSON, not a list, not allowed
};

struct Sighting {
  Found found = Found::kUnclear;
  AnsweredEvent answer;  ///< for kThere: what the server would have answered to the write
};

/// Reads the answer to a lookup.
Sighting sight(const Config& config, const Resource& resource, const Mutation& mutation, const AnsweredEvent& answer);

}  // namespace holdfast
