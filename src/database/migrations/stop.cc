#include "database/migrations/stop.h"

namespace slipway::database::migrations {

void Stop::request() {
  std::optional<postgres::Canceller> running;
  {
    const std::lock_guard held(lock_);
    is_requested_ = true;
    running = current_;
  }
  asked_.notify_all();
  if (running) running->cancel();
}

bool Stop::is_requested() const {
  const std::lock_guard held(lock_);
  return is_requested_;
}

bool Stop::rest(Millis time) {
  std::unique_lock held(lock_);
  return !asked_.wait_for(held, time, [&] { return is_requested_; });
}

Stop::Under::Under(Stop& stop, const postgres::Connection& connection) : stop_(stop) {
  const std::lock_guard held(stop_.lock_);
  before_ = std::move(stop_.current_);
  stop_.current_ = connection.canceller();
}

Stop::Under::~Under() {
  const std::lock_guard held(stop_.lock_);
  stop_.current_ = std::move(before_);
}

}  // namespace slipway::database::migrations
