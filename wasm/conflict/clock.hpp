// Hybrid logical clocks (Kulkarni, Demirbas, Madappa, Avva, Leone: "Logical Physical Clocks", OPODIS 2014).
#pragma once

#include "model/rules.hpp"

namespace holdfast {

/// The stamp of an act that happens now.
/// @param last the latest that this node has made or met
Stamp next_stamp(const Stamp& last, Millis now, const std::string& node);

/// The latest that is known after meeting another node's. A stamp from beyond `kSkewMax` ahead moves nothing: the clock
/// that made it is wrong, and following it would spread the mistake.
Stamp met_stamp(const Stamp& last, const Stamp& met, Millis now);

/// The stamp as it counts when two are compared: none lies further ahead of now than clocks may differ.
Stamp bounded(const Stamp& stamp, Millis now);

}  // namespace holdfast
