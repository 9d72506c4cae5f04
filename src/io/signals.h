#pragma once
// Signals as events of the loop. block_signals() belongs at the start of main(), before threads.
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "io/event_loop.h"

namespace slipway::io {

void ignore_sigpipe();
// Threads started afterwards inherit it; children spawned by io/child.h start with none blocked.
void block_signals(const std::vector<int>& signals);

class SignalSource {
 public:
  // Blocks the signals in this thread and calls back on the loop with each one's number.
  static Result<std::unique_ptr<SignalSource>> make(EventLoop& loop,
                                                    const std::vector<int>& signals,
                                                    std::function<void(int signal)> on_signal);
  ~SignalSource();

 private:
  SignalSource(EventLoop& loop, Fd fd) : loop_(loop), fd_(std::move(fd)) {}
  EventLoop& loop_;
  Fd fd_;
};

}  // namespace slipway::io
