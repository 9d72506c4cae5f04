#include "daemon/mailbox.h"

namespace slipway::daemon {
namespace {
Error gone() {
  return Error(Code::Conflict,
               "the release takes no more commands: it has ended, or the daemon stops",
               "look at it: slipway status");
}
// Longer than this the reader looks again by itself; a time-out near the clock's end would
// overflow.
constexpr Millis kLongest{3'600'000};
}  // namespace

Result<void> ThreadMailbox::post(release::Command command) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return gone();
    if (commands_.size() >= kMostCommands) {
      return Error(Code::Conflict,
                   "the release has " + std::to_string(kMostCommands) + " commands waiting",
                   "wait until it has answered them");
    }
    commands_.push_back(std::move(command));
  }
  changed_.notify_one();
  return ok();
}

void ThreadMailbox::close() {
  std::deque<release::Command> left;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    left.swap(commands_);
  }
  changed_.notify_all();
  for (const auto& command : left) {
    if (command.answer) command.answer(gone());
  }
}

std::optional<release::Command> ThreadMailbox::wait(Millis at_most) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return closing_ || !commands_.empty(); };
  if (at_most == Millis::max()) {
    changed_.wait(lock, ready);
  } else {
    changed_.wait_for(lock, std::min(at_most, kLongest), ready);
  }
  if (commands_.empty()) return std::nullopt;
  release::Command command = std::move(commands_.front());
  commands_.pop_front();
  return command;
}

bool ThreadMailbox::closing() const {
  const std::lock_guard lock(mutex_);
  return closing_;
}

}  // namespace slipway::daemon
