#include "conflict/json_patch.hpp"

#include <algorithm>

#include "codec/pointer.hpp"
#include "codec/text.hpp"

namespace holdfast {
namespace {

/// An operation that succeeded has no reason not to; all reasons are literals.
using Reason = const char*;
constexpr Reason kDone = nullptr;

/// A longer name or pointer isn't repeated in an error.
constexpr std::size_t kShownTextMax = 200;

/// RFC 6901, section 3: a tilde stands only before 0 or 1, and each step is led in by a slash.
bool is_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1'))) return false;
  }
  return true;
}

Pointer parent_of(const Pointer& pointer) { return {pointer.begin(), pointer.end() - 1}; }

struct Extent {
  std::int64_t bytes = 0;  ///< about what it has as text
  int depth = 0;           ///< arrays and objects within each other
};

Extent measure(const Json& value) {
  if (value.is_string()) return {static_cast<std::int64_t>(value.get_ref<const std::string&>().size()) + 2, 0};
  if (!value.is_structured()) return {4, 0};
  Extent whole{2, 0};
  for (auto item = value.begin(); item != value.end(); ++item) {
    const Extent part = measure(*item);
    const std::int64_t name = value.is_object() ? static_cast<std::int64_t>(item.key().size()) + 3 : 0;
    whole.bytes += part.bytes + name + 1;
    whole.depth = std::max(whole.depth, part.depth);
  }
  whole.depth += 1;
  return whole;
}

/// The document while operations are applied to it; a copy, so that one that fails leaves nothing behind.
class Patching {
 public:
  explicit Patching(const Json& document) : document_(document) {}

  Json take() { return std::move(document_); }

  Reason apply(const Json& operation) {
    if (!operation.is_object()) return "not an object";
    const std::string* name = text(operation, "op");
    if (name == nullptr) return "no \"op\"";
    Pointer path, from;
    if (const Reason reason = read_pointer(operation, "path", path)) return reason;
    const bool from_elsewhere = *name == "move" || *name == "copy";
    if (from_elsewhere) {
      if (const Reason reason = read_pointer(operation, "from", from)) return reason;
      return *name == "move" ? move(from, path) : copy(from, path);
    }
    if (*name == "remove") return remove(path, nullptr);
    const auto value = operation.find("value");
    const bool with_value = *name == "add" || *name == "replace" || *name == "test";
    if (!with_value) return "no such operation";
    if (value == operation.end()) return "no \"value\"";
    if (*name == "add") return add(path, *value, measure(*value).depth);
    return *name == "replace" ? replace(path, *value) : test(path, *value);
  }

 private:
  static const std::string* text(const Json& operation, const char* name) {
    const auto found = operation.find(name);
    return found != operation.end() && found->is_string() ? found->get_ptr<const std::string*>() : nullptr;
  }

  static Reason read_pointer(const Json& operation, const char* name, Pointer& pointer) {
    const std::string* given = text(operation, name);
    if (given == nullptr) return *name == 'p' ? "no \"path\"" : "no \"from\"";
    if (!is_pointer(*given)) return *name == 'p' ? "\"path\" is no JSON Pointer" : "\"from\" is no JSON Pointer";
    pointer = parse_pointer(*given);
    return kDone;
  }

