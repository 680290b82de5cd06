#include "overlay/query.hpp"

#include <algorithm>
#include <cstdlib>

#include "codec/pointer.hpp"

namespace holdfast {
namespace {

std::string decode(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  return percent_decode(text);
}

std::optional<double> number_in(const std::string& text) {
  if (text.empty() || text.front() == ' ') return std::nullopt;
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  return end == text.c_str() + text.size() ? std::optional(number) : std::nullopt;
}

bool equals(const Json& field, const std::string& value) {
  if (field.is_string()) return field.get_ref<const std::string&>() == value;
  if (field.is_boolean()) return value == (field.get<bool>() ? "true" : "false") || value == (field.get<bool>() ? "1" : "0");
  if (field.is_null()) return value == "null";
  const auto number = number_in(value);
  return field.is_number() && number && *number == field.get<double>();
}

/// Below, at or above the value; nothing where the two can't be compared.
std::optional<int> compare(const Json& field, const std::string& value) {
  if (field.is_number()) {
    const auto number = number_in(value);
    if (!number) return std::nullopt;
    const double mine = field.get<double>();
    return mine < *number ? -1 : mine > *number ? 1 : 0;
  }
  if (!field.is_string()) return std::nullopt;
  const int order = field.get_ref<const std::string&>().compare(value);  // UTF-8 keeps the order of code points
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

bool fits(FilterKind kind, const Json& field, const std::string& value) {
  if (kind == FilterKind::kEqual) return equals(field, value);
  if (kind == FilterKind::kContains) {
    return field.is_array() && std::any_of(field.begin(), field.end(), [&](const Json& item) { return equals(item, value); });
  }
  const auto order = compare(field, value);
  if (!order) return false;
  if (kind == FilterKind::kMin) return *order >= 0;
  if (kind == FilterKind::kMax) return *order <= 0;
  return kind == FilterKind::kAbove ? *order > 0 : *order < 0;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t end = 0; end != std::string::npos; from = end + 1) {
    end = text.find(at, from);
    parts.push_back(text.substr(from, end == std::string::npos ? end : end - from));
  }
  return parts;
}

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<std::pair<std::string, std::string>> query_of(std::string_view url) {
  std::vector<std::pair<std::string, std::string>> parameters;
  url = url.substr(0, url.find('#'));
  const std::size_t mark = url.find('?');
  if (mark == std::string_view::npos) return parameters;
  for (const std::string& part : split(std::string(url.substr(mark + 1)), '&')) {
    if (part.empty()) continue;
    const std::size_t sign = part.find('=');
    parameters.emplace_back(decode(part.substr(0, sign)), sign == std::string::npos ? std::string() : decode(part.substr(sign + 1)));
  }
  return parameters;
}

Query::Query(const Route& found, const std::string& url, const Reader& reader)
    : found_(found), list_(*found.list), parameters_(query_of(url)), sort_(list_.sort), ordered_(!list_.sort.empty()) {
  const bool sortable = read_sort();
  for (const auto& [name, value] : parameters_) {
    const bool filters = std::any_of(list_.filters.begin(), list_.filters.end(), [&name = name](const Filter& filter) { return filter.parameter == name; });
    const bool orders = (name == list_.sort_parameter && sortable) || name == list_.direction_parameter;
    const bool pages = name == list_.page.position || name == list_.page.limit;
    if (value.empty() || filters || orders || pages || has(list_.ignored, name)) continue;
    unknown_.push_back(name);
  }
  for (const Filter& filter : list_.filters) {
    if (filter.kind != FilterKind::kReader) continue;
    const auto name = reader(filter.reader);
    const auto wanted = values(filter.parameter);
    const bool own = name && std::all_of(wanted.begin(), wanted.end(), [&](const std::string& one) { return equals(*name, one); });
    if (!own && !wanted.empty()) about_others_.push_back(filter.parameter);
  }
}

std::vector<std::string> Query::values(const std::string& parameter) const {
  std::vector<std::string> found;
  for (const auto& [name, value] : parameters_) {
    if (name == parameter && !value.empty()) found.push_back(value);
  }
  return found;
}

/// `?sort=-price,name`, `?sort=price:desc`, `?sort=price&order=desc`. @return false if it can't be understood
bool Query::read_sort() {
  if (list_.sort_parameter.empty()) return true;
  const auto chosen = values(list_.sort_parameter);
  const auto direction = list_.direction_parameter.empty() ? std::vector<std::string>() : values(list_.direction_parameter);
  const bool turned = !direction.empty() && (direction.back() == "desc" || direction.back() == "DESC" || direction.back() == "descending");
  if (chosen.empty()) {
    if (turned) for (SortKey& key : sort_) key.descending = !key.descending;
    return true;
  }
  sort_.clear();
  for (std::string key : split(chosen.back(), ',')) {
    SortKey by;
    if (key.starts_with('-') || key.starts_with('+')) {
      by.descending = key.front() == '-';
      key.erase(0, 1);
    }
    const std::size_t colon = key.find(':');
    if (colon != std::string::npos) {
      by.descending = key.substr(colon + 1) == "desc";
      key.erase(colon);
    }
    const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '/';
    });
    if (!plain) {
      ordered_ = false;
      return false;
    }
    by.field = parse_pointer(key);
    by.descending = by.descending != turned;
    sort_.push_back(std::move(by));
  }
  ordered_ = true;
  return true;
}

