#pragma once
// The shim: one per app process. It outlives the daemon, keeps the app's output and exit status,
// starts it again within bounds, and stops it politely. An app never outlives its shim
// (PR_SET_PDEATHSIG).
#include <optional>
#include <string>

namespace slipway::drivers::process {

// `slipway shim`: runs until the instance has ended for good; returns the process's exit status.
// folder: with spec.json in it. environment_fd: KEY=VALUE, each ended by a NUL; read whole, then
// closed. lock_fd: the descriptor that holds the folder's lock, taken by whoever started this shim.
int shim_main(const std::string& folder, int environment_fd, int lock_fd);

// For main(): what ProcessInstances starts is `<program> shim --dir D --environment-fd N --lock-fd
// N --for NAME`. The exit status when argv is that; nullopt: the program was called for something
// else.
std::optional<int> shim_by_arguments(int argc, char** argv);

}  // namespace slipway::drivers::process
