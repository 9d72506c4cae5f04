#pragma once
// Alerts from outside as triggers: what Alertmanager said is firing stands in the store
// (alert_prefix below), and counts for a release that gets traffic when it began after the release.
#include <optional>
#include <string>

#include "release/machine.h"
#include "release/runner.h"

namespace slipway::release {

// Keys of the store: "alert-in/shop/production/FINGERPRINT" -> {alert, since_ms, summary}.
std::string alert_prefix(const ports::AppRef& app);

// What fires against this release, in words; nullopt: nothing, or nothing that it could have
// caused.
std::optional<std::string> fired_alert(ports::Store& store, const plan::Plan& plan,
                                       const std::string& release, const State& state);

}  // namespace slipway::release
