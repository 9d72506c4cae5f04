#include "release/judge_terms.h"

#include <algorithm>

namespace slipway::release {

using config::Trigger;
using plan::StepKind;

namespace {
constexpr Millis kBurst{5'000};   // bad requests within it may be one event
constexpr Millis kSettle{1'000};  // requests of the weight before still finish
constexpr double kQuarantinePercent = 1;
constexpr std::string_view kOtherRoutes = "other";

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

using Latency = ports::LatencyCounts;

// Both rise, so one pass is enough: this is done for every route at each look.
Latency added(const Latency& now, const Latency& then) {
  Latency out;
  auto before = then.begin();
  for (const auto& [bound, count] : now) {
    while (before != then.end() && before->first < bound) ++before;
    const bool known = before != then.end() && before->first == bound;
    const std::uint64_t earlier = known ? before->second : 0;
    if (count > earlier) out.emplace_back(bound, count - earlier);
  }
  return out;
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
verdict::Settings judge_settings(const plan::Plan& plan, const std::vector<std::string>& routes,
                                 verdict::Beside beside) {
  const auto& judge = plan.settings.rollout.judge;
  const Millis period = judge.period.count() > 0 ? judge.period : plan.settings.watch;
  verdict::Settings settings;
  settings.rules = rules_of(plan.settings);
  settings.strata.insert(settings.strata.end(), routes.begin(), routes.end());
  settings.beside = beside;
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

plan::Step as_in(plan::Step shift, const State& state) {
  if (state.narrow) shift.percent = quarantine_percent(shift.percent);
  if (state.narrow && shift.baseline > 0) shift.baseline = plan::baseline_percent(shift.percent);
  if (state.without_baseline) shift.baseline = 0;
  return shift;
}

plan::Step shift_in(const plan::Plan& plan, const State& state) {
  const auto* shift = shift_before(plan, state.step);
  return shift == nullptr ? plan::Step{} : as_in(*shift, state);
}

double weight_in(const plan::Plan& plan, const State& state) {
  return std::clamp(shift_in(plan, state).percent / 100, 0.0, 1.0);
}

double judged_weight(const plan::Plan& plan, const State& state) {
  const auto shift = shift_in(plan, state);
  if (shift.baseline <= 0) return weight_in(plan, state);
  return shift.percent / (shift.percent + shift.baseline);
}

verdict::Beside beside_in(const plan::Plan& plan, const State& state) {
  const bool has_baseline = std::any_of(plan.steps.begin(), plan.steps.end(),
                                        [](const auto& step) { return step.of_baseline; });
  if (!has_baseline) return verdict::Beside::Old;
  return state.without_baseline ? verdict::Beside::OldInstead : verdict::Beside::Fresh;
}

verdict::Sample sample_of(const ports::Counts& now, const ports::Counts& then, bool latencies) {
  verdict::Sample sample;
  // An edge that lost its counts begins again at zero: then the window begins with it.
  const bool restarted = now.requests < then.requests;
  sample.requests = restarted ? now.requests : now.requests - then.requests;
  sample.errors = restarted || now.errors < then.errors ? now.errors : now.errors - then.errors;
  if (latencies) sample.latency_us = added(now.latency_us, restarted ? Latency{} : then.latency_us);
  return sample;
}

verdict::Sample route_sample(const ports::Counts& now, const ports::Counts& then,
                             const std::string& route, bool latencies) {
  const auto of = [&](const ports::Counts& counts) {
    const auto found = std::find_if(counts.routes.begin(), counts.routes.end(),
                                    [&](const auto& one) { return one.route == route; });
    ports::Counts out;
    if (found == counts.routes.end()) return out;
    out.requests = found->requests;
    out.errors = found->errors;
    if (latencies) out.latency_us = found->latency_us;
    return out;
  };
  return sample_of(of(now), of(then), latencies);
}

std::vector<std::string> judged_routes(const config::Judge& judge, const ports::Counts& old) {
  if (!judge.routes.empty()) return judge.routes;
  std::vector<std::pair<std::uint64_t, std::string>> busiest;
  for (const auto& one : old.routes) {
    if (one.route != kOtherRoutes && one.requests > 0)
      busiest.emplace_back(one.requests, one.route);
  }
  // One alone is the whole.
  if (busiest.size() < 2) return {};
  std::sort(busiest.begin(), busiest.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  if (busiest.size() > config::kMostJudgedRoutes) busiest.resize(config::kMostJudgedRoutes);
  std::vector<std::string> out;
  for (auto& [requests, route] : busiest) out.push_back(std::move(route));
  return out;
}

}  // namespace slipway::release
