#pragma once
// The answer of GET /v1/status in words. Pure.
#include <string>

#include "base/json.h"

namespace slipway::cli {

std::string status_text(const Json& status, bool has_color);

}  // namespace slipway::cli
