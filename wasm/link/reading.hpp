// What an event means at this moment: whether it is about the present connection, what the end of one says, what the
// time has come for. The table goes on from there.
#pragma once

#include "link/table.hpp"

namespace holdfast::link {

Input read(Turn& turn, const Event& event);

}  // namespace holdfast::link
