#include "verdict/judge.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "verdict/reference.h"
#include "verdict/share.h"
#include "verdict/trigger.h"
#include "verdict/words.h"

namespace slipway::verdict {
namespace {
constexpr Millis kLeastHistory{6 * 3'600'000};
constexpr double kBursty = 1.5;
// Of the stake that is kept for late faults, what is left when the horizon is reached; a later
// horizon of the same length gets the same part of it again.
constexpr double kBeyond = 1.0 / 16;
constexpr std::int64_t kMostBlocks = 1000;  // caught up with after a pause

bool is_possible(const Sample& sample) { return sample.errors <= sample.requests; }

bool is_possible(const Tick& tick, std::size_t strata) {
  if (!(tick.weight >= 0 && tick.weight <= 1) || tick.strata.size() > strata) return false;
  return std::all_of(tick.strata.begin(), tick.strata.end(), [](const Lot& lot) {
    return is_possible(lot.canary) && is_possible(lot.baseline);
  });
}

}  // namespace

bool guard_is_on(const Settings& settings) {
  if (settings.guard != Guard::Auto) return settings.guard == Guard::On;
  return settings.history < kLeastHistory || settings.dispersion >= kBursty;
}

struct Judge::State {
  struct Stratum {
    Share share;
    Reference reference;
    std::vector<Trigger> triggers;
  };

  // The trigger whose unguarded evidence keeps the canary in quarantine.
  struct Suspect {
    std::size_t stratum = 0;
    std::size_t rule = 0;
  };

  explicit State(Settings given);
  Stratum make_stratum(const Terms& terms, unsigned steps) const;
  void advance(const Tick& tick);
  void pass(Millis until);
  void pass_blocks(std::int64_t block);
  void feed(const Tick& tick);
  Decision decide(const Tick& tick);
  Decision about(Answer answer, Reason reason, std::size_t stratum, std::size_t rule) const;
  Decision held_or_failed(const Tick& tick);
  Decision passed_or_not(const Tick& tick) const;
  void quarantine();

