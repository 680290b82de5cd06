// The only file that knows Emscripten.
#include <emscripten/bind.h>
#include <emscripten/val.h>

#include <cstdint>
#include <string>

#include "engine/conflicts.hpp"
#include "engine/engine.hpp"
#include "link/link.hpp"

namespace {

using emscripten::val;

val view(const char* bytes, std::size_t size) {
  return val(emscripten::typed_memory_view(size, reinterpret_cast<const std::uint8_t*>(bytes)));
}

/// A text that comes from JavaScript. Embind would take it over a character at a time, which costs several times what is
/// then done with it.
std::string utf8_of(const val& text) {
  static const val encoder = val::global("TextEncoder").new_();
  std::string bytes;
  std::size_t size = 0;
  const auto length = text["length"].as<std::size_t>();
  // Most is ASCII. What is not takes up to three bytes for each code unit, and there is room for it the second time.
  for (std::size_t read = 0, factor = 1; read < length; factor = 3) {
    bytes.resize(size + factor * (length - read) + length / 16 + 4);
    const val rest = read == 0 ? text : text.call<val>("slice", read);
    const val done = encoder.call<val>("encodeInto", rest, view(bytes.data() + size, bytes.size() - size));
    read += done["read"].as<std::size_t>();
    size += done["written"].as<std::size_t>();
  }
  bytes.resize(size);
  return bytes;
}

val text_of(const std::string& bytes) {
  static const val decoder = val::global("TextDecoder").new_();
  return decoder.call<val>("decode", view(bytes.data(), bytes.size()));
}

/// A method that is given a text and gives one.
template <auto kMethod, class Object> val texts(Object& object, const val& text) {
  return text_of((object.*kMethod)(utf8_of(text)));
}

}  // namespace

EMSCRIPTEN_BINDINGS(holdfast) {
  using holdfast::Conflicts;
  using holdfast::Engine;
  using holdfast::Link;
  emscripten::class_<Engine>("Engine")
      .constructor<>()
      .function("configure", &texts<&Engine::configure, Engine>)
      .function("step", &texts<&Engine::step, Engine>)
      .function("route", &texts<&Engine::route, Engine>);
  emscripten::class_<Conflicts>("Conflicts")
      .constructor<>()
      .function("configure", &texts<&Conflicts::configure, Conflicts>)
      .function("merge", &texts<&Conflicts::merge, Conflicts>);
  emscripten::class_<Link>("Link")
      .constructor<>()
      .function("configure", &texts<&Link::configure, Link>)
      .function("step", &texts<&Link::step, Link>);
}
