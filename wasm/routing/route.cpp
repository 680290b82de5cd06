#include "routing/route.hpp"

namespace holdfast {
namespace {

std::size_t path_start(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string_view::npos;
  const std::size_t end = url.find_first_of("/?#", scheme + 3);
  return end == std::string_view::npos ? url.size() : end;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// RFC 3629, section 4: neither overlong forms, nor surrogates, nor anything beyond U+10FFFF.
bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    const int more = lead >= 0xC2 && lead <= 0xDF ? 1 : lead >= 0xE0 && lead <= 0xEF ? 2 : lead >= 0xF0 && lead <= 0xF4 ? 3 : 0;
    if (more == 0) return false;
    unsigned char least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    unsigned char most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    for (int k = 0; k < more; ++k) {
      const auto byte = i < text.size() ? static_cast<unsigned char>(text[i++]) : static_cast<unsigned char>(0);
      if (byte < least || byte > most) return false;
      least = 0x80;
      most = 0xBF;
    }
  }
  return true;
}

bool fits(const Path& pattern, const std::vector<std::string>& path) {
  if (path.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].parameter ? path[i].empty() : pattern[i].text != path[i]) return false;
  }
  return true;
}

/// One of several parts of a name.
std::string part_of_name(const std::string& value) {
  std::string part;
  for (const char c : value) part += c == '/' ? "%2F" : c == '%' ? "%25" : std::string(1, c);
  return part;
}

/// The names of a pattern's parameters, in order.
std::vector<std::string> parameters_of(const Path& pattern) {
  std::vector<std::string> names;
  for (const Segment& segment : pattern) {
    if (segment.parameter) names.push_back(segment.text);
  }
  return names;
}

/// Whether its entities lie below others, so that a name has several parts.
bool is_nested(const Resource& resource) { return parameters_of(resource.item).size() > 1; }

/// How well a pattern fits: whole paths before sub-paths, longer patterns before shorter, fixed text before parameters.
std::int64_t rank(const Path& pattern, std::size_t path_length) {
  const auto fixed = static_cast<std::int64_t>(pattern.size() - parameters_of(pattern).size());
  return (pattern.size() == path_length ? 1'000'000 : 0) + static_cast<std::int64_t>(pattern.size()) * 1'000 + fixed;
}

/// The best pattern so far.
struct Best {
  std::int64_t rank = -1;
  const Resource* resource = nullptr;
  const Path* pattern = nullptr;
  const List* list = nullptr;

  void offer(const Resource& by, const Path& path, const List* of, std::size_t length) {
    const std::int64_t offered = holdfast::rank(path, length);
    if (offered <= rank) return;
    *this = {offered, &by, &path, of};
  }
};

Route found(const Best& best, const std::vector<std::string>& path) {
  Route route;
  route.resource = best.resource;
  route.list = best.list;
  const Path& pattern = *best.pattern;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i].parameter) route.parameters[pattern[i].text] = percent_decode(path[i]);
  }
  const Resource& resource = *best.resource;
  const auto names = parameters_of(resource.item);
  std::vector<std::string> values;
  for (const std::string& name : names) {
    const auto value = route.parameters.find(name);
    if (value != route.parameters.end()) values.push_back(value->second);
  }
  // A list elsewhere (`/restaurants/:restaurant/orders`) may say nothing of what its entities lie below.
  if (names.size() > 1 && values.size() + 1 >= names.size()) {
    for (std::size_t i = 0; i + 1 < names.size(); ++i) route.parent += part_of_name(values[i]) + "/";
  }
  if (route.list != nullptr) {
    route.kind = RouteKind::kCollection;
    return route;
  }
  route.entity = resource.singleton ? resource.name : names.size() == 1 ? values.back() : route.parent + part_of_name(values.back());
  route.kind = path.size() == pattern.size() ? RouteKind::kItem : RouteKind::kAction;
  for (std::size_t i = pattern.size(); i < path.size(); ++i) route.action += (route.action.empty() ? "" : "/") + percent_decode(path[i]);
  return route;
}

}  // namespace

