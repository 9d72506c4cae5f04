#include "release/alert_trigger.h"

#include <algorithm>

namespace slipway::release {
namespace {
// Judged, watched or held, with some of the traffic.
bool is_at_stake(const plan::Plan& plan, const State& state) {
  if (plan.kind == plan::RequestKind::Rollback) return false;
  if (state.phase != Phase::Settling && state.phase != Phase::Held) return false;
  if (state.step >= static_cast<int>(plan.steps.size())) return false;
  const auto now = plan.steps.begin() + state.step;
  const bool looks = now->kind == plan::StepKind::Judge || now->kind == plan::StepKind::Watch;
  if (!looks && state.phase != Phase::Held) return false;
  const auto end = state.at_boundary ? now + 1 : now;
  return std::any_of(plan.steps.begin(), end, [](const plan::Step& step) {
    return step.kind == plan::StepKind::Shift && step.percent > 0;
  });
}
}  // namespace

std::string alert_prefix(const ports::AppRef& app) {
  return "alert-in/" + app.app + "/" + app.environment + "/";
}

std::optional<std::string> fired_alert(ports::Store& store, const plan::Plan& plan,
                                       const std::string& release, const State& state) {
  const auto& names = plan.settings.roll_back_on_alerts;
  if (names.empty() || !is_at_stake(plan, state)) return std::nullopt;
  const auto firing = store.values(alert_prefix({plan.app, plan.environment}));
  if (!firing) return std::nullopt;
  for (const auto& [key, alert] : *firing) {
    const std::string name = alert.text("alert");
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    const auto row = store.release(release);
    // What was there before the release is not its doing.
    if (!row || alert.integer("since_ms") < row->created_ms) continue;
    const std::string summary = alert.text("summary");
    return "alert " + name + " fires" + (summary.empty() ? "" : ": " + summary);
  }
  return std::nullopt;
}

}  // namespace slipway::release
