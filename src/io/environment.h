#pragma once
// The environment of this process, read here and nowhere else.
#include <optional>
#include <string>
#include <vector>

namespace slipway::io {

std::optional<std::string> environment_value(const std::string& name);
std::vector<std::string> own_environment();  // "KEY=VALUE"
// The file of the running program; a name that works as well when it was replaced on disk.
std::string own_program();

}  // namespace slipway::io
