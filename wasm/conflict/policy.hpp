// The policies: each settles one part of a document that both sides have changed, and differently.
// Pure functions of what they are given. docs/conflicts.md has the laws that each keeps.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "codec/fields.hpp"
#include "model/rules.hpp"

namespace holdfast {

/// One part of the document as both sides knew it and as each has it now; null where it isn't there.
struct Sides {
  const Json* base = nullptr;
  const Json* mine = nullptr;
  const Json* theirs = nullptr;
};

/// Of documents that must outlive them.
inline Sides sides_of(const std::optional<Json>& base, const std::optional<Json>& mine, const std::optional<Json>& theirs) {
  const auto at = [](const std::optional<Json>& document) { return document ? &*document : nullptr; };
  return {at(base), at(mine), at(theirs)};
}

/// When each side made its change, as far as it is known.
struct Times {
  std::optional<Stamp> mine;
  std::optional<Stamp> theirs;
  Millis now = 0;        ///< by the server's clock, if an answer told it; no stamp counts as later than this allows
};

enum class Verdict {
  kMerged,  ///< both changes are in it
  kMine,    ///< mine stands, theirs gave way
  kTheirs,  ///< theirs stands, mine is overruled
  kAsk,     ///< a person decides, or the app's resolver; `value` is only a suggestion
};

/// What one part becomes; without a value it isn't there any more.
struct Settled {
  Verdict verdict = Verdict::kMerged;
  std::optional<Json> value;
  std::string reason;    ///< a word or two for the record: `unreachable`, `wrong type`, `overlap`
};

Settled take(Verdict verdict, const Json* value, std::string reason = {});

/// For what no rule can settle: theirs stands until somebody has decided.
Settled ask(const Sides& sides, std::string reason);

Settled server_wins(const Sides& sides);
Settled client_wins(const Sides& sides);

/// The later change stands. Without both times nobody can tell, and it asks.
Settled last_write_wins(const Sides& sides, const Times& times);

/// Both differences from the base are added, in exact decimals, and the sum is kept within the bounds.
Settled counter(const Rule& rule, const Sides& sides);

/// The greater (or smaller) of two numbers, or of two texts by their code units.
Settled extreme(Policy policy, const Sides& sides);

/// Elements that either side took away are gone, those that either added are in.
Settled set(const Sides& sides);

/// Settles one element of a list, by its id.
using SettleElement = std::function<std::optional<Json>(const std::string& id, const Sides& sides)>;

/// Elements with ids: insertions of both are kept, what one moved and the other changed is moved and changed.
Settled list(const Rule& rule, const Sides& sides, const SettleElement& element);

/// The reason where both sides changed the same words.
inline constexpr const char* kOverlap = "overlap";

/// By line, then by word (conflict/text.hpp). An overlap is marked, and asks.
Settled text(const Sides& sides);

/// The state that can be reached from the other one stands; else as the rule says.
Settled transitions(const Rule& rule, const Sides& sides);

/// An array whose elements have no ids: by position, as text is by line. Nothing where both changed the same place.
std::optional<Json> merged_elements(const Sides& sides);

}  // namespace holdfast
