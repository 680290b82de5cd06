#include "base/random.hpp"

namespace holdfast {

Random::Random(std::string_view entropy) : state_(0xcbf29ce484222325ULL) {
  // FNV-1a folds the entropy's digits into the 64 bits of the state.
  for (const char c : entropy) {
    state_ ^= static_cast<unsigned char>(c);
    state_ *= 0x100000001b3ULL;
  }
}

std::uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

Millis Random::up_to(Millis bound) {
  if (bound <= 0) return 0;
  // The bias of a modulus is below one in 2^30 for any delay used here.
  return static_cast<Millis>(next() % (static_cast<std::uint64_t>(bound) + 1));
}

std::string uuid_v7(Millis now, Random& random) {
  const auto time = static_cast<std::uint64_t>(now < 0 ? 0 : now) & 0xffffffffffffULL;
  const std::uint64_t high = (time << 16) | 0x7000ULL | (random.next() & 0x0fffULL);
  const std::uint64_t low = (random.next() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;

  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (int nibble = 0; nibble < 32; ++nibble) {
    if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) text += '-';
    const std::uint64_t word = nibble < 16 ? high : low;
    text += kDigits[(word >> (60 - 4 * (nibble % 16))) & 0xf];
  }
  return text;
}

}  // namespace holdfast
