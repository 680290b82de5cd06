#include "codec/list_codec.hpp"

#include <algorithm>
#include <optional>

#include "codec/made.hpp"
#include "codec/section.hpp"

namespace holdfast {
namespace {

/// One text, or a list of them. @return false if it is neither
bool texts(const Json& json, std::vector<std::string>& found) {
  if (json.is_string()) {
    found.push_back(json.get<std::string>());
    return true;
  }
  if (!json.is_array()) return false;
  return std::all_of(json.begin(), json.end(), [&](const Json& item) {
    if (item.is_string()) found.push_back(item.get<std::string>());
    return item.is_string();
  });
}

std::optional<FilterKind> kind_named(const std::string& name) {
  if (name == "equal") return FilterKind::kEqual;
  if (name == "contains") return FilterKind::kContains;
  if (name == "min") return FilterKind::kMin;
  if (name == "max") return FilterKind::kMax;
  if (name == "above") return FilterKind::kAbove;
  if (name == "below") return FilterKind::kBelow;
  return std::nullopt;
}

bool decode_reader(Section& section, const Json& json, Filter& filter) {
  const auto source = parse_source(json);
  if (!source) section.fail("reader", "must be from('user', '/username'): where the reader's own name is");
  if (section.find("is") != nullptr) section.fail("is", "has no meaning beside `reader`");
  filter.kind = FilterKind::kReader;
  filter.reader = source.value_or(Source{});
  return source.has_value();
}

void decode_filters(Section& section, List& list) {
  const Json* json = section.find("filter");
  if (json == nullptr) return;
  if (!json->is_object()) return section.fail("filter", "must be an object, such as { status: 'status' }");
  for (const auto& [parameter, rule] : json->items()) {
    Filter filter;
    filter.parameter = parameter;
    if (rule.is_string()) {
      filter.field = parse_pointer(rule.get_ref<const std::string&>());
    } else if (rule.is_object() && rule.contains("field")) {
      Section inner(rule, section.path_to("filter." + parameter), section.errors());
      inner.only({"field", "is", "reader"});
      inner.pointer("field", filter.field);
      if (const Json* reader = inner.find("reader")) {
        if (decode_reader(inner, *reader, filter)) list.filters.push_back(std::move(filter));
        continue;
      }
      std::string is = "equal";
      inner.text("is", is);
      const auto kind = kind_named(is);
      if (!kind) inner.fail("is", "must be one of equal, contains, min, max, above, below");
      filter.kind = kind.value_or(FilterKind::kEqual);
    } else {
      section.fail("filter." + parameter, "must be a field, or { field, is }");
      continue;
    }
    list.filters.push_back(std::move(filter));
  }
}

void decode_where(Section& section, List& list) {
  const Json* json = section.find("where");
  if (json == nullptr) return;
  if (!json->is_object()) return section.fail("where", "must be an object, such as { restaurant: 'restaurantId' }");
  for (const auto& [parameter, field] : json->items()) {
    const bool known = std::any_of(list.path.begin(), list.path.end(), [&name = parameter](const Segment& segment) {
      return segment.parameter && segment.text == name;
    });
    if (!known || !field.is_string()) section.fail("where." + parameter, "must name a parameter of the list's path, and a field");
    else list.where[parameter] = parse_pointer(field.get_ref<const std::string&>());
  }
}

void decode_sort(Section& section, List& list) {
  std::vector<std::string> keys;
  const Json* json = section.find("sort");
  if (json != nullptr && !texts(*json, keys)) section.fail("sort", "must be a field, such as '-createdAt', or a list of fields");
  for (const std::string& key : keys) {
    const bool descending = key.starts_with('-');
    list.sort.push_back({parse_pointer(descending ? key.substr(1) : key), descending});
  }
  const Json* by = section.find("sortBy");
  if (by == nullptr) return;
  if (!by->is_object()) return section.fail("sortBy", "must be an object, such as { parameter: 'sort' }");
  Section inner(*by, section.path_to("sortBy"), section.errors());
  inner.only({"parameter", "direction"});
  inner.text("parameter", list.sort_parameter);
  inner.text("direction", list.direction_parameter);
  if (list.sort_parameter.empty()) inner.fail("parameter", "must name a parameter of the query string");
}

void decode_page(Section& section, List& list) {
  const Json* json = section.find("page");
  if (json == nullptr) return;
  if (!json->is_object()) return section.fail("page", "must be an object, such as { offset: 'offset', limit: 'limit' }");
  Section inner(*json, section.path_to("page"), section.errors());
  Paging& page = list.page;
  if (inner.find("offset") != nullptr) {
    page.kind = Paging::Kind::kOffset;
    inner.only({"offset", "limit", "size"});
    inner.text("offset", page.position);
  } else if (inner.find("page") != nullptr) {
    page.kind = Paging::Kind::kPage;
    inner.only({"page", "limit", "first", "size"});
    inner.text("page", page.position);
    inner.number("first", page.first, 0, 1);
  } else if (inner.find("cursor") != nullptr) {
    page.kind = Paging::Kind::kCursor;
    inner.only({"cursor", "next"});
    inner.text("cursor", page.position);
    inner.pointer("next", page.next);
    if (page.next.empty()) inner.fail("next", "must say where the answer names the next page, such as /next");
  } else {
    inner.fail("offset", "must be there, or `page`, or `cursor`: the parameter that says where a page begins");
  }
  inner.text("limit", page.limit);
  inner.number("size", page.size, 1, 1'000'000);
}

}  // namespace

void decode_list(const Json& json, const std::string& path, std::vector<ConfigError>& errors, List& list) {
  if (!json.is_object()) {
    errors.push_back({path, "must be an object, such as { rows: '/orders', total: '/ordersCount' }"});
    return;
  }
  Section section(json, path, errors);
  section.only({"rows", "total", "filter", "where", "ignore", "sort", "sortBy", "page", "members", "partial"});
  section.pointer("rows", list.rows);
  std::vector<std::string> totals;
  const Json* total = section.find("total");
  if (total != nullptr && !texts(*total, totals)) section.fail("total", "must be a JSON Pointer, or a list of them");
  for (const std::string& text : totals) list.totals.push_back(parse_pointer(text));
  decode_filters(section, list);
  decode_where(section, list);
  const Json* ignore = section.find("ignore");
  if (ignore != nullptr && !texts(*ignore, list.ignored)) section.fail("ignore", "must be a list of parameters");
  decode_sort(section, list);
  decode_page(section, list);
  section.flag("partial", list.partial);
  std::string members;
  section.text("members", members);
  list.server_members = members == "server";
  if (!members.empty() && !list.server_members) section.fail("members", "must be 'server'");
}

}  // namespace holdfast
