#pragma once
// The concrete drivers of one environment, as app/ builds them. The daemon makes a set for every
// running release, one for looking and one for watching: sets of the same environment are used by
// several threads at a time, each set by one.
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "config/config.h"
#include "ports/checks.h"
#include "ports/errands.h"
#include "ports/hooks.h"
#include "ports/inquiry.h"
#include "ports/instances.h"
#include "ports/measures.h"
#include "ports/migrations.h"
#include "ports/notice.h"
#include "ports/router.h"

namespace slipway::daemon {

struct DriverSet {
  std::shared_ptr<ports::Instances> instances;
  std::shared_ptr<ports::Router> router;
  std::shared_ptr<ports::Counters> counters;
  std::shared_ptr<ports::Probe> probe;
  std::shared_ptr<ports::SmokeRunner> smoke;
  std::shared_ptr<ports::Artifacts> artifacts;
  std::shared_ptr<ports::Inquiry> inquiry;        // null: what must be looked at stays closed
  std::shared_ptr<ports::Measures> measures;      // null: metrics have no numbers
  std::shared_ptr<ports::Hooks> hooks;            // null: a hook fails
  std::shared_ptr<ports::Migrations> migrations;  // null: migrations fail
  std::shared_ptr<ports::Errands> errands;        // null: nobody looks at the database
};

using DriverFactory = std::function<Result<std::unique_ptr<DriverSet>>(
    const config::Environment& settings, const std::string& app)>;

// A channel, its secret read: made anew for every attempt.
using ChannelFactory =
    std::function<Result<std::unique_ptr<ports::Notifier>>(const config::Channel& channel)>;

}  // namespace slipway::daemon
