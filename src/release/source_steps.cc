#include "release/source_steps.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "release/performer.h"

namespace slipway::release {
namespace {
using plan::StepKind;
using verdict::Answer;

constexpr Millis kLookEvery{100};

std::string key_of(const config::Metric& metric, bool of_old) {
  return metric.name + (of_old ? "/old" : "/new");
}

verdict::SourceRule rule_of(const config::Metric& metric) {
  const auto side = metric.side == config::Metric::Side::Above ? verdict::SourceRule::Side::Above
                                                               : verdict::SourceRule::Side::Below;
  return {metric.name, side,         metric.bound.limit, metric.bound.relative,
          metric.hold, metric.every, metric.timeout};
}

// A failure decides; what is not known keeps a pass from being one.
int gravity(Answer answer) {
  if (answer == Answer::Fail) return 2;
  return answer == Answer::Pass ? 0 : 1;
}
}  // namespace

// Without an old release there is nothing to compare with: such a metric is left out.
SourceSteps::SourceSteps(const Scene& scene)
    : scene_(scene), beside_(scene.plan.old ? scene.plan.old->id : "") {
  for (const auto& metric : scene.plan.settings.metrics) {
    const bool compares = metric.bound.relative;
    if (compares && !scene.plan.old) continue;
    sources_.push_back(
        {metric, verdict::SourceJudge(rule_of(metric)), {}, false, compares, {}, {}});
  }
}

ports::MetricQuestion SourceSteps::question(const config::Metric& metric, bool of_old) const {
  const auto& plan = scene_.plan;
  return {metric,
          {{"app", plan.app},
           {"environment", plan.environment},
           {"release", of_old ? beside_ : scene_.new_slot},
           {"version", of_old ? plan.old->version : plan.version}},
          plan.settings.folder};
}

void SourceSteps::ask(Source& source, Millis now) {
  if (source.waits || now < source.next) return;
  ports::Measures* measures = scene_.world.measures;
  source.next = now + source.metric.every;
  if (measures == nullptr) {
    source.judge.take({now, {}, {}, "nothing here can ask for it"});
    return;
  }
  source.waits = true;
  source.value.reset();
  source.baseline.reset();
  measures->ask(key_of(source.metric, false), question(source.metric, false));
  if (source.compares) measures->ask(key_of(source.metric, true), question(source.metric, true));
}

void SourceSteps::fetch(Source& source, Millis now) {
  if (!source.waits) return;
  ports::Measures& measures = *scene_.world.measures;
  if (!source.value) source.value = measures.take(key_of(source.metric, false));
  if (source.compares && !source.baseline)
    source.baseline = measures.take(key_of(source.metric, true));
  if (!source.value || (source.compares && !source.baseline)) return;
  source.waits = false;
  verdict::SourceReading reading{now, {}, {}, {}};
  if (*source.value) {
    reading.value = **source.value;
  } else {
    reading.trouble = source.value->error().what;
  }
  if (source.compares && *source.baseline) reading.baseline = **source.baseline;
  if (source.compares && !*source.baseline && reading.trouble.empty())
    reading.trouble = "of the old release: " + source.baseline->error().what;
  source.judge.take(reading);
}

verdict::Verdict SourceSteps::look() {
  const Millis now = scene_.world.clock.monotonic();
  verdict::Verdict worst{Answer::Pass, {}, {}};
  std::vector<std::string> told;
  for (Source& source : sources_) {
    fetch(source, now);
    ask(source, now);
    const verdict::Verdict verdict = source.judge.tell(now);
    if (source.metric.dry_run) {
      told.push_back(verdict.evidence + " (dry run)");
      continue;
    }
    if (gravity(verdict.answer) > gravity(worst.answer)) {
      worst = verdict;
    } else if (verdict.answer == Answer::Pass) {
      told.push_back(verdict.evidence);
    }
  }
  if (worst.answer == Answer::Fail || told.empty()) return worst;
  if (!worst.evidence.empty()) told.insert(told.begin(), worst.evidence);
  worst.evidence = join(told, "; ");
  return worst;
}

// Not enough data, with the judge content: until the deadline, then as low traffic is treated.
Sight SourceSteps::wait(const plan::Step& step, const State& state, const verdict::Verdict& verdict,
                        const std::string& judged) {
  const auto& judge = scene_.plan.settings.rollout.judge;
  const Millis deadline = judge.deadline.count() > 0 ? judge.deadline : step.duration * 3;
  const Millis elapsed(to_unix_ms(scene_.world.clock.now()) - state.since_ms);
  if (elapsed < deadline) return Sight::pending("waiting: " + verdict.evidence, kLookEvery);
  const std::string why = "not enough data after " + to_text(deadline) + ": " + verdict.evidence;
  switch (judge.low_traffic) {
    case config::LowTraffic::Promote:
      return Sight::settled(why + "; low_traffic: promote; " + judged);
    case config::LowTraffic::RollBack:
      return Sight::judged_bad(why + "; low_traffic: roll_back");
    case config::LowTraffic::Hold:
      break;
  }
  return Sight::inconclusive(why);
}

void SourceSteps::stand_beside(const State& state) {
  if (!scene_.plan.old) return;
  const bool fresh = shift_in(scene_.plan, state).baseline > 0;
  beside_ = fresh ? ports::baseline_of(scene_.release) : scene_.plan.old->id;
}

Sight SourceSteps::weigh(const plan::Step& step, const State& state, Sight judged) {
  if (sources_.empty() || judged.kind == EventKind::Bad) return judged;
  stand_beside(state);
  const verdict::Verdict verdict = look();
  if (verdict.answer == Answer::Fail) return Sight::judged_bad(verdict.evidence);
  if (judged.kind == EventKind::Pending) {
    if (!verdict.evidence.empty()) judged.why += "; " + verdict.evidence;
    judged.after = std::min(judged.after, kLookEvery);
    return judged;
  }
  if (judged.kind != EventKind::Settled) return judged;
  if (!alone(state)) {
    ended_step_ = state.step;
    ended_since_ms_ = state.since_ms;
    ended_why_ = judged.why;
  }
  const bool enough = verdict.answer == Answer::Pass || step.kind == StepKind::Watch;
  if (!enough) return wait(step, state, verdict, ended_why_);
  const std::string also = verdict.evidence.empty() ? "" : "; " + verdict.evidence;
  return Sight::settled(ended_why_ + also);
}

Sight SourceSteps::guard(const State& state) {
  const bool serves = weight_in(scene_.plan, state) > 0;
  if (sources_.empty() || !serves || scene_.plan.kind == plan::RequestKind::Rollback)
    return Sight::settled();
  stand_beside(state);
  const verdict::Verdict verdict = look();
  return verdict.answer == Answer::Fail ? Sight::judged_bad(verdict.evidence) : Sight::settled();
}

}  // namespace slipway::release
