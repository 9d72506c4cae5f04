#include "io/signals.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::io {
namespace {
sigset_t set_of(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}
}  // namespace

void ignore_sigpipe() { ::signal(SIGPIPE, SIG_IGN); }

void block_signals(const std::vector<int>& signals) {
  const sigset_t set = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Result<std::unique_ptr<SignalSource>> SignalSource::make(
    EventLoop& loop, const std::vector<int>& signals, std::function<void(int signal)> on_signal) {
  block_signals(signals);
  const sigset_t set = set_of(signals);
  Fd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return from_errno(errno, "cannot make a signalfd");
  const int raw = fd.get();
  TRY(loop.add(raw, EPOLLIN, Trigger::Level,
               [raw, on_signal = std::move(on_signal)](std::uint32_t) {
                 signalfd_siginfo got{};
                 while (::read(raw, &got, sizeof(got)) == static_cast<ssize_t>(sizeof(got))) {
                   on_signal(static_cast<int>(got.ssi_signo));
                 }
               }));
  return std::unique_ptr<SignalSource>(new SignalSource(loop, std::move(fd)));
}

SignalSource::~SignalSource() { loop_.remove(fd_.get()); }

}  // namespace slipway::io