  Settings settings;
  bool guarded = true;
  std::vector<Stratum> strata;
  Decision last;
  Lot empty;
  Millis at{0};
  bool begun = false;
  Millis begun_at{0};  // the end of the last look without the canary
  std::int64_t block = 0;
  int step = 0;
  std::optional<Suspect> suspect;
};

Judge::State::State(Settings given) : settings(std::move(given)) {
  ASSERT(!settings.strata.empty() && settings.false_alarm > 0 && settings.missed > 0);
  ASSERT(settings.block.count() > 0 && settings.horizon >= settings.block);
  guarded = guard_is_on(settings);
  const auto shares = std::max<std::size_t>(1, settings.rules.size() * settings.strata.size());
  Terms terms;
  terms.log_threshold = std::log(static_cast<double>(shares) / settings.false_alarm);
  // Three blocks are needed even when the evidence starts with half of the stake.
  if (guarded) terms.growth_cap = (terms.log_threshold + std::log(2)) / 3;
  terms.log_proof = -std::log(settings.missed);
  terms.least = settings.least;
  strata.push_back(make_stratum(terms, kStepsOfAll));
  for (std::size_t i = 1; i < settings.strata.size(); ++i)
    strata.push_back(make_stratum(terms, kStepsOfRoute));
}

Judge::State::Stratum Judge::State::make_stratum(const Terms& terms, unsigned steps) const {
  std::vector<double> quantiles;
  std::vector<Trigger> triggers;
  triggers.reserve(settings.rules.size());
  for (const auto& rule : settings.rules) {
    std::vector<std::size_t> references;
    for (const double quantile : Trigger::quantiles_of(rule)) {
      references.push_back(quantiles.size());
      if (rule.relative) quantiles.push_back(quantile);
    }
    const auto counter =
        std::find(settings.counters.begin(), settings.counters.end(), rule.counter);
    triggers.emplace_back(
        rule, terms, static_cast<std::size_t>(counter - settings.counters.begin()), references);
  }
  return {Share(settings.settle), Reference(std::move(quantiles), steps), std::move(triggers)};
}

// Begins with the canary's first requests; then block by block.
void Judge::State::advance(const Tick& tick) {
  if (!begun) {
    begun = tick.weight > 0;
    begun_at = begun ? at : tick.at;
    step = tick.step;
  }
  pass(tick.at);
  if (tick.step != step) {
    step = tick.step;
    for (auto& stratum : strata) {
      for (auto& trigger : stratum.triggers) trigger.begin_step();
    }
  }
  at = tick.at;
}

void Judge::State::pass(Millis until) {
  const Millis into = until - begun_at - Millis(1);
  if (begun && into.count() > 0) pass_blocks(into / settings.block);
}

void Judge::State::pass_blocks(std::int64_t until) {
  const auto planned = static_cast<double>(settings.horizon / settings.block);
  block = std::max(block, until - kMostBlocks);
  while (block < until) {
    ++block;
    const double horizons = std::floor(static_cast<double>(block - 1) / planned);
    const double stake =
        0.5 * (1 - kBeyond) * std::pow(kBeyond, std::min(horizons, 100.0)) / planned;
    for (auto& stratum : strata) {
      for (auto& trigger : stratum.triggers) trigger.begin_block(stake);
    }
  }
}

void Judge::State::feed(const Tick& tick) {
  const bool warm = begun && !tick.young && tick.at - begun_at > settings.warmup;
  for (std::size_t i = 0; i < strata.size(); ++i) {
    auto& stratum = strata[i];
    const Lot& lot = i < tick.strata.size() ? tick.strata[i] : empty;
    stratum.share.add(tick.at, tick.weight, static_cast<double>(lot.canary.requests),
                      static_cast<double>(lot.baseline.requests));
    const Weight weight = stratum.share.weight();
    const Glance glance{lot, weight, warm, tick.old != Old::Absent, &stratum.reference, i == 0};
    for (auto& trigger : stratum.triggers) trigger.look(glance);
    stratum.reference.add(tick.at, lot.baseline.latency_us);
  }
}

Decision Judge::State::about(Answer answer, Reason reason, std::size_t stratum,
                             std::size_t rule) const {
  Decision out;
  out.answer = answer;
  out.reason = reason;
  out.stratum = static_cast<int>(stratum);
  out.rule = rule < settings.rules.size() ? static_cast<int>(rule) : -1;
  out.after = begun ? at - begun_at : Millis(0);
  if (out.rule >= 0) out.numbers = strata[stratum].triggers[rule].numbers(answer);
  return out;
}

// The gravest finding; NotEnough when there is none.
Decision Judge::State::held_or_failed(const Tick& tick) {
  Decision held = about(Answer::NotEnough, Reason::Limits, 0, settings.rules.size());
  for (std::size_t i = 0; i < strata.size(); ++i) {
    for (std::size_t k = 0; k < strata[i].triggers.size(); ++k) {
      const auto& trigger = strata[i].triggers[k];
      const bool plain = trigger.crosses_plain();
      if (plain && (!guarded || trigger.crosses_guarded())) {
        if (tick.old != Old::Unhealthy) return about(Answer::Fail, Reason::Limits, i, k);
        return about(Answer::Hold, Reason::OldUnhealthy, i, k);
      }
      if (plain && !suspect) suspect = Suspect{i, k};
      if (held.answer == Answer::Hold || !trigger.breaks_limit()) continue;
      const bool both = trigger.baseline_breaks_limit();
      held = about(Answer::Hold, both ? Reason::BothFail : Reason::BlameUnclear, i, k);
    }
  }
  return held;
}

// Routes are judged for failing alone: one with little traffic must not keep a release waiting.
Decision Judge::State::passed_or_not(const Tick& tick) const {
  const auto& triggers = strata.front().triggers;
  std::size_t weakest = settings.rules.size();
  double least = kLogMost;
  for (std::size_t k = 0; k < triggers.size(); ++k) {
    if (triggers[k].proven(tick.old != Old::Absent)) continue;
    const double proof = triggers[k].log_proof();
    if (proof > least) continue;
    weakest = k;
    least = proof;
  }
  if (weakest < settings.rules.size()) return about(Answer::NotEnough, Reason::Limits, 0, weakest);
  return about(Answer::Pass, Reason::Limits, 0, triggers.empty() ? weakest : 0);
}

// Lifted when it was one burst: what it said beyond the guard is then forgotten.
void Judge::State::quarantine() {
  if (!suspect || !strata[suspect->stratum].triggers[suspect->rule].is_quiet()) return;
  for (auto& stratum : strata) {
    for (auto& trigger : stratum.triggers) trigger.forget_unguarded();
  }
  suspect.reset();
}

Decision Judge::State::decide(const Tick& tick) {
  Decision decision = held_or_failed(tick);
  if (decision.answer == Answer::Fail) return decision;
  quarantine();
  if (decision.answer == Answer::NotEnough && !suspect) decision = passed_or_not(tick);
  if (decision.answer == Answer::NotEnough && suspect) {
    decision = about(Answer::NotEnough, Reason::Limits, suspect->stratum, suspect->rule);
    decision.numbers = strata[suspect->stratum].triggers[suspect->rule].numbers_lately();
  }
  decision.quarantine = suspect.has_value();
  return decision;
}

Judge::Judge(Settings settings) : state_(std::make_unique<State>(std::move(settings))) {}
Judge::~Judge() = default;
Judge::Judge(Judge&&) noexcept = default;
Judge& Judge::operator=(Judge&&) noexcept = default;
void Judge::become(const Judge& other) { *state_ = *other.state_; }
void Judge::pass(Millis at) { state_->pass(at); }

Decision Judge::look(const Tick& tick) {
  auto& state = *state_;
  if (state.last.answer == Answer::Fail) return state.last;
  if (!is_possible(tick, state.strata.size()) || tick.at < state.at) {
    const bool quarantined = state.last.quarantine;
    state.last = state.about(Answer::Hold, Reason::Nonsense, 0, state.settings.rules.size());
    state.last.quarantine = quarantined;
    return state.last;
  }
  state.advance(tick);
  state.feed(tick);
  return state.last = state.decide(tick);
}

const Decision& Judge::last() const { return state_->last; }
const Settings& Judge::settings() const { return state_->settings; }

Verdict Judge::tell() const { return words_of(state_->settings, state_->last); }

Decision replay(const Settings& settings, std::span<const Tick> ticks) {
  Judge judge(settings);
  for (const auto& tick : ticks) {
    if (judge.look(tick).answer == Answer::Fail) break;
  }
  return judge.last();
}

void Dispersion::add(double bad_in_block) {
  blocks_ += 1;
  const double before = bad_in_block - mean_;
  mean_ += before / blocks_;
  squares_ += before * (bad_in_block - mean_);
}

double Dispersion::index() const {
  return blocks_ < 2 || mean_ <= 0 ? 0 : squares_ / (blocks_ - 1) / mean_;
}

}  // namespace slipway::verdict
