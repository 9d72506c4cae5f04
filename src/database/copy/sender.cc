#include "database/copy/sender.h"

namespace slipway::database::copy {
namespace {

// 2 MiB when a piece has 128 KiB: what a server takes while it waits for its log, once.
constexpr std::size_t kMostWaiting = 16;

}  // namespace

Sender::Sender(postgres::Connection& target) : target_(target), thread_([this] { work(); }) {}

Result<void> Sender::give(std::string& piece) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return error_ || waiting_.size() < kMostWaiting; });
    if (error_) return *error_;
    waiting_.push_back(std::move(piece));
    piece = std::string();
    if (!empty_.empty()) {
      piece = std::move(empty_.back());
      empty_.pop_back();
    }
  }
  changed_.notify_all();
  return ok();
}

void Sender::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_last_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::string piece = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    const auto sent = target_.send(piece);
    piece.clear();
    lock.lock();
    empty_.push_back(std::move(piece));
    if (!sent) {
      error_ = sent.error();
      waiting_.clear();
      is_last_ = true;
    }
    changed_.notify_all();
  }
}

Result<void> Sender::finish() {
  {
    const std::lock_guard lock(mutex_);
    is_last_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (error_) return *error_;
  return ok();
}

void Sender::stop() {
  {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
  }
  (void)finish();  // whoever stops has an error already
}

}  // namespace slipway::database::copy
