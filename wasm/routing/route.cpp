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

bool fits(const std::vector<Segment>& pattern, std::size_t count, const std::vector<std::string>& path) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!pattern[i].parameter && pattern[i].text != path[i]) return false;
    if (pattern[i].parameter && path[i].empty()) return false;
  }
  return true;
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

std::optional<Route> route(const Config& config, std::string_view url) {
  const std::string origin = origin_of(url);
  const std::vector<std::string> path = path_segments(url);
  std::optional<Route> action;
  for (const Resource& resource : config.resources) {
    if (resource.origin != origin) continue;
    const std::size_t length = resource.item.size();
    if (path.size() + 1 == length && fits(resource.item, length - 1, path)) {
      return Route{&resource, RouteKind::kCollection, {}};
    }
    if (path.size() < length || !fits(resource.item, length, path)) continue;
    Route found{&resource, RouteKind::kItem, percent_decode(path[length - 1])};
    if (path.size() == length) return found;
    // A longer pattern (`/users/:user/orders/:id`) is the better answer for the same path, so this one has to wait.
    found.kind = RouteKind::kAction;
    if (!action || action->resource->item.size() < length) action = found;
  }
  return action;
}

std::string lane_name(const std::string& user, const Resource& resource, const std::string& entity) {
  // A control character separates the parts: URLs and names that were decoded from them hold none unescaped by choice.
  if (!resource.lane.empty()) return user + "\x1f" + "lane" + "\x1f" + resource.lane;
  return user + "\x1f" + resource.name + "\x1f" + entity;
}

}  // namespace holdfast