  /// Section 4.1.
  Reason add(const Pointer& path, Json value, int depth) {
    if (static_cast<std::int64_t>(path.size()) + depth > kJsonDepthMax) return "nested too deep";
    if (path.empty()) {
      document_ = std::move(value);
      return kDone;
    }
    Json* parent = find_part(document_, parent_of(path));
    if (parent == nullptr) return "there is nothing to add to";
    if (parent->is_object()) {
      (*parent)[path.back()] = std::move(value);
      return kDone;
    }
    if (!parent->is_array()) return "neither an object nor an array to add to";
    const auto index = path.back() == "-" ? parent->size() : index_of(path.back());
    if (!index) return "not an index";
    if (*index > parent->size()) return "beyond the array's end";
    if (!spend(static_cast<std::int64_t>(parent->size() - *index))) return kTooMuch;
    parent->insert(parent->begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
    return kDone;
  }

  /// Section 4.2. @param removed gets the value, if it is wanted
  Reason remove(const Pointer& path, Json* removed) {
    if (path.empty()) return "the whole document can't be removed";
    Json* value = find_part(document_, path);
    if (value == nullptr) return kNothing;
    if (removed != nullptr) *removed = std::move(*value);
    Json& parent = *find_part(document_, parent_of(path));
    if (parent.is_object()) {
      parent.erase(path.back());
      return kDone;
    }
    const std::size_t index = *index_of(path.back());
    if (!spend(static_cast<std::int64_t>(parent.size() - index))) return kTooMuch;
    parent.erase(index);
    return kDone;
  }

  /// Section 4.3.
  Reason replace(const Pointer& path, const Json& by) {
    Json* value = find_part(document_, path);
    if (value == nullptr) return kNothing;
    if (static_cast<std::int64_t>(path.size()) + measure(by).depth > kJsonDepthMax) return "nested too deep";
    *value = by;
    return kDone;
  }

  /// Section 4.4.
  Reason move(const Pointer& from, const Pointer& path) {
    const Json* value = find_part(document_, from);
    if (value == nullptr) return kNothing;
    if (from == path) return kDone;
    const bool into_itself = from.size() < path.size() && std::equal(from.begin(), from.end(), path.begin());
    if (into_itself) return "a value can't be moved into itself";
    int depth = 0;
    if (path.size() > from.size()) {  // else it gets no deeper than it was
      const Extent extent = measure(*value);
      if (!spend(extent.bytes)) return kTooMuch;
      depth = extent.depth;
    }
    Json moved;
    if (const Reason reason = remove(from, &moved)) return reason;
    return add(path, std::move(moved), depth);
  }

  /// Section 4.5.
  Reason copy(const Pointer& from, const Pointer& path) {
    const Json* value = find_part(document_, from);
    if (value == nullptr) return kNothing;
    const Extent extent = measure(*value);
    if (!spend(extent.bytes)) return kTooMuch;
    return add(path, *value, extent.depth);
  }

  /// Section 4.6.
  Reason test(const Pointer& path, const Json& expected) {
    const Json* value = find_part(document_, path);
    if (value == nullptr) return kNothing;
    return same_value(*value, expected) ? kDone : "the value is another one";
  }

  bool spend(std::int64_t bytes) {
    left_ -= bytes;
    return left_ >= 0;
  }

  static constexpr Reason kNothing = "nothing is there";
  static constexpr Reason kTooMuch = "too much is copied and moved";

  Json document_;
  std::int64_t left_ = kPatchBytesMax;
};

/// Which operation failed: `operation 2 (remove /a/b): nothing is there`.
std::string explain(std::size_t number, const Json& operation, Reason reason) {
  std::string text = "operation " + std::to_string(number);
  const auto member = [&](const char* name) {
    const auto found = operation.is_object() ? operation.find(name) : operation.end();
    std::string given;
    if (found != operation.end() && found->is_string()) given = found->get<std::string>();
    return given.size() <= kShownTextMax ? given : std::string();
  };
  const std::string name = member("op");
  const std::string path = member("path");
  if (!name.empty()) text += " (" + name + (path.empty() ? "" : " ") + path + ")";
  return text + ": " + reason;
}

}  // namespace

std::optional<Json> apply_json_patch(const Json& document, const Json& patch, std::string& error) {
  error.clear();
  if (!patch.is_array()) error = "a patch is an array of operations";
  else if (patch.size() > kPatchOperationsMax) error = "too many operations";
  if (!error.empty()) return std::nullopt;
  Patching patching(document);
  for (std::size_t i = 0; i < patch.size(); ++i) {
    if (const Reason reason = patching.apply(patch[i])) {
      error = explain(i + 1, patch[i], reason);
      return std::nullopt;
    }
  }
  return patching.take();
}

}  // namespace holdfast
