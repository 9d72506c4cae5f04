#pragma once
// What checks of gates ask of this machine and of the net. Keeps nothing; used by one thread at a
// time.
#include <memory>

#include "ports/inquiry.h"

namespace slipway::drivers::inquiry {

std::unique_ptr<ports::Inquiry> make_inquiry();

}  // namespace slipway::drivers::inquiry
