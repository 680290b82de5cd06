// The engine's only randomness: a stream that grows out of the entropy that came with the event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.hpp"

namespace holdfast {

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). Integers only, so
/// that it gives the same numbers natively and in WebAssembly.
class Random {
 public:
  /// @param entropy hexadecimal digits, as many as there are; other characters are hashed in as they are.
  explicit Random(std::string_view entropy);

  std::uint64_t next();

  /// Uniform in [0, bound]; 0 for a bound of 0 or less.
  Millis up_to(Millis bound);

 private:
  std::uint64_t state_;
};

/// A UUID version 7 (RFC 9562, section 5.7): 48 bits of time, then randomness.
std::string uuid_v7(Millis now, Random& random);

}  // namespace holdfast
