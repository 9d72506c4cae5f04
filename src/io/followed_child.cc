#include "io/followed_child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace slipway::io {
namespace {
constexpr Millis kLook(200);
constexpr Millis kNoMercy(10'000);  // a process may be stuck where no signal reaches it
using Why = ChildEnd::Why;
}  // namespace

FollowedChild::FollowedChild(Following following) : following_(std::move(following)) {
  thread_ = std::thread([this] { run(); });
}

FollowedChild::~FollowedChild() {
  stop();
  thread_.join();
}

void FollowedChild::stop() {
  const std::lock_guard hold(mutex_);
  ask_to_stop(Why::WasAsked);
}

void FollowedChild::tell(std::string_view bytes) {
  const std::lock_guard hold(mutex_);
  if (!ear_) return;
  const auto sent = ::send(ear_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && errno != EAGAIN) ear_.reset();
}

void FollowedChild::run() {
  ChildEnd end{follow()};
  {
    const std::lock_guard hold(mutex_);
    end.why = stopped_;
  }
  following_.on_end(end);
}

Result<Exit> FollowedChild::follow() {
  ChildSpec spec = TRY(following_.spec());
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return from_errno(errno, "making a pipe");
  const Fd from(ends[0]);
  Fd to(ends[1]);
  spec.out = spec.err = to.get();
  Fd ear;
  Fd its_ear;
  if (following_.hears) {
    // Not a pipe: whoever writes into one that nobody reads any more gets a signal.
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      return from_errno(errno, "making a pair of sockets");
    its_ear.reset(ends[0]);
    ear.reset(ends[1]);
    spec.in = its_ear.get();
  }
  spec.parent_death_signal = SIGTERM;
  const auto child = TRY(spawn(spec));
  to.reset();
  its_ear.reset();
  begun(child, std::move(ear));
  read_all(child, from.get());
  return reap(child);
}

void FollowedChild::begun(const Child& child, Fd ear) {
  const std::lock_guard hold(mutex_);
  pid_ = child.pid;
  ear_ = std::move(ear);
  give_up_at_ =
      following_.most_time > Millis(0) ? clock_.monotonic() + following_.most_time : Millis::max();
  if (stopped_ != Why::ByItself) ::kill(pid_, SIGTERM);
}

// To the end of what it says. What it has left behind may hold its output open for ever: once the
// child itself has ended, silence is the end.
void FollowedChild::read_all(const Child& child, int from) {
  std::array<char, 16 * 1024> bytes{};
  for (;;) {
    pollfd news[2] = {{from, POLLIN, 0}, {child.pidfd.get(), POLLIN, 0}};
    ::poll(news, 2, static_cast<int>(kLook.count()));
    keep_time();
    if (news[0].revents == 0 && news[1].revents != 0) return;
    if (news[0].revents == 0) continue;
    const ssize_t count = ::read(from, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    following_.on_bytes({bytes.data(), static_cast<std::size_t>(count)});
  }
}

// It says nothing any more and only has to go; one that does not is killed.
Result<Exit> FollowedChild::reap(const Child& child) {
  const Millis kill_at = clock_.monotonic() + following_.patience;
  for (;;) {
    pollfd gone{child.pidfd.get(), POLLIN, 0};
    ::poll(&gone, 1, static_cast<int>(kLook.count()));
    keep_time();
    const Millis now = clock_.monotonic();
    // Under the lock: once reaped its number may be another one's, whom nobody must signal.
    const std::lock_guard hold(mutex_);
    if (now >= kill_at) ::kill(-pid_, SIGKILL);
    auto ended = wait_for(child, Millis(0));
    const bool is_running = !ended && ended.error().code == Code::Timeout;
    if (is_running && now < kill_at + kNoMercy) continue;
    pid_ = 0;
    ear_.reset();
    return ended;
  }
}

void FollowedChild::keep_time() {
  const std::lock_guard hold(mutex_);
  const Millis now = clock_.monotonic();
  if (now >= give_up_at_) ask_to_stop(Why::TookTooLong);
  if (stopped_ != Why::ByItself && now >= kill_at_) ::kill(-pid_, SIGKILL);
}

// With the lock held.
void FollowedChild::ask_to_stop(Why why) {
  if (stopped_ != Why::ByItself) return;
  stopped_ = why;
  kill_at_ = clock_.monotonic() + following_.patience;
  if (pid_ > 0) ::kill(pid_, SIGTERM);
}

}  // namespace slipway::io
