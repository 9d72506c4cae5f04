#include "release/judge_steps.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "release/performer.h"

namespace slipway::release {

using plan::StepKind;
using verdict::Answer;
using verdict::Reason;

namespace {
constexpr Millis kLookEvery{40};
// What is still pending is put into words for a person, who reads no faster than this.
constexpr Millis kTellEvery{500};
// Fewer blocks than this after a quarantine began, also by a daemon that died since, say nothing.
constexpr int kQuietBlocks = 12;
// A reading of counters that are being written may be torn; the next one is not.
constexpr int kMostTorn = 10;

std::string digits(std::uint64_t number, std::size_t width) {
  std::string out = std::to_string(number);
  return out.size() < width ? std::string(width - out.size(), '0') + out : out;
}

bool is_of_latency(const verdict::Rule& rule) {
  return rule.kind == verdict::Rule::Kind::LatencyQuantile ||
         rule.kind == verdict::Rule::Kind::Latency;
}

bool judges_latency(const verdict::Settings& settings) {
  return std::any_of(settings.rules.begin(), settings.rules.end(), is_of_latency);
}

bool compares_latency(const verdict::Settings& settings) {
  return std::any_of(settings.rules.begin(), settings.rules.end(), [](const verdict::Rule& rule) {
    return is_of_latency(rule) && rule.relative;
  });
}
}  // namespace

Result<JudgeSteps::Reading> JudgeSteps::read(bool fresh) {
  Reading reading;
  reading.canary = TRY(scene_.world.counters.read(scene_.app, scene_.new_slot));
  if (scene_.plan.old) {
    const auto& beside = fresh ? ports::baseline_of(scene_.release) : scene_.plan.old->id;
    reading.baseline = TRY(scene_.world.counters.read(scene_.app, beside));
  }
  return reading;
}

// What the old release did before, without the new one, is the first thing the judge hears of. Of a
// fresh baseline that is next to nothing: what the old one did while warm is no measure then.
void JudgeSteps::sit_down(verdict::Beside beside, const Reading& old, const Reading& before) {
  const auto& judge = scene_.plan.settings.rollout.judge;
  sitting_.emplace(judge_settings(scene_.plan, judged_routes(judge, old.baseline), beside));
  wants_latencies_ = judges_latency(sitting_->settings());
  wants_of_routes_ = compares_latency(sitting_->settings());
  told_settings_ = false;
  judged_ = Millis(1);
  verdict::Tick history;
  history.at = judged_;
  history.old = scene_.plan.old ? verdict::Old::Healthy : verdict::Old::Absent;
  history.strata = lots_between({}, {{}, before.baseline});
  sitting_->keep(history);
}

// What was counted between two stays belongs to neither: the weight changed meanwhile. A person who
// resumes what was held has it judged anew; a quarantine goes on within its stay.
Result<void> JudgeSteps::begin(const State& state) {
  const bool fresh = shift_in(scene_.plan, state).baseline > 0;
  const auto beside = beside_in(scene_.plan, state);
  const bool same = stay_.step == state.step && stay_.since_ms == state.since_ms;
  const bool same_place = stay_.narrow == state.narrow && stay_.fresh == fresh;
  const bool same_beside = sitting_ && sitting_->settings().beside == beside;
  if (same && same_place && same_beside) return ok();
  const bool anew = !same_beside || (!same && stay_.step == state.step);
  const Reading old = TRY(read(false));
  const Reading before = beside == verdict::Beside::Fresh ? TRY(read(true)) : old;
  last_ = fresh ? before : old;
  looked_ = scene_.world.clock.monotonic();
  if (!same || !same_beside) {
    stay_ = {state.step, state.since_ms,       false, false, looked_, looked_, stay_.number + 1,
             0,          last_.canary.requests};
    step_id_ = scene_.plan.steps[static_cast<std::size_t>(state.step)].id;
  }
  if (state.narrow && !stay_.narrow) stay_.narrowed = looked_;
  stay_.narrow = state.narrow;
  stay_.fresh = fresh;
  stay_.weight = judged_weight(scene_.plan, state);
  if (anew) sit_down(beside, old, before);
  sitting_->keep(tick_at(last_));
  return ok();
}

std::vector<verdict::Lot> JudgeSteps::lots_between(const Reading& then, const Reading& now) const {
  std::vector<verdict::Lot> lots;
  lots.push_back({sample_of(now.canary, then.canary, wants_latencies_),
                  sample_of(now.baseline, then.baseline, wants_latencies_)});
  const auto& strata = sitting_->settings().strata;
  const bool latencies = wants_of_routes_ && stay_.weight < 1;
  for (std::size_t i = 1; i < strata.size(); ++i) {
    lots.push_back({route_sample(now.canary, then.canary, strata[i], latencies),
                    route_sample(now.baseline, then.baseline, strata[i], latencies)});
  }
  return lots;
}

verdict::Tick JudgeSteps::tick_at(const Reading& reading) {
  const auto& plan = scene_.plan;
  verdict::Tick tick;
  tick.at = judged_;
  tick.weight = stay_.weight;
  tick.step = stay_.number;
  // Each batch has its own young instances; elsewhere the judge's own warm-up counts.
  tick.young = plan.strategy == config::Strategy::Rolling &&
               looked_ - stay_.begun < sitting_->settings().warmup;
  tick.old = !plan.old                  ? verdict::Old::Absent
             : instances_.old_answers() ? verdict::Old::Healthy
                                        : verdict::Old::Unhealthy;
  tick.strata = lots_between(last_, reading);
  return tick;
}

bool JudgeSteps::is_impossible(const verdict::Tick& tick) {
  const auto torn = [](const verdict::Sample& sample) { return sample.errors > sample.requests; };
  const bool any =
      std::any_of(tick.strata.begin(), tick.strata.end(),
                  [&](const verdict::Lot& lot) { return torn(lot.canary) || torn(lot.baseline); });
  impossible_ = any ? impossible_ + 1 : 0;
  return any && impossible_ <= kMostTorn;
}

Result<JudgeSteps::Moment> JudgeSteps::glance() {
  Moment moment;
  const Millis asked = scene_.world.clock.monotonic();
  moment.reading = TRY(read(stay_.fresh));
  const Millis now = scene_.world.clock.monotonic();
  // A router that takes its time to answer (a script) is not asked all the time.
  pause_ = std::max(kLookEvery, (now - asked) * 4);
  judged_ += now - looked_;
  looked_ = now;
  moment.tick = tick_at(moment.reading);
  if (is_impossible(moment.tick)) return Error(Code::Conflict, "the counters are being written");
  const auto said = sitting_->look(moment.tick);
  moment.said = said.decision;
  moment.kept = said.kept;
  if (moment.kept) last_ = moment.reading;
  return moment;
}

void JudgeSteps::keep(Moment& moment) {
  if (moment.kept) return;
  moment.said = sitting_->keep(moment.tick);
  moment.kept = true;
  last_ = moment.reading;
}

// Everything that a replay needs goes into the store with the record of what follows from it.
Sight JudgeSteps::decided(Moment& moment, Sight sight) {
  keep(moment);
  const auto told = sitting_->tell();
  Json ticks = Json::array();
  for (const auto& tick : sitting_->log()) ticks.push_back(verdict::to_json(tick));
  Json entry = Json::object();
  entry.set("release", scene_.release).set("step", step_id_);
  entry.set("at_ms", to_unix_ms(scene_.world.clock.now()));
  entry.set("event", name_of(sight.kind));
  entry.set("sentence", verdict::sentence(moment.said, told));
  entry.set("visible", told.smallest_visible);
  entry.set("decision", verdict::to_json(moment.said));
  if (!told_settings_) entry.set("settings", verdict::to_json(sitting_->settings()));
  entry.set("ticks", std::move(ticks));
  told_settings_ = true;
  sitting_->forget_log();
  to_keep_.emplace_back("verdict/" + scene_.release + "/" + digits(scene_.lease.epoch, 8) + "-" +
                            digits(static_cast<std::uint64_t>(++verdicts_), 4),
                        std::move(entry));
  return sight;
}

// Only where old and new stand side by side behind a router that can weigh them.
bool JudgeSteps::may_narrow(const plan::Step& step) const {
  const auto& plan = scene_.plan;
  const bool beside =
      plan.strategy == config::Strategy::BlueGreen || plan.strategy == config::Strategy::Canary;
  return step.kind == StepKind::Judge && plan.settings.rollout.judge.quarantine && beside &&
         plan.old && stay_.weight > 0 && scene_.world.router.capabilities().weights;
}

// In quarantine the guard sees little: what is only a little too bad is decided sooner, and at less
// harm, where it is. Worth it when a minute's worth of blocks there would show it.
bool JudgeSteps::is_worth_it(const Moment& moment) const {
  const auto& said = moment.said;
  const Millis minute = sitting_->settings().block * kQuietBlocks;
  const double passed = static_cast<double>(std::max(Millis(1), looked_ - stay_.begun).count());
  const auto now = moment.reading.canary.requests;
  const double rate = now > stay_.requests ? static_cast<double>(now - stay_.requests) / passed : 0;
  const auto* shift = shift_before(scene_.plan, stay_.step);
  const double left = quarantine_percent(shift->percent) / shift->percent;
  const double there = rate * left * static_cast<double>(minute.count()) * part_of(said.stratum);
  return verdict::requests_to_show(sitting_->settings(), said) <= there;
}

// Of the old release's requests.
double JudgeSteps::part_of(int stratum) const {
  if (stratum == 0) return 1;
  const auto& route = sitting_->settings().strata[static_cast<std::size_t>(stratum)];
  const auto all = static_cast<double>(std::max<std::uint64_t>(1, last_.baseline.requests));
  return static_cast<double>(route_sample(last_.baseline, {}, route, false).requests) / all;
}

std::optional<Sight> JudgeSteps::quarantine(const plan::Step& step, const State& state,
                                            Moment& moment) {
  if (!state.narrow) {
    if (!moment.said.quarantine || !may_narrow(step)) return std::nullopt;
    if (!is_worth_it(moment)) return std::nullopt;
    return decided(moment, Sight::turned(true, "in quarantine: " + sitting_->tell().evidence));
  }
  const Millis quiet = sitting_->settings().block * kQuietBlocks;
  if (moment.said.quarantine || looked_ - stay_.narrowed < quiet) return std::nullopt;
  return decided(moment, Sight::turned(false, "it was one burst: " + sitting_->tell().evidence));
}

// Still nothing said at the deadline.
Sight JudgeSteps::with_too_little(Moment& moment, Millis deadline) {
  const bool held = moment.said.answer == Answer::Hold || moment.said.quarantine;
  const std::string why = (held ? "undecided after " : "not enough data after ") +
                          to_text(deadline) + ": " + sitting_->tell().evidence;
  const auto wanted = scene_.plan.settings.rollout.judge.low_traffic;
  if (!held && wanted == config::LowTraffic::Promote)
    return decided(moment, Sight::settled(why + "; low_traffic: promote"));
  if (!held && wanted == config::LowTraffic::RollBack)
    return decided(moment, Sight::judged_bad(why + "; low_traffic: roll_back"));
  return decided(moment, Sight::inconclusive(why));
}

// After the period: pass, or wait for the deadline.
Sight JudgeSteps::ended(const plan::Step& step, const State& state, Moment& moment) {
  if (moment.said.answer == Answer::Pass && !state.narrow)
    return decided(moment, Sight::settled(sitting_->tell().evidence));
  if (step.kind == StepKind::Watch)
    return decided(moment, Sight::settled("watched; " + sitting_->tell().evidence));
  const auto& judge = scene_.plan.settings.rollout.judge;
  const Millis deadline = judge.deadline.count() > 0 ? judge.deadline : step.duration * 3;
  if (looked_ - stay_.begun >= deadline) return with_too_little(moment, deadline);
  return pending("waiting for more traffic", pause_);
}

// Words take longer than the look they are about.
Sight JudgeSteps::pending(const std::string& so_far, Millis pause) {
  if (told_at_ && looked_ - *told_at_ < kTellEvery) return Sight::pending({}, pause);
  told_at_ = looked_;
  return Sight::pending(so_far + ": " + sitting_->tell().evidence, pause);
}

Sight JudgeSteps::conclude(const plan::Step& step, const State& state, Moment& moment) {
  const auto& said = moment.said;
  if (said.answer == Answer::Fail)
    return decided(moment, Sight::judged_bad(sitting_->tell().evidence));
  const bool for_person = said.reason == Reason::Nonsense || said.reason == Reason::OldUnhealthy ||
                          (said.reason == Reason::BothFail && step.kind == StepKind::Judge);
  if (said.answer == Answer::Hold && for_person)
    return decided(moment, Sight::inconclusive(sitting_->tell().evidence));
  if (auto turned = quarantine(step, state, moment)) return *turned;
  const Millis elapsed = looked_ - stay_.begun;
  if (elapsed >= step.duration) return ended(step, state, moment);
  return pending(to_text(Millis(elapsed.count() / 1000 * 1000)) + " of " + to_text(step.duration),
                 std::min(pause_, step.duration - elapsed));
}

// What fell once is no measure, even when it stands again: what it did meanwhile speaks for the
// canary. Its traffic goes to the old release, which has served all along.
std::optional<Sight> JudgeSteps::lost(const State& state) {
  if (shift_in(scene_.plan, state).baseline <= 0) return std::nullopt;
  const auto why = instances_.why_baseline_fell();
  if (!why) return std::nullopt;
  return Sight::lost("the fresh baseline failed: " + *why +
                     "; judged anew beside the old release as it runs");
}

Sight JudgeSteps::look(const plan::Step& step, const State& state) {
  if (auto fell = lost(state)) return *fell;
  const auto begun = begin(state);
  if (!begun) return Sight::pending("cannot judge yet: " + begun.error().what, kLookEvery);
  const Sight health = unhealthy();
  if (health.kind != EventKind::Settled) return health;
  auto moment = glance();
  if (!moment) return Sight::pending("cannot judge now: " + moment.error().what, kLookEvery);
  return conclude(step, state, *moment);
}

// A release whose instances fail is taken back, unless those of the old one fail as well.
Sight JudgeSteps::unhealthy() {
  if (!watches_health(scene_.plan.settings)) return Sight::settled();
  Sight health = instances_.still_healthy();
  if (health.kind != EventKind::Bad || !scene_.plan.old || instances_.old_answers()) return health;
  return Sight::inconclusive(health.why + "; the old release is not healthy enough to go back to");
}

Sight JudgeSteps::guard(const State& state) {
  const bool serves = weight_in(scene_.plan, state) > 0;
  if (!serves || scene_.plan.kind == plan::RequestKind::Rollback) return Sight::settled();
  const Sight health = unhealthy();
  if (health.kind == EventKind::Bad) return health;
  if (auto fell = lost(state)) return *fell;
  if (!begin(state)) return Sight::settled();
  auto moment = glance();
  if (!moment || moment->said.answer != Answer::Fail) return Sight::settled();
  return decided(*moment, Sight::judged_bad(sitting_->tell().evidence));
}

}  // namespace slipway::release
