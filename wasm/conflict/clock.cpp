#include "conflict/clock.hpp"

#include <algorithm>

namespace holdfast {

Stamp next_stamp(const Stamp& last, Millis now, const std::string& node) {
  const Stamp before = bounded(last, now);
  if (now > before.wall) return {now, 0, node};
  return {before.wall, before.count + 1, node};
}

Stamp met_stamp(const Stamp& last, const Stamp& met, Millis now) {
  if (met.wall > now + kSkewMax) return last;
  return std::max(last, met);
}

Stamp bounded(const Stamp& stamp, Millis now) {
  if (stamp.wall <= now + kSkewMax) return stamp;
  return {now + kSkewMax, 0, stamp.node};
}

}  // namespace holdfast
