// The only file that knows Emscripten.
#include <emscripten/bind.h>

#include "engine/conflicts.hpp"
#include "engine/engine.hpp"

EMSCRIPTEN_BINDINGS(holdfast) {
  emscripten::class_<holdfast::Engine>("Engine")
      .constructor<>()
      .function("configure", &holdfast::Engine::configure)
      .function("step", &holdfast::Engine::step)
      .function("route", &holdfast::Engine::route);
  emscripten::class_<holdfast::Conflicts>("Conflicts")
      .constructor<>()
      .function("configure", &holdfast::Conflicts::configure)
      .function("merge", &holdfast::Conflicts::merge);
}
