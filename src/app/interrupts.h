#pragma once
// Ctrl-C and its like, for verbs that end what they began instead of being cut off.
#include <functional>

namespace slipway::app {

// From now on SIGINT, SIGTERM and SIGHUP end nothing; the answer is whether one has come.
std::function<bool()> notice_interrupts();

}  // namespace slipway::app
