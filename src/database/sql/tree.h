#pragma once
// The parser's answer, read: JSON of any depth up to 1,000 (base's reader stops at 64, and a chain
// of forty || is deeper).
#include <string_view>

#include "base/json.h"

namespace slipway::database::sql {
Result<Json> read_tree(std::string_view json);
}  // namespace slipway::database::sql
