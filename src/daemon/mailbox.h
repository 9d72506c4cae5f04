#pragma once
// The mailbox of one running release: commands from any thread, read by the release's own.
#include <condition_variable>
#include <deque>
#include <mutex>

#include "release/runner.h"

namespace slipway::daemon {

class ThreadMailbox final : public release::Mailbox {
 public:
  static constexpr std::size_t kMostCommands = 16;

  ~ThreadMailbox() override { close(); }
  // Refused when the mailbox is closed or full; otherwise command.answer will be called.
  Result<void> post(release::Command command);
  // Wakes the reader; commands still here are answered with an error.
  void close();

  std::optional<release::Command> wait(Millis at_most) override;
  bool closing() const override;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<release::Command> commands_;
  bool closing_ = false;
};

}  // namespace slipway::daemon
