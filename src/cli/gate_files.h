#pragma once
// What windows and freezes refer to outside of slipway.yaml: time zones and calendar files. A
// mistake there is told at the line that names it.
#include <string>

#include "config/load.h"

namespace slipway::cli {
// Adds to loaded.diagnostics. `folder`: of slipway.yaml.
void check_gate_files(config::LoadResult& loaded, const std::string& folder);
}  // namespace slipway::cli
