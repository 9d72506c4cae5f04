#include "verdict/sitting.h"

#include <algorithm>

#include "verdict/words.h"

namespace slipway::verdict {
namespace {
constexpr std::size_t kLogBytes = 64 * 1024;  // then a tick holds twice as many blocks
constexpr std::size_t kMostDoublings = 9;     // fewer blocks than a judge catches up with

bool is_empty(const Sample& sample) {
  return sample.requests == 0 && sample.errors == 0 && sample.latency_us.empty() &&
         sample.counters.empty();
}

bool is_empty(const Tick& tick) {
  return std::all_of(tick.strata.begin(), tick.strata.end(),
                     [](const Lot& lot) { return is_empty(lot.canary) && is_empty(lot.baseline); });
}

// About what it takes in the store.
std::size_t bytes_of(const Sample& sample) {
  return 16 + 10 * sample.latency_us.size() + 12 * sample.counters.size();
}

std::size_t bytes_of(const Tick& tick) {
  std::size_t bytes = 40;
  for (const auto& lot : tick.strata) bytes += bytes_of(lot.canary) + bytes_of(lot.baseline);
  return bytes;
}

// What must not be mixed within one tick.
bool is_alike(const Tick& a, const Tick& b) {
  return a.weight == b.weight && a.step == b.step && a.young == b.young && a.old == b.old;
}
}  // namespace

Sitting::Sitting(Settings settings)
    : judge_(settings), passed_(settings), glance_(std::move(settings)) {}

// At the end of a block; at the end of the time in which requests of another weight still finish;
// at the end of the warm-up, whose latencies do not count.
bool Sitting::is_due(const Tick& tick) const {
  if (is_empty(tick)) return false;
  if (!is_alike(tick, before_)) return true;
  const auto& terms = settings();
  const auto passes = [&](Millis moment) { return before_.at < moment && tick.at >= moment; };
  if (passes(weighed_at_ + terms.settle) || passes(begun_at_ + terms.warmup)) return true;
  const auto doublings = std::min(bytes_ / kLogBytes, kMostDoublings);
  const bool urgent = last_.quarantine || last_.answer == Answer::Hold;
  const Millis span = terms.block * (urgent ? 1 : std::int64_t{1} << doublings);
  return (tick.at - begun_at_) / span > (before_.at - begun_at_) / span;
}

Sitting::Said Sitting::look(const Tick& tick) {
  if (last_.answer == Answer::Fail) return {last_, false};
  passed_.pass(tick.at);
  glance_.become(passed_);
  last_ = glance_.look(tick);
  if (last_.answer != Answer::Fail && !is_due(tick)) return {last_, false};
  return {keep(tick), true};
}

Decision Sitting::keep(const Tick& tick) {
  last_ = judge_.look(tick);
  passed_.become(judge_);
  log_.push_back(tick);
  bytes_ += bytes_of(tick);
  if (!begun_ && tick.weight > 0) {
    begun_ = true;
    begun_at_ = before_.at;
  }
  if (tick.weight != before_.weight) weighed_at_ = tick.at;
  before_ = tick;
  before_.strata.clear();
  return last_;
}

Verdict Sitting::tell() const { return words_of(settings(), last_); }

}  // namespace slipway::verdict
