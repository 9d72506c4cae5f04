#pragma once
// What an instance left running after its shim was killed: found by the token in its environment.
#include <string>
#include <string_view>
#include <vector>

namespace slipway::drivers::process {

// The variable each process of an instance inherits, with a value nothing else on the machine has.
inline constexpr std::string_view kTokenVariable = "SLIPWAY_SHIM";

// Processes whose environment holds the token, ours excepted; those of other users cannot be seen
// unless we are root.
std::vector<int> processes_with(const std::string& token);
// SIGKILL to each of them. How many there were; ask again until 0, for they may just have forked.
int kill_leftovers(const std::string& token);

}  // namespace slipway::drivers::process
