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
}  // namespace

// A window belongs to one stay in one step; a resumed hold or a recovered daemon begins a new one.
Result<void> JudgeSteps::begin(const State& state) {
  if (base_.step == state.step && base_.since_ms == state.since_ms) return ok();
  Base fresh;
  fresh.step = state.step;
  fresh.since_ms = state.since_ms;
  fresh.begun = scene_.world.clock.monotonic();
  fresh.canary = TRY(scene_.world.counters.read(scene_.app, scene_.new_slot));
  if (scene_.plan.old)
    fresh.baseline = TRY(scene_.world.counters.read(scene_.app, scene_.plan.old->id));
  base_ = std::move(fresh);
  return ok();
}

Result<verdict::Verdict> JudgeSteps::judge(Millis elapsed) {
  verdict::Window window;
  window.elapsed = elapsed;
  window.canary =
      difference(TRY(scene_.world.counters.read(scene_.app, scene_.new_slot)), base_.canary);
  if (scene_.plan.old) {
    const auto now = TRY(scene_.world.counters.read(scene_.app, scene_.plan.old->id));
    window.baseline = difference(now, base_.baseline);
    // At 100 % the old release gets nothing any more: it is judged by what it did before.
    const auto least =
        static_cast<std::uint64_t>(scene_.plan.settings.rollout.judge.least_requests);
    if (window.baseline.requests < least) window.baseline = difference(now, ports::Counts{});
  }
  return verdict::judge(rules_of(scene_.plan.settings), window,
                        scene_.plan.settings.rollout.judge.least_requests);
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
  const Millis elapsed = scene_.world.clock.monotonic() - base_.begun;
  const auto verdict = judge(elapsed);
  if (!verdict) return Sight::pending("cannot judge now: " + verdict.error().what, kLookEvery);
  return conclude(step, *verdict, elapsed);
}

Sight JudgeSteps::guard() {
  if (watches_health(scene_.plan.settings)) {
    const Sight health = instances_.still_healthy();
    if (health.kind == EventKind::Bad) return health;
  }
  if (base_.step < 0) return Sight::settled();  // nothing has been judged yet
  const auto verdict = judge(scene_.world.clock.monotonic() - base_.begun);
  if (verdict && verdict->answer == verdict::Answer::Fail)
    return Sight::judged_bad(verdict->evidence);
  return Sight::settled();
}

}  // namespace slipway::release
