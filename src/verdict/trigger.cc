#include "verdict/trigger.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace slipway::verdict {
namespace {
// How far evidence may rise above what is asked for. More would outlast what it was evidence of: a
// limit that both releases broke an hour ago must not meet a difference that shows only now.
constexpr double kBeyondThreshold = 1;
constexpr double kStakeAtStart = 0.5;  // the rest is for later blocks
constexpr double kAloneTimes = 3;      // what the old release did before is exceeded by this
constexpr double kQuietRequests = 20;
constexpr double kLeastBaseline = 10;

double to_double(std::uint64_t count) { return static_cast<double>(count); }

// The most that the share may be, seen `bad` among `all`: about two standard deviations.
double upper_share(double bad, double all) {
  return all <= 0 ? 0 : std::min(1.0, (bad + 2 * std::sqrt(bad) + 3) / all);
}

// How far counts speak against a share, roughly: for choosing which counts to tell.
double log_ratio(double bad, double all, double limit) {
  if (all <= 0 || bad <= limit * all) return 0;
  const double share = std::min(bad / all, 1 - 1e-12);
  return bad * std::log(share / limit) +
         (all - bad) * (std::log1p(-share) - std::log1p(-std::min(limit, 0.99)));
}

Bits tally_bits(const Sample& canary, const Sample& baseline, std::size_t counter) {
  Bits bits;
  if (counter < canary.counters.size()) {
    bits.canary_bad = to_double(canary.counters[counter].bad);
    bits.canary_ok = to_double(canary.counters[counter].ok);
  }
  if (counter < baseline.counters.size()) {
    bits.baseline_bad = to_double(baseline.counters[counter].bad);
    bits.baseline_ok = to_double(baseline.counters[counter].ok);
  }
  return bits;
}
}  // namespace

std::vector<double> Trigger::quantiles_of(const Rule& rule) {
  if (rule.kind == Rule::Kind::Latency) return {0.5, 0.75, 0.95};
  if (rule.kind == Rule::Kind::LatencyQuantile) return {rule.quantile};
  return {};
}

Trigger::Trigger(const Rule& rule, const Terms& terms, std::size_t counter,
                 const std::vector<std::size_t>& references)
    : rule_(rule), terms_(terms), counter_(counter) {
  std::vector<double> quantiles = quantiles_of(rule);
  if (quantiles.empty()) quantiles.push_back(0);
  const Process guarded(terms.growth_cap, terms.log_threshold + kBeyondThreshold);
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    Stream stream{quantiles[i], references.empty() ? 0 : references[i],
                  guarded,      guarded,
                  guarded,      guarded,
                  Process(),    Process()};
    stream.limit.set_factors(absolute_factors(share_allowed(quantiles[i])));
    stream.near.set_factors(absolute_factors(share_allowed(quantiles[i])));
    stream.proof.set_factors(below_factors(share_allowed(quantiles[i])));
    streams_.push_back(std::move(stream));
  }
  limit_share_ = share_allowed(quantiles.back());
  reweigh({0, 0});
  begin();
}

double Trigger::share_allowed(double quantile) const {
  if (is_latency()) return std::clamp(1 - quantile, kLeastLimit, 0.99);
  return std::clamp((rule_.relative ? rule_.floor : rule_.limit) / 100, kLeastLimit, 0.99);
}

void Trigger::begin() {
  for (auto& stream : streams_) {
    stream.limit.start(kStakeAtStart);
    stream.near.start(kStakeAtStart);
    stream.blame.start(kStakeAtStart);
  }
  begin_step();
}

void Trigger::begin_step() {
  step_ = {};
  for (auto& stream : streams_) {
    stream.proof.start(1, below_weights());
    stream.proof_own.start(1);
  }
}

void Trigger::begin_block(double stake) {
  for (auto& stream : streams_) {
    stream.limit.begin_block(stake);
    stream.near.begin_block(stake);
    stream.blame.begin_block(stake);
    if (was_alone_) stream.alone.begin_block(stake);
  }
  block_ = (block_ + 1) % kBlocks;
  minute_ -= recent_[block_];
  recent_[block_] = {};
  ++quiet_blocks_;
}

