#pragma once
// The environment of this process, read here and nowhere else.
#include <optional>
#include <string>
#include <vector>

namespace slipway::io {

std::optional<std::string> environment_value(const std::string& name);
std::vector<std::string> own_environment();  // "KEY=VALUE"

}  // namespace slipway::io
