#pragma once
// Trial: would HAProxy take this file? Asked of `haproxy -c` with the new bytes in the file's
// place; what runs and what is on disk stay as they are.
#include <string>

#include "base/result.h"
#include "drivers/haproxy/drivers.h"

namespace slipway::drivers::haproxy {

// Refused, in HAProxy's words, when it would not.
Result<void> try_out(const Settings& settings, const std::string& file, const std::string& bytes);

}  // namespace slipway::drivers::haproxy
