// The three-way merge: what becomes of a document that was changed on both sides. A pure function.
// docs/conflicts.md has the laws that it keeps.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conflict/policy.hpp"

namespace holdfast {

/// What was decided about one part that both sides had changed: the record of a conflict has these.
struct Decision {
  std::vector<std::string> path;   ///< JSON Pointer's steps; an element of a list goes by its id
  Policy policy = Policy::kManual;
  Verdict verdict = Verdict::kAsk;
  std::optional<Json> base, mine, theirs, result;
  std::string reason;
};

struct Merged {
  std::optional<Json> document;    ///< nothing: deleted. If somebody is asked, this is only a suggestion.
  std::vector<Decision> decisions;
  bool changed = false;            ///< whether it differs from theirs, and so has to be sent

  bool asks() const;
  bool overruled() const;
};

/// What becomes of parts that no rule can settle.
enum class Unsettled {
  kAsks,   ///< a person decides
  kMine,   ///< a person has decided for mine
};

/// What the app's own resolvers made of parts, by JSON Pointer.
using Resolved = std::map<std::string, Json>;

/// Merges what both sides made of `base`. A side that is null has deleted it; a null base was made on both sides.
/// @param resolved a part whose rule names a resolver and that isn't in here is asked about
Merged merge(const Rules& rules, const Sides& sides, const Times& times, Unsettled unsettled = Unsettled::kAsks, const Resolved& resolved = {});

/// The same of one part of a document, as its decisions have it. Nobody has counted them yet.
/// @param enclosing the rule of what encloses the part, for whatever has none of its own
Merged merge_part(const Rules& rules, const Rule& enclosing, std::vector<std::string> path, const Sides& sides, const Times& times);

/// The rule for a part: one that names it wins over one with wildcards, the earlier over the later.
const Rule& rule_at(const Rules& rules, const std::vector<std::string>& path, const Rule& enclosing);

/// The rule for the elements of a list: they are merged as objects are, unless a rule of their own says otherwise.
Rule rule_inside(const Rule& list);

/// What is decided instead of more than `kDecisionsMax`; theirs stands until then.
Decision too_many();

/// The name of a policy as a configuration has it: `server-wins`.
const char* name_of(Policy policy);

}  // namespace holdfast
