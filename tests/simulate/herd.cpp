#include "herd.hpp"

#include <algorithm>
#include <queue>

namespace holdfast::test {
namespace {

/// From an attempt to its answer, and from a reset to whoever hears of it: each client has its own, from a fibre's to a
/// phone's.
constexpr Millis kNearMs = 20;
constexpr Millis kFarMs = 300;
/// Of the work that an accepted connection is: TCP and TLS come before any answer.
constexpr double kRefusalWork = 0.05;

class World {
 public:
  World(const HerdOptions& options, const Strategy& strategy) : options_(options), random_(options.seed + " " + strategy.name) {
    for (std::int64_t i = 0; i < options.clients; ++i) {
      clients_.push_back(strategy.make(options_, random_));
      distances_.push_back(kNearMs + random_.up_to(kFarMs - kNearMs));
    }
  }

  HerdResult run() {
    for (std::size_t i = 0; i < clients_.size(); ++i) queue_.push({distances_[i], Kind::kLost, i});
    while (!queue_.empty() && connected_ < options_.clients) {
      const Moment moment = queue_.top();
      queue_.pop();
      if (moment.at >= options_.down_ms + kHorizonMs) break;
      meet(moment);
    }
    judge();
    return std::move(result_);
  }

 private:
  enum class Kind { kLost, kDue, kWelcome, kNoRoom, kNobody };
  struct Moment {
    Millis at;
    Kind kind;
    std::size_t client;
    bool operator<(const Moment& other) const { return at != other.at ? at > other.at : client > other.client; }
  };

  void meet(const Moment& moment) {
    Client& client = *clients_[moment.client];
    switch (moment.kind) {
      case Kind::kLost: return wait(client.lost(moment.at), moment);
      case Kind::kNobody: return wait(client.failed(0, moment.at), moment);
      case Kind::kNoRoom: return wait(client.failed(503, moment.at), moment);
      case Kind::kDue:
        if (client.tries(moment.at)) queue_.push({moment.at + distances_[moment.client], arrive(moment.at), moment.client});
        return;
      case Kind::kWelcome:
        client.welcomed(moment.at);
        connected_ += 1;
        result_.all_connected_s = static_cast<double>(moment.at - options_.down_ms) / 1'000;
    }
  }

  void wait(Millis due, const Moment& moment) { queue_.push({due, Kind::kDue, moment.client}); }

  /// @return what comes of an attempt
  Kind arrive(Millis now) {
    const auto second = static_cast<std::size_t>(now / 1'000);
    if (result_.arrivals.size() <= second) result_.arrivals.resize(second + 1);
    result_.arrivals[second] += 1;
    return now < options_.down_ms ? Kind::kNobody : answer(now);
  }

  /// So much work a second, even if it comes at one moment of it. Refusals are work, too, and are put off for a second at
  /// the most; before them nobody is accepted.
  Kind answer(Millis now) {
    const auto capacity = static_cast<double>(options_.capacity);
    room_ = std::min(room_ + static_cast<double>(now - last_) / 1'000 * capacity, capacity);
    last_ = now;
    if (room_ <= -capacity) return Kind::kNobody;
    const bool accepted = room_ >= 1;
    room_ -= accepted ? 1 : kRefusalWork;
    return accepted ? Kind::kWelcome : Kind::kNoRoom;
  }

  void judge() {
    auto& arrivals = result_.arrivals;
    const auto back = static_cast<std::size_t>(options_.down_ms / 1'000);
    arrivals.resize(std::max(arrivals.size(), back + 1));
    for (const std::int64_t count : arrivals) result_.attempts += count;
    const auto all = static_cast<double>(options_.clients);
    const std::int64_t peak = *std::max_element(arrivals.begin() + static_cast<std::ptrdiff_t>(back), arrivals.end());
    result_.peak_over_uniform = static_cast<double>(peak) * kRoundMs / 1'000 / all;
    const std::int64_t first = std::max(arrivals[0], arrivals[1]);
    result_.death_peak_over_uniform = static_cast<double>(first * options_.window_ms()) / 1'000 / all;
    if (connected_ < options_.clients) result_.all_connected_s = -1;
  }

  HerdOptions options_;
  Random random_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Millis> distances_;
  std::priority_queue<Moment> queue_;
  HerdResult result_;
  std::int64_t connected_ = 0;
  double room_ = 0;
  Millis last_ = 0;
};

}  // namespace

HerdResult run_herd(const HerdOptions& options, const Strategy& strategy) { return World(options, strategy).run(); }

}  // namespace holdfast::test
