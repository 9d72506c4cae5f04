// Judge, Watch and the guard while held: the verdict on what the router counted.
#include <algorithm>
#include <map>

#include "base/units.h"
#include "release/performer.h"

namespace slipway::release {

using config::Trigger;
using plan::StepKind;

namespace {
constexpr Millis kLookEvery{100};
constexpr Millis kBurst{5'000};    // bad requests within it may be one event
constexpr Millis kWarmup{60'000};  // latency of a canary that has just begun
constexpr Millis kSettle{1'000};   // requests of the weight before still finish

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

bool watches_health(const config::Environment& settings) {
  return std::any_of(
      settings.roll_back_when.begin(), settings.roll_back_when.end(),
      [](const Trigger& trigger) { return trigger.kind == Trigger::Kind::HealthFailing; });
}

verdict::Sample difference(const ports::Counts& now, const ports::Counts& then) {
  verdict::Sample sample;
  // An edge that lost its counts begins again at zero: then the window begins with it.
  const bool restarted = now.requests < then.requests;
  sample.requests = restarted ? now.requests : now.requests - then.requests;
  sample.errors = restarted || now.errors < then.errors ? now.errors : now.errors - then.errors;
  std::map<std::uint32_t, std::uint64_t> before;
  if (!restarted) before.insert(then.latency_us.begin(), then.latency_us.end());
  for (const auto& [bound, count] : now.latency_us) {
    const auto found = before.find(bound);
    const std::uint64_t earlier = found == before.end() ? 0 : found->second;
    if (count > earlier) sample.latency_us.emplace_back(bound, count - earlier);
  }
  return sample;
}

// Who judges for seconds wants an answer in seconds: what is a matter of time is a part of the
// period then.
verdict::Settings settings_of(const plan::Plan& plan) {
  const auto& judge = plan.settings.rollout.judge;
  const Millis period = judge.period.count() > 0 ? judge.period : plan.settings.watch;
  verdict::Settings settings;
  settings.rules = rules_of(plan.settings);
  settings.least = judge.least_requests;
  settings.missed = 1;
  settings.block = std::clamp(period / 6, Millis(1), kBurst);
  settings.warmup = std::min(period / 4, kWarmup);
  settings.settle = std::min(period / 6, kSettle);
  settings.horizon = Millis(0);
  for (const auto& step : plan.steps) {
    if (step.kind == StepKind::Judge || step.kind == StepKind::Watch)
      settings.horizon += step.duration;
  }
  settings.horizon = std::max(settings.horizon, settings.block);
  return settings;
}

// The weight that the last shift before the step gave to the new release.
double weight_at(const plan::Plan& plan, int step) {
  double percent = 0;
  for (int i = 0; i <= step && i < std::ssize(plan.steps); ++i) {
    const auto& earlier = plan.steps[static_cast<std::size_t>(i)];
    if (earlier.kind == StepKind::Shift) percent = earlier.percent;
  }
  return std::clamp(percent / 100, 0.0, 1.0);
}

verdict::Lot lot_of(const ports::Counts& canary, const ports::Counts& canary_then,
                    const ports::Counts& baseline, const ports::Counts& baseline_then) {
  return {difference(canary, canary_then), difference(baseline, baseline_then)};
}
}  // namespace

Result<JudgeSteps::Reading> JudgeSteps::read() {
  Reading reading;
  reading.canary = TRY(scene_.world.counters.read(scene_.app, scene_.new_slot));
  if (scene_.plan.old)
    reading.baseline = TRY(scene_.world.counters.read(scene_.app, scene_.plan.old->id));
  return reading;
}

// What was counted between two stays belongs to neither: the weight changed meanwhile.
Result<void> JudgeSteps::begin(const State& state) {
  if (stay_.step == state.step && stay_.since_ms == state.since_ms) return ok();
  last_ = TRY(read());
  looked_ = scene_.world.clock.monotonic();
  stay_ = {state.step, state.since_ms, looked_, stay_.number + 1,
           weight_at(scene_.plan, state.step)};
  if (judge_) return ok();
  judge_.emplace(settings_of(scene_.plan));
  verdict::Tick history;  // what the old release did before, without the new one
  history.at = ++judged_;
  history.old = scene_.plan.old ? verdict::Old::Healthy : verdict::Old::Absent;
  history.strata.front() = lot_of({}, {}, last_.baseline, {});
  judge_->look(history);
  return ok();
}

Result<verdict::Verdict> JudgeSteps::judge() {
  Reading reading = TRY(read());
  const Millis now = scene_.world.clock.monotonic();
  verdict::Tick tick;
  tick.at = judged_ += now - looked_;
  tick.weight = stay_.weight;
  tick.step = stay_.number;
  tick.old = scene_.plan.old ? verdict::Old::Healthy : verdict::Old::Absent;
  tick.strata.front() = lot_of(reading.canary, last_.canary, reading.baseline, last_.baseline);
  looked_ = now;
  last_ = std::move(reading);
  judge_->look(tick);
  return judge_->tell();
}

Sight JudgeSteps::conclude(const plan::Step& step, const verdict::Verdict& verdict,
                           Millis elapsed) {
  if (verdict.answer == verdict::Answer::Fail) return Sight::judged_bad(verdict.evidence);
  const std::string clock =
      to_text(Millis(elapsed.count() / 1000 * 1000)) + " of " + to_text(step.duration);
  if (elapsed < step.duration) {
    return Sight::pending(clock + ": " + verdict.evidence,
                          std::min(kLookEvery, step.duration - elapsed));
  }
  if (verdict.answer == verdict::Answer::Pass) return Sight::settled(verdict.evidence);
  if (step.kind == StepKind::Watch) return Sight::settled("watched; " + verdict.evidence);
  if (judge_->last().reason == verdict::Reason::BothFail)
    return {EventKind::Inconclusive, verdict.evidence, Millis(0), false};
  const auto& settings = scene_.plan.settings.rollout.judge;
  const Millis deadline = settings.deadline.count() > 0 ? settings.deadline : step.duration * 3;
  if (elapsed < deadline)
    return Sight::pending("waiting for more traffic: " + verdict.evidence, kLookEvery);
  return {EventKind::Inconclusive,
          "not enough data after " + to_text(deadline) + ": " + verdict.evidence, Millis(0), false};
}

Sight JudgeSteps::look(const plan::Step& step, const State& state) {
  const auto begun = begin(state);
  if (!begun) return Sight::pending("cannot judge yet: " + begun.error().what, kLookEvery);
  if (watches_health(scene_.plan.settings)) {
    const Sight health = instances_.still_healthy();
    if (health.kind == EventKind::Bad) return health;
  }
  const Millis elapsed = scene_.world.clock.monotonic() - stay_.begun;
  const auto verdict = judge();
  if (!verdict) return Sight::pending("cannot judge now: " + verdict.error().what, kLookEvery);
  return conclude(step, *verdict, elapsed);
}

Sight JudgeSteps::guard() {
  if (watches_health(scene_.plan.settings)) {
    const Sight health = instances_.still_healthy();
    if (health.kind == EventKind::Bad) return health;
  }
  if (!judge_) return Sight::settled();  // nothing has been judged yet
  const auto verdict = judge();
  if (verdict && verdict->answer == verdict::Answer::Fail)
    return Sight::judged_bad(verdict->evidence);
  return Sight::settled();
}

}  // namespace slipway::release
