#pragma once
// House: what every part of the daemon works with. Borrowed; lives as long as the daemon.
#include <string>

#include "base/clock.h"
#include "daemon/drivers.h"
#include "ports/store.h"
#include "release/runner.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace slipway::daemon {

struct House {
  ports::Store& store;
  Clock& clock;
  Random& random;
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  DriverFactory drivers;
  std::string version;
  std::string state;  // folder
  std::string owner;  // of leases: this daemon, this start of it
  std::int64_t started_ms = 0;
  int pid = 0;
  std::string external_url{};  // where people reach the API from outside; empty: nowhere
  Millis keep_notices{0};      // those of no release; 0: for ever

  std::int64_t now_ms() const { return to_unix_ms(clock.now()); }
};

// Declares every figure the daemon keeps.
void declare_figures(telemetry::Metrics& metrics, const std::string& version);

release::World world_of(House& house, DriverSet& drivers);

}  // namespace slipway::daemon
