#pragma once
// Blocking waits with a deadline on one descriptor.
#include <poll.h>

#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace slipway::io {

// Waits until poll(2) reports one of `events` (POLLIN …) or an error condition. False: time is up.
Result<bool> wait_ready(int fd, short events, Millis timeout);
// Writes everything, waiting for room; for sockets and pipes. Timeout when `timeout` is over.
Result<void> write_all(int fd, std::string_view bytes, Millis timeout);

}  // namespace slipway::io
