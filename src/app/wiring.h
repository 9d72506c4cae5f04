#pragma once
// Which concrete drivers an environment gets, by its `platform` and `router`.
#include <string>

#include "daemon/drivers.h"

namespace slipway::app {

// state: the daemon's state folder.
daemon::DriverFactory driver_factory(std::string state);

}  // namespace slipway::app
