#include "database/migrations/guard.h"

namespace slipway::database::migrations {
namespace {
constexpr Millis kLookEvery(50);
}

Guard::Guard(const Pulses* pulses, Clock& clock, Millis most,
             const postgres::Connection& connection)
    : pulses_(pulses), clock_(clock), most_(most), canceller_(connection.canceller()) {
  if (pulses_ == nullptr || most_ <= Millis(0)) return;
  before_ = pulses_->newest(clock_.monotonic());
  heard_ = pulses_->heard();
  thread_ = std::thread([this] { watch(); });
}

Guard::~Guard() {
  {
    const std::lock_guard held(lock_);
    is_over_ = true;
  }
  over_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string Guard::why() const {
  const std::lock_guard held(lock_);
  return why_;
}

// A pulse from before the statement says nothing about it. The word is repeated: it may have come
// just before the statement began.
void Guard::watch() {
  std::unique_lock held(lock_);
  while (!over_.wait_for(held, kLookEvery, [&] { return is_over_; })) {
    if (why_.empty() && pulses_->heard() > heard_) {
      const auto now = pulses_->newest(clock_.monotonic());
      if (now) why_ = suffering(before_, *now, Part::P99, most_);
    }
    if (!why_.empty()) canceller_.cancel();
  }
}

}  // namespace slipway::database::migrations
