#pragma once
// Sitting: a judge that is asked often and keeps little. What finished since the last kept tick is
// looked at on a copy of the judge, so that a fault is found at the next look. Only kept ticks
// teach the judge itself: one a block, those at which something changes or is decided. They are
// what a replay needs. (A test may be looked at in the middle of a tick: what has been multiplied
// up to there is a supermartingale as well.)
#include <cstdint>
#include <vector>

#include "verdict/judge.h"

namespace slipway::verdict {

class Sitting {
 public:
  explicit Sitting(Settings settings);

  struct Said {
    Decision decision;
    bool kept = false;  // the next tick counts from here on
  };
  // Everything since the last kept tick. A Fail is always kept.
  Said look(const Tick& tick);
  // As look(), and kept: where a step ends, or begins.
  Decision keep(const Tick& tick);

  const Decision& last() const { return last_; }
  Verdict tell() const;  // the last decision in words
  const Settings& settings() const { return judge_.settings(); }

  // Kept since they were taken last, oldest first. The judge's whole log grows with the logarithm
  // of the time: the more was kept, the more blocks go into one tick.
  const std::vector<Tick>& log() const { return log_; }
  void forget_log() { log_.clear(); }

 private:
  bool is_due(const Tick& tick) const;

  Judge judge_;
  Judge passed_;  // judge_, and the blocks that have ended since
  Judge glance_;
  Decision last_;
  std::vector<Tick> log_;
  std::size_t bytes_ = 0;  // of all that was ever kept, about
  bool begun_ = false;
  Millis begun_at_{0};
  Tick before_;  // the last kept one, without its counts
  Millis weighed_at_{0};
};

}  // namespace slipway::verdict
