#pragma once
// One gate as a line: "gate window: closed: it is Sat …; it opens Tue …".
#include <string>

#include "base/json.h"

namespace slipway::cli {
std::string gate_line(const Json& gate);
}  // namespace slipway::cli
