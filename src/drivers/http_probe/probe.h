#pragma once
// Our own look at an instance: HTTP probes and smoke checks. Thread-safe; keeps nothing.
#include <memory>

#include "ports/checks.h"

namespace slipway::drivers::http_probe {

// GET health.ready_path or health.path with health.host; healthy on 2xx unless a JSON health
// document says otherwise by itself. Without a path there is nothing to ask: healthy.
std::unique_ptr<ports::Probe> make_probe();
// `get`: status and text of a page. `run`: a command line that must end with 0; it sees this
// process's environment, the given variables and SLIPWAY_TARGET=http://address.
std::unique_ptr<ports::SmokeRunner> make_smoke_runner();

}  // namespace slipway::drivers::http_probe
