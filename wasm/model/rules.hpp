// How changes that meet are settled, as an app declared it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/limits.hpp"

namespace holdfast {

/// docs/conflicts.md says of each what it promises.
enum class Policy {
  kMerge, kServerWins, kClientWins, kLastWriteWins, kCounter, kSet, kList, kMax, kMin, kText, kTransitions, kManual, kResolver
};

/// What becomes of a part that one side deleted and the other one changed.
enum class WhenDeleted { kAsk, kKeep, kDelete };

/// A state machine without cycles: which states may follow each.
struct Transitions {
  std::map<std::string, std::vector<std::string>> steps;
  /// Pairs (theirs, mine) where mine stands although it can't be reached: declared exceptions.
  std::set<std::pair<std::string, std::string>> exceptions;
  bool asks = false;  ///< what can't be reached is a person's decision, instead of theirs standing

  /// Whether `later` can be reached from `earlier`, in any number of steps; not from itself.
  bool leads(const std::string& earlier, const std::string& later) const;
};

struct Rule {
  Policy policy = Policy::kMerge;
  /// For kMerge: what settles a part that can't be looked into. One of server-wins, client-wins, last-write-wins, manual.
  Policy otherwise = Policy::kManual;
  WhenDeleted deleted = WhenDeleted::kAsk;
  std::vector<std::string> id = {"id"};  ///< for kList: where elements say which they are (JSON Pointer)
  std::optional<double> least, most;    ///< for kCounter: its bounds
  Transitions transitions;
  std::string resolver;                 ///< for kResolver: the name of the app's own function
};

/// A rule and the parts that it is for: a JSON Pointer's steps, of which `*` is any member or element.
struct FieldRule {
  std::vector<std::string> path;
  Rule rule;
};

struct Rules {
  Rule document;                        ///< for the document as a whole, and whatever has no rule of its own
  std::vector<FieldRule> fields;
  bool version_in_body = false;         ///< the server compares the version that a body names
  std::vector<std::string> changed_at;  ///< where a document says when it was last changed (JSON Pointer); empty: it doesn't
};

/// A hybrid logical time (Kulkarni et al., "Logical Physical Clocks", OPODIS 2014): as near to the wall clock as order allows.
struct Stamp {
  Millis wall = 0;
  std::int64_t count = 0;               ///< orders what has one wall time
  std::string node;                     ///< who made it: no two stamps are equal
  template <class Visitor> void fields(Visitor& v) { v("wall", wall), v("count", count), v("node", node); }
  bool operator==(const Stamp&) const = default;
  bool operator<(const Stamp& other) const { return std::tie(wall, count, node) < std::tie(other.wall, other.count, other.node); }
};

}  // namespace holdfast
