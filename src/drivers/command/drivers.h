#pragma once
// The ports over a user's command. Making one asks the script for its capabilities, so that a
// command that does not work is an error at once and in its own words. Thread-safe: a call is a
// process.
#include <memory>

#include "drivers/command/caller.h"
#include "ports/instances.h"
#include "ports/router.h"

namespace slipway::drivers::command {

Result<std::unique_ptr<ports::Instances>> make_platform(Settings settings);
Result<std::unique_ptr<ports::Router>> make_router(Settings settings);
// Only for a router whose capabilities claim `metrics`; others answer Unsupported.
std::unique_ptr<ports::Counters> make_counters(Settings settings);

}  // namespace slipway::drivers::command
