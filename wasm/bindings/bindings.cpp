// The only file that knows Emscripten.
#include <emscripten/bind.h>

#include "engine/engine.hpp"

EMSCRIPTEN_BINDINGS(holdfast) {
  emscripten::class_<holdfast::Engine>("Engine")
      .constructor<>()
      .function("configure", &holdfast::Engine::configure)
      .function("step", &holdfast::Engine::step)
      .function("route", &holdfast::Engine::route);
}
