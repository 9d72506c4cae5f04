#include "config/config.h"

#include "base/digest.h"

namespace slipway::config {

std::string_view name_of(Strategy strategy) {
  switch (strategy) {
    case Strategy::BlueGreen:
      return "blue-green";
    case Strategy::Canary:
      return "canary";
    case Strategy::Rolling:
      return "rolling";
    case Strategy::Recreate:
      return "recreate";
  }
  return "";
}

std::string_view name_of(BurstGuard guard) {
  switch (guard) {
    case BurstGuard::Auto:
      return "auto";
    case BurstGuard::On:
      return "on";
    case BurstGuard::Off:
      return "off";
  }
  return "";
}

std::string_view name_of(LowTraffic outcome) {
  switch (outcome) {
    case LowTraffic::Hold:
      return "hold";
    case LowTraffic::Promote:
      return "promote";
    case LowTraffic::RollBack:
      return "roll_back";
  }
  return "";
}

std::string_view name_of(Baseline baseline) { return baseline == Baseline::Old ? "old" : "fresh"; }

const Service* Environment::service(std::string_view service_name) const {
  for (const auto& one : services) {
    if (one.name == service_name) return &one;
  }
  return nullptr;
}

std::string fingerprint(const Environment& environment) {
  auto what_runs = environment;
  // For people only: a changed link, branch or channel runs nothing differently.
  what_runs.url.clear();
  what_runs.branch.clear();
  what_runs.folder.clear();
  what_runs.channels.clear();
  what_runs.notify.clear();
  what_runs.alerts.clear();
  what_runs.incidents = {};
  return sha256_hex(to_json(what_runs).canonical());
}

}  // namespace slipway::config
