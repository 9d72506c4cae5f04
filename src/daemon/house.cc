#include "daemon/house.h"

#include "daemon/database_watch.h"
#include "daemon/gates.h"

namespace slipway::daemon {

void declare_figures(telemetry::Metrics& metrics, const std::string& version) {
  metrics.gauge("slipway_build", "1, with the version of this daemon.");
  metrics.set("slipway_build", {{"version", version}}, 1);
  metrics.counter("slipway_releases_total", "Releases that ended, by outcome.");
  metrics.gauge("slipway_release_running", "1 while a release runs in this environment.");
  metrics.gauge("slipway_live_release", "1, with the release that has the traffic.");
  metrics.histogram("slipway_step_seconds", "How long the steps of releases took.",
                    {0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600});
  metrics.histogram("slipway_store_append_seconds", "How long a journal record took to be durable.",
                    {0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5});
  metrics.counter("slipway_store_append_failures_total",
                  "Journal records that could not be written.");
  metrics.counter("slipway_notices_total", "Attempts to tell a channel, by what came of them.");
  metrics.counter("slipway_api_requests_total", "API requests, by route and status.");
  metrics.gauge("slipway_requests", "Requests the router counted for a release, cumulative.");
  metrics.gauge("slipway_request_errors",
                "Failed requests the router counted for a release, cumulative.");
  metrics.gauge("slipway_requests_per_second", "Requests per second of a release, last seconds.");
  declare_database_figures(metrics);
  metrics.gauge("slipway_latency_p95_seconds",
                "95th percentile of a release's latency, last seconds.");
}

release::World world_of(House& house, DriverSet& drivers) {
  return {*drivers.instances,
          *drivers.router,
          *drivers.counters,
          *drivers.probe,
          *drivers.smoke,
          *drivers.artifacts,
          house.store,
          house.clock,
          &zone_files(),
          drivers.inquiry.get(),
          drivers.measures.get(),
          drivers.hooks.get(),
          drivers.migrations.get()};
}

}  // namespace slipway::daemon
