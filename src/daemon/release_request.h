#pragma once
// What is asked for with POST /v1/plan and /v1/releases, and the way from there to a plan.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/house.h"

namespace slipway::daemon {

struct ReleaseRequest {
  std::string config;  // text of slipway.yaml; empty: the stored settings of `app`
  std::string file = "slipway.yaml";
  std::string folder;
  std::string app;
  plan::Request wanted;
  bool supersede = false;
  std::vector<std::string>
      taken_back{};              // a rollback: migrations whose down scripts were run for it
  bool ends_standstill = false;  // it goes on behind the page; with it the app stands no longer
};

// Usage names the member that is wrong. `caller` stands in for a missing "by"; with
// `caller_is_sure` it replaces what the body says.
Result<ReleaseRequest> read_release_request(const Json& body);

// Refuses members nobody reads: a misspelt one must not do nothing in silence.
Result<void> check_members(const Json& body, const std::vector<std::string>& known);

// The configuration of a request; its environment is there, and nothing in that depends on where
// slipway.yaml was.
Result<config::Config> config_of(House& house, const ReleaseRequest& request, Json& details);

struct Prepared {
  ports::AppRef app;
  config::Environment settings;
  plan::Plan plan;
  std::vector<ports::Finding> findings;  // only when looked for
  std::unique_ptr<DriverSet> drivers;    // it was planned with
};
enum class Look { PlanOnly, WithPreflight };

// Reads the configuration, asks the platform, makes the plan. details: what an error adds to its
// document (diagnostics).
Result<Prepared> prepare(House& house, const ReleaseRequest& request, Look look, Json& details);

}  // namespace slipway::daemon
