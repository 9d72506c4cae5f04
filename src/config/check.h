#pragma once
// The strict pass: every key of the file against the table, every value against its type.
#include "config/node.h"
#include "config/problems.h"

namespace slipway::config {
void check_keys(const Node& root, Problems& problems);
// A block of the writer's own, which slipway leaves alone.
bool is_extension(std::string_view key);
}  // namespace slipway::config
