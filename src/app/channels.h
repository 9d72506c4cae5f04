#pragma once
// Which concrete driver a channel gets, by its `type`.
#include "base/clock.h"
#include "daemon/drivers.h"

namespace slipway::app {

// clock: borrowed, for as long as the daemon lives.
daemon::ChannelFactory channel_factory(Clock& clock);

}  // namespace slipway::app
