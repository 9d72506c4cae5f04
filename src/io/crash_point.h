#pragma once
// The crash test's hook: SLIPWAY_CRASH_AT="7" ends the process with SIGKILL at the 7th crash point
// it reaches, "runner.after-journal:3" at the 3rd of that name. SLIPWAY_CRASH_LOG=FILE appends each
// point's name.
#include <string>

#include "base/crash_point.h"

namespace slipway::io {
using slipway::crash_point;
// at, log: the two variables' values; empty: not set. Call once, before threads start.
void install_crash_points(const std::string& at, const std::string& log);
}  // namespace slipway::io