void Trigger::reweigh(Weight weight) {
  if (weight == weight_) return;
  weight_ = weight;
  for (auto& stream : streams_) {
    if (is_latency() && rule_.relative) {
      stream.blame.set_factors(blame_factors(quantile_pairs(stream.quantile), weight));
    } else if (rule_.relative) {
      stream.blame.set_factors(own_factors(rule_.limit, weight));
    } else {
      stream.blame.set_factors(blame_factors(error_pairs(), weight));
    }
    stream.proof_own.set_factors(own_less_factors(rule_.relative ? rule_.limit : 1, weight));
  }
}

// With nothing beside it the canary is held to its limit, or to three times the most that the old
// release may have done before, whichever is more. The evidence so far goes on, as far as it is no
// more than a fresh start would have.
void Trigger::go_alone() {
  const double before = upper_share(total_.baseline_bad, total_.baseline());
  for (auto& stream : streams_) {
    double limit = share_allowed(stream.quantile);
    if (!blames_only()) limit = std::clamp(kAloneTimes * before, limit, 0.9);
    stream.alone = Process(terms_.growth_cap, terms_.log_threshold + kBeyondThreshold);
    stream.alone.set_factors(absolute_factors(limit));
    stream.alone.start(std::min(1.0, std::exp(stream.limit.log_plain())));
  }
  was_alone_ = true;
}

// A limit in milliseconds is meant for the whole: one route may well be slower than that. And what
// a route usually takes says little of another hour, so that without the old release beside it
// there is nothing to compare with.
bool Trigger::judges_latency(const Glance& glance) const {
  if (!glance.judges_latency) return false;
  return glance.whole || (rule_.relative && !glance.alone());
}

bool Trigger::bits_of(const Glance& glance, const Stream& stream, Bits& bits) const {
  const auto& [canary, baseline] = glance.lot;
  if (rule_.kind == Rule::Kind::Counter) {
    bits = tally_bits(canary, baseline, counter_);
    return true;
  }
  if (rule_.kind == Rule::Kind::ErrorRate) {
    bits = {to_double(canary.errors), to_double(canary.requests - canary.errors),
            to_double(baseline.errors), to_double(baseline.requests - baseline.errors)};
    return true;
  }
  if (!judges_latency(glance)) return false;
  const unsigned steps = glance.reference->steps();
  double usual_us = rule_.limit * 1000;
  double limit_us = usual_us;
  if (rule_.relative) {
    usual_us = glance.reference->limit_us(stream.reference);
    if (usual_us <= 0) return false;
    limit_us = rule_.limit * usual_us;
  }
  std::tie(bits.canary_bad, bits.canary_ok) = above_and_within(canary.latency_us, limit_us, steps);
  std::tie(bits.baseline_bad, bits.baseline_ok) =
      above_and_within(baseline.latency_us, usual_us, steps);
  return true;
}

void Trigger::remember(const Bits& bits) {
  total_ += bits;
  step_ += bits;
  minute_ += bits;
  recent_[block_] += bits;
  quiet_requests_ += bits.canary_ok;
  if (bits.canary_bad > 0) quiet_requests_ = 0;
  if (bits.canary_bad > 0) quiet_blocks_ = 0;
}

void Trigger::look(const Glance& glance) {
  reweigh(glance.weight);
  alone_ = glance.alone();
  if (alone_ && !was_alone_) go_alone();
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    auto& stream = streams_[i];
    Bits bits;
    if (!bits_of(glance, stream, bits) || bits.canary() + bits.baseline() <= 0) continue;
    stream.limit.add(bits);
    stream.near.add(bits);
    stream.blame.add(bits);
    if (!blames_only()) keep_together(stream);
    if (was_alone_) stream.alone.add(bits);
    stream.proof.add(bits);
    if (rule_.relative && !is_latency()) stream.proof_own.add(bits);
    if (i + 1 == streams_.size()) remember(bits);  // what is told is told of the last quantile
  }
}

// Limit and blame must be shown by the same stretch of time: what was shown while nothing spoke for
// the other is forgotten, of the blame only the half that would nearly do. (To forget all of it
// would cost a tenth more requests.) Lowering a supermartingale leaves it one.
void Trigger::keep_together(Stream& stream) const {
  const bool blamed = stream.blame.log_plain() > 0;
  const bool broken = stream.near.log_plain() > 0;
  if (!blamed) stream.near.lower_to(0);
  if (!broken) stream.blame.lower_to(terms_.log_threshold / 2);
}

double Trigger::log_of(Process Stream::*process, Value value) const {
  if (streams_.size() == 1) return (streams_.front().*process.*value)();
  std::vector<double> logs;
  for (const auto& stream : streams_) logs.push_back((stream.*process.*value)());
  return log_mean(logs);
}

