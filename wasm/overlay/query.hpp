// What the query string of a list asks for: which entities belong, in which order, and which page.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/fields.hpp"
#include "routing/route.hpp"

namespace holdfast {

/// The parameters of a URL, decoded, in order; a plus sign is a space (URL Standard, application/x-www-form-urlencoded).
std::vector<std::pair<std::string, std::string>> query_of(std::string_view url);

class Query {
 public:
  /// Tells who reads: a part of one of their single documents, or nothing where it isn't known.
  using Reader = std::function<std::optional<Json>(const Source&)>;

  Query(const Route& found, const std::string& url, const Reader& reader);

  /// Whether an entity with this document belongs; nothing where only the server can tell.
  std::optional<bool> member(const Json& document) const;

  /// Whether two documents of one entity have the same place in the order.
  bool same_place(const Json& before, const Json& after) const;

  /// The part that does not depend on any document: {rows, totals, sort, page, unknown}. See js/host/list.ts.
  Json plan() const;

 private:
  bool holds(const Filter& filter, const Json& document) const;
  std::vector<std::string> values(const std::string& parameter) const;
  Json page() const;
  bool read_sort();

  const Route& found_;
  const List& list_;
  std::vector<std::pair<std::string, std::string>> parameters_;
  std::vector<SortKey> sort_;
  bool ordered_ = false;
  std::vector<std::string> unknown_;
  std::vector<std::string> about_others_;  ///< parameters by which only the server can pick: they ask how others see an entity
};

}  // namespace holdfast
