#include "database/copy/crew.h"

#include <chrono>

namespace slipway::database::copy {

Crew::Crew(int threads, Open open, std::function<bool()> interrupted)
    : open_(std::move(open)), interrupted_(std::move(interrupted)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Crew::~Crew() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    if (busy_ > 0 || !jobs_.empty()) {
      stop_ = true;
      for (const auto& canceller : cancellers_) canceller.cancel();
    }
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Crew::add(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
}

bool Crew::is_idle() {
  const std::lock_guard lock(mutex_);
  return jobs_.empty() && busy_ < static_cast<int>(threads_.size());
}

void Crew::fail(Error error) {
  {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
    stop_ = true;
    jobs_.clear();
    for (const auto& canceller : cancellers_) canceller.cancel();
  }
  changed_.notify_all();
}

void Crew::work() {
  auto hands = open_();
  if (!hands) return fail(hands.error());
  {
    const std::lock_guard lock(mutex_);
    if (hands->source) cancellers_.push_back(hands->source->canceller());
    if (hands->target) cancellers_.push_back(hands->target->canceller());
  }
  work_off(*hands);
}

void Crew::work_off(Hands& hands) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return closing_ || stop_ || !jobs_.empty(); });
    if (stop_ || jobs_.empty()) return;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    ++busy_;
    lock.unlock();
    auto done = job(hands);
    if (!done) fail(done.error());
    lock.lock();
    --busy_;
    changed_.notify_all();
  }
}

Result<void> Crew::wait(Millis pause, const std::function<void()>& each) {
  std::unique_lock lock(mutex_);
  while (!error_ && (busy_ > 0 || !jobs_.empty())) {
    changed_.wait_for(lock, pause);
    lock.unlock();
    if (each) each();
    if (interrupted_ && interrupted_() && !stop_)
      fail(
          Error(Code::Aborted, "the copy was ended from outside", "run it again: nothing is left"));
    lock.lock();
  }
  // What was cancelled is waited for: its connections are still in use.
  changed_.wait(lock, [this] { return busy_ == 0; });
  if (error_) return *error_;
  return ok();
}

}  // namespace slipway::database::copy