std::string origin_of(std::string_view url) {
  const std::size_t start = path_start(url);
  return start == std::string_view::npos ? std::string() : std::string(url.substr(0, start));
}

std::vector<std::string> path_segments(std::string_view url) {
  std::vector<std::string> segments;
  const std::size_t start = path_start(url);
  if (start == std::string_view::npos) return segments;
  std::string_view path = url.substr(start);
  path = path.substr(0, path.find_first_of("?#"));
  while (!path.empty() && path.front() == '/') {
    path.remove_prefix(1);
    const std::size_t slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
  }
  // A trailing slash names the same thing to every framework that apps use.
  if (!segments.empty() && segments.back().empty()) segments.pop_back();
  return segments;
}

std::string percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  // Names become keys of the database and text in JSON; bytes that are no text can be neither.
  return is_utf8(decoded) ? decoded : std::string(text);
}

Path parse_path(std::string_view text) {
  Path path;
  const std::string url = text.find("://") == std::string_view::npos ? "x://" + std::string(text) : std::string(text);
  for (const std::string& segment : path_segments(url)) {
    const bool parameter = segment.starts_with(':');
    path.push_back({parameter, parameter ? segment.substr(1) : segment});
  }
  return path;
}

std::string percent_encode(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || std::string_view("-._~").find(c) != std::string_view::npos;
    if (plain) encoded += c;
    else (encoded += '%') += kHex[byte >> 4], encoded += kHex[byte & 15];
  }
  return encoded;
}

std::string named(const Resource& resource, const std::string& parent, const std::string& id) {
  return is_nested(resource) ? parent + part_of_name(id) : id;
}

std::string parent_of(const Resource& resource, const std::string& entity) {
  return is_nested(resource) ? entity.substr(0, entity.rfind('/') + 1) : std::string();
}

std::string item_url(const Resource& resource, const std::string& entity) {
  std::string url = resource.origin;
  std::string_view rest = entity;
  for (const Segment& segment : resource.item) {
    if (!segment.parameter) {
      url += "/" + segment.text;
      continue;
    }
    const std::size_t slash = is_nested(resource) ? rest.find('/') : std::string_view::npos;
    const std::string part(rest.substr(0, slash));
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    url += "/" + percent_encode(is_nested(resource) ? percent_decode(part) : part);
  }
  return url;
}

std::string id_of(const Resource& resource, const std::string& entity) {
  if (!is_nested(resource)) return entity;
  const std::size_t slash = entity.rfind('/');
  return percent_decode(slash == std::string::npos ? entity : entity.substr(slash + 1));
}

std::optional<std::string> item_below(const Route& list, const std::string& id) {
  const Resource& resource = *list.resource;
  if (is_nested(resource) && list.parent.empty()) return std::nullopt;
  return item_url(resource, named(resource, list.parent, id));
}

std::optional<Route> route(const Config& config, std::string_view url) {
  const std::string origin = origin_of(url);
  const std::vector<std::string> path = path_segments(url);
  Best best;
  for (const Resource& resource : config.resources) {
    if (resource.origin != origin) continue;
    if (fits(resource.item, path)) best.offer(resource, resource.item, nullptr, path.size());
    for (const Path& item : resource.more_items) {
      if (fits(item, path)) best.offer(resource, item, nullptr, path.size());
    }
    for (const List& list : resource.lists) {
      if (list.path.size() == path.size() && fits(list.path, path)) best.offer(resource, list.path, &list, path.size());
    }
  }
  if (best.resource == nullptr) return std::nullopt;
  return found(best, path);
}

std::string lane_name(const std::string& user, const Resource& resource, const std::string& entity) {
  // A control character separates the parts: URLs and names that were decoded from them hold none unescaped by choice.
  if (!resource.lane.empty()) return user + "\x1f" + "lane" + "\x1f" + resource.lane;
  return user + "\x1f" + resource.name + "\x1f" + entity;
}

}  // namespace holdfast