bool Query::holds(const Filter& filter, const Json& document) const {
  const auto wanted = values(filter.parameter);
  if (wanted.empty()) return true;
  const Json* field = find_part(document, filter.field);
  if (field == nullptr) return false;
  if (filter.kind == FilterKind::kReader) return equals(*field, "true");
  return std::any_of(wanted.begin(), wanted.end(), [&](const std::string& value) {
    if (fits(filter.kind, *field, value)) return true;
    const auto several = split(value, ',');
    return std::any_of(several.begin(), several.end(), [&](const std::string& one) { return fits(filter.kind, *field, one); });
  });
}

std::optional<bool> Query::member(const Json& document) const {
  for (const Filter& filter : list_.filters) {
    if (!has(about_others_, filter.parameter) && !holds(filter, document)) return false;
  }
  for (const auto& [parameter, field] : list_.where) {
    const auto value = found_.parameters.find(parameter);
    const Json* part = find_part(document, field);
    if (value != found_.parameters.end() && (part == nullptr || !equals(*part, value->second))) return false;
  }
  if (list_.server_members || !unknown_.empty() || !about_others_.empty()) return std::nullopt;
  return true;
}

bool Query::same_place(const Json& before, const Json& after) const {
  return !ordered_ || std::all_of(sort_.begin(), sort_.end(), [&](const SortKey& key) {
    const Json* mine = find_part(before, key.field);
    const Json* now = find_part(after, key.field);
    return mine == nullptr || now == nullptr ? mine == now : *mine == *now;
  });
}

Json Query::plan() const {
  Json totals = Json::array();
  for (const Pointer& total : list_.totals) totals.push_back(total);
  Json sort = nullptr;
  if (ordered_) {
    sort = Json::array();
    for (const SortKey& key : sort_) sort.push_back(Json::array({key.field, key.descending}));
  }
  return {{"rows", list_.rows}, {"totals", std::move(totals)}, {"sort", std::move(sort)}, {"page", page()}, {"unknown", unknown_}};
}

Json Query::page() const {
  const Paging& page = list_.page;
  if (page.kind == Paging::Kind::kNone) return nullptr;
  const auto given = values(page.position);
  if (page.kind == Paging::Kind::kCursor) {
    return {{"cursor", given.empty() ? Json(nullptr) : Json(given.back())}, {"parameter", page.position}, {"next", page.next}};
  }
  const auto number = [](const std::vector<std::string>& texts, std::int64_t otherwise) {
    const auto parsed = texts.empty() ? std::nullopt : number_in(texts.back());
    return parsed && *parsed >= 0 && *parsed < 1e12 ? static_cast<std::int64_t>(*parsed) : otherwise;
  };
  const std::int64_t size = page.limit.empty() ? page.size : number(values(page.limit), page.size);
  const bool by_offset = page.kind == Paging::Kind::kOffset;
  const std::int64_t first = by_offset ? 0 : page.first;
  return {{"parameter", page.position}, {"position", number(given, first)}, {"first", first},
          {"step", by_offset ? size : 1}, {"size", size}};
}

}  // namespace holdfast