bool Trigger::crosses(Value value) const {
  const double needed = terms_.log_threshold;
  if (alone_) return log_of(&Stream::alone, value) >= needed;
  if (log_of(&Stream::blame, value) < needed) return false;
  return blames_only() || log_of(&Stream::near, value) >= needed;
}

bool Trigger::crosses_plain() const {
  const auto bound = alone_ ? &Stream::alone : &Stream::blame;
  double most = -kLogMost;
  for (const auto& stream : streams_) most = std::max(most, (stream.*bound).log_plain_at_most());
  return most >= terms_.log_threshold && crosses(&Process::log_plain);
}

bool Trigger::crosses_guarded() const { return crosses(&Process::log_guarded); }

bool Trigger::breaks_limit() const {
  if (rule_.relative || alone_) return false;
  if (streams_.front().limit.log_plain_at_most() < terms_.log_threshold) return false;
  return log_of(&Stream::limit, &Process::log_guarded) >= terms_.log_threshold;
}

bool Trigger::baseline_breaks_limit() const {
  const Bits& seen = minute_.baseline() >= kLeastBaseline ? minute_ : total_;
  return seen.baseline() >= kLeastBaseline && seen.baseline_bad > limit_share_ * seen.baseline();
}

bool Trigger::proven(bool baseline) const {
  if (blames_only() && !baseline) return true;  // nothing to be slower than
  if (step_.canary() < terms_.least) return false;
  if (terms_.log_proof <= 0) return keeps_limit();
  if (log_proof() >= terms_.log_proof) return true;
  return rule_.relative && !is_latency() && baseline &&
         log_of(&Stream::proof_own, &Process::log_plain) >= terms_.log_proof;
}

// As the plain numbers of this step have it.
bool Trigger::keeps_limit() const {
  const double share = step_.canary_bad / std::max(1.0, step_.canary());
  const double usual = step_.baseline_bad / std::max(1.0, step_.baseline());
  const bool by_times = rule_.relative && !is_latency() && share <= rule_.limit * usual;
  return share <= limit_share_ || by_times;
}

bool Trigger::is_quiet() const {
  return quiet_blocks_ >= kBlocks && quiet_requests_ >= kQuietRequests;
}

void Trigger::forget_unguarded() {
  for (auto& stream : streams_) {
    stream.limit.forget_unguarded();
    stream.near.forget_unguarded();
    stream.blame.forget_unguarded();
    stream.alone.forget_unguarded();
  }
}

// The last minute or all of it, whichever shows more.
Bits Trigger::scope() const {
  const double minute = log_ratio(minute_.canary_bad, minute_.canary(), limit_share_);
  const double total = log_ratio(total_.canary_bad, total_.canary(), limit_share_);
  return minute > total ? minute_ : total_;
}

Numbers Trigger::numbers(Answer answer) const {
  const Bits seen = scope();
  Numbers out;
  out.canary = seen.canary();
  out.canary_bad = seen.canary_bad;
  out.baseline = seen.baseline();
  out.baseline_bad = seen.baseline_bad;
  out.weight = weight_.high;
  const auto beside = answer == Answer::Hold ? &Stream::limit : &Stream::near;
  const auto limit = alone_ ? &Stream::alone : beside;
  const Value value = terms_.growth_cap < kLogMost ? &Process::log_guarded : &Process::log_plain;
  if (alone_ || !blames_only()) out.log_limit = log_of(limit, value);
  if (!alone_) out.log_blame = log_of(&Stream::blame, value);
  out.log_threshold = terms_.log_threshold;
  out.log_proof = log_proof();
  return out;
}

Numbers Trigger::numbers_lately() const {
  Bits two = recent_[block_];
  two += recent_[(block_ + kBlocks - 1) % kBlocks];
  Bits most = scope();
  for (const Bits& seen : {recent_[block_], two}) {
    const double here = log_ratio(seen.canary_bad, seen.canary(), limit_share_);
    if (here > log_ratio(most.canary_bad, most.canary(), limit_share_)) most = seen;
  }
  Numbers out = numbers(Answer::NotEnough);
  out.canary = most.canary();
  out.canary_bad = most.canary_bad;
  out.baseline = most.baseline();
  out.baseline_bad = most.baseline_bad;
  return out;
}

}  // namespace slipway::verdict
