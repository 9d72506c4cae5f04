#include "release/judge_terms.h"

#include <algorithm>
#include <map>

namespace slipway::release {

using config::Trigger;
using plan::StepKind;

namespace {
constexpr Millis kBurst{5'000};   // bad requests within it may be one event
constexpr Millis kSettle{1'000};  // requests of the weight before still finish
constexpr double kQuarantinePercent = 1;

std::vector<verdict::Rule> rules_of(const config::Environment& settings) {
  std::vector<verdict::Rule> rules;
  for (const auto& trigger : settings.roll_back_when) {
    if (trigger.kind == Trigger::Kind::HealthFailing) continue;
    const auto kind = trigger.kind == Trigger::Kind::ErrorRate
                          ? verdict::Rule::Kind::ErrorRate
                          : verdict::Rule::Kind::LatencyQuantile;
    rules.push_back(
        {kind, trigger.quantile, trigger.limit, trigger.relative_to_baseline, trigger.text});
  }
  return rules;
}

verdict::Guard guard_of(config::BurstGuard guard) {
  switch (guard) {
    case config::BurstGuard::Auto:
      return verdict::Guard::Auto;
    case config::BurstGuard::On:
      return verdict::Guard::On;
    case config::BurstGuard::Off:
      return verdict::Guard::Off;
  }
  return verdict::Guard::Auto;
}
}  // namespace

bool watches_health(const config::Environment& settings) {
  return std::any_of(
      settings.roll_back_when.begin(), settings.roll_back_when.end(),
      [](const Trigger& trigger) { return trigger.kind == Trigger::Kind::HealthFailing; });
}

// Who judges for seconds wants an answer in seconds: what is a matter of time is a part of the
// period then.
verdict::Settings judge_settings(const plan::Plan& plan, const std::vector<std::string>& routes) {
  const auto& judge = plan.settings.rollout.judge;
  const Millis period = judge.period.count() > 0 ? judge.period : plan.settings.watch;
  verdict::Settings settings;
  settings.rules = rules_of(plan.settings);
  settings.strata.insert(settings.strata.end(), routes.begin(), routes.end());
  settings.least = judge.least_requests;
  settings.false_alarm = judge.false_alarm / 100;
  settings.missed = judge.missed >= 100 ? 1 : judge.missed / 100;
  settings.guard = guard_of(judge.guard);
  settings.block = std::clamp(period / 6, Millis(1), kBurst);
  settings.warmup = std::min(period / 4, judge.warmup);
  settings.settle = std::min(period / 6, kSettle);
  settings.horizon = std::max(plan::judged_time(plan), settings.block);
  return settings;
}

const plan::Step* shift_before(const plan::Plan& plan, int step) {
  const plan::Step* found = nullptr;
  for (int i = 0; i <= step && i < std::ssize(plan.steps); ++i) {
    const auto& earlier = plan.steps[static_cast<std::size_t>(i)];
    if (earlier.kind == StepKind::Shift) found = &earlier;
  }
  return found;
}

double quarantine_percent(double planned) { return std::min(kQuarantinePercent, planned / 10); }

double weight_in(const plan::Plan& plan, const State& state) {
  const auto* shift = shift_before(plan, state.step);
  if (shift == nullptr) return 0;
  const double percent = state.narrow ? quarantine_percent(shift->percent) : shift->percent;
  return std::clamp(percent / 100, 0.0, 1.0);
}

verdict::Sample sample_of(const ports::Counts& now, const ports::Counts& then, bool latencies) {
  verdict::Sample sample;
  // An edge that lost its counts begins again at zero: then the window begins with it.
  const bool restarted = now.requests < then.requests;
  sample.requests = restarted ? now.requests : now.requests - then.requests;
  sample.errors = restarted || now.errors < then.errors ? now.errors : now.errors - then.errors;
  if (!latencies) return sample;
  std::map<std::uint32_t, std::uint64_t> before;
  if (!restarted) before.insert(then.latency_us.begin(), then.latency_us.end());
  for (const auto& [bound, count] : now.latency_us) {
    const auto found = before.find(bound);
    const std::uint64_t earlier = found == before.end() ? 0 : found->second;
    if (count > earlier) sample.latency_us.emplace_back(bound, count - earlier);
  }
  return sample;
}

}  // namespace slipway::release
