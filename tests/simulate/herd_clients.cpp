#include <algorithm>

#include "herd.hpp"
#include "link/link_codec.hpp"
#include "link/machine.hpp"
#include "link/wait.hpp"

namespace holdfast::test {
namespace {

/// The machine itself, by the function under its JSON surface.
class Machine : public Client {
 public:
  Machine(const HerdOptions& options, Random& random) : random_(random) {
    memory_ = link::nothing_yet(config());
    const Millis began = -2 * kLinkStableMs;
    tell(link::Start{"a"}, began);
    tell(link::Welcome{1, kLinkHeartbeatMs, options.window_ms()}, began);
    tell(link::CaughtUp{1}, began);
    tell(link::Heard{1}, -random.up_to(kLinkHeartbeatMs));
  }

  Millis lost(Millis now) override { return tell(link::Closed{memory_.attempt, 1006, "", link::kUnnamed}, now); }
  Millis failed(std::int64_t status, Millis now) override {
    if (status == 0) return tell(link::Closed{memory_.attempt, 1006, "", link::kUnnamed}, now);
    return tell(link::Refused{memory_.attempt, status, link::kUnnamed}, now);
  }
  bool tries(Millis now) override {
    tell(link::Tick{}, now);
    return memory_.state == link::State::kConnecting;
  }
  void welcomed(Millis now) override { tell(link::Welcome{memory_.attempt, kLinkHeartbeatMs, link::kUnnamed}, now); }

 private:
  static const link::Config& config() {
    static const link::Config config;
    return config;
  }
  Millis tell(const link::Event& event, Millis now) {
    link::step(config(), memory_, event, now, random_);
    return link::wake_at(config(), memory_, now);
  }

  link::Memory memory_;
  Random& random_;
};

/// What most clients do by hand: a wait that depends on the number of failures in a row.
template <auto kWait> class ByHand : public Client {
 public:
  ByHand(const HerdOptions&, Random& random) : random_(random) {}
  Millis lost(Millis now) override { return failed(0, now); }
  Millis failed(std::int64_t, Millis now) override { return now + kWait(++failures_, random_); }
  bool tries(Millis) override { return true; }
  void welcomed(Millis) override { failures_ = 0; }

 private:
  std::int64_t failures_ = 0;
  Random& random_;
};

Millis each_second(std::int64_t, Random&) { return 1'000; }
Millis exponential(std::int64_t n, Random&) { return std::min<Millis>(kLinkBaseMs << std::min<std::int64_t>(n - 1, 20), kLinkCapMs); }
Millis equal_jitter(std::int64_t n, Random& random) {
  const Millis half = exponential(n, random) / 2;
  return half + random.up_to(half);
}

template <class Kind> std::unique_ptr<Client> make(const HerdOptions& options, Random& random) { return std::make_unique<Kind>(options, random); }

}  // namespace

const std::vector<Strategy>& strategies() {
  static const std::vector<Strategy> list{
      {"holdfast", make<Machine>},
      {"every second", make<ByHand<each_second>>},
      {"exponential, no jitter", make<ByHand<exponential>>},
      {"exponential, equal jitter", make<ByHand<equal_jitter>>},
  };
  return list;
}

}  // namespace holdfast::test
