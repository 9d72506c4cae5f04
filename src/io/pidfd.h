#pragma once
// A signal to a process by its number, without the risk that the number belongs to another one by
// now.
#include <functional>

namespace slipway::io {
// Opens the process, asks `still_meant` (for example whether its lock is held), then sends. False:
// not sent.
bool signal_while(int pid, int signal, const std::function<bool()>& still_meant);
}  // namespace slipway::io
