#include "io/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.h"
#include "io/clock.h"

namespace slipway::io {
namespace {
constexpr std::uint64_t kWakeTicket = 0;
constexpr int kMostReady = 256;
constexpr Millis kLongestWait{60'000};
}  // namespace

struct EventLoop::Registration {
  int fd;
  std::uint64_t ticket;
  Trigger trigger;
  OnReady on_ready;
};

Result<std::unique_ptr<EventLoop>> EventLoop::make() {
  Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return from_errno(errno, "cannot make an epoll instance");
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return from_errno(errno, "cannot make an eventfd");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeTicket;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) < 0) {
    return from_errno(errno, "cannot watch the eventfd");
  }
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(wake)));
}

EventLoop::EventLoop(Fd epoll, Fd wake) : epoll_(std::move(epoll)), wake_(std::move(wake)) {}
EventLoop::~EventLoop() = default;

Millis EventLoop::now() const { return Millis(monotonic_us() / 1000); }

Result<void> EventLoop::add(int fd, std::uint32_t events, Trigger trigger, OnReady on_ready) {
  ASSERT(fd >= 0 && on_ready);
  ASSERT(!registrations_.contains(fd));
  const std::uint64_t ticket = next_ticket_++;
  epoll_event event{};
  event.events = events | (trigger == Trigger::Edge ? std::uint32_t{EPOLLET} : 0U);
  event.data.u64 = ticket;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) < 0) {
    return from_errno(errno, "cannot watch a file descriptor");
  }
  auto registration =
      std::make_shared<Registration>(Registration{fd, ticket, trigger, std::move(on_ready)});
  registrations_[fd] = registration;
  by_ticket_[ticket] = std::move(registration);
  return ok();
}

void EventLoop::change(int fd, std::uint32_t events) {
  const auto found = registrations_.find(fd);
  ASSERT(found != registrations_.end());
  epoll_event event{};
  event.events = events | (found->second->trigger == Trigger::Edge ? std::uint32_t{EPOLLET} : 0U);
  event.data.u64 = found->second->ticket;
  ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void EventLoop::remove(int fd) {
  const auto found = registrations_.find(fd);
  if (found == registrations_.end()) return;
  by_ticket_.erase(found->second->ticket);
  registrations_.erase(found);
  epoll_event event{};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &event);
}

EventLoop::TimerId EventLoop::after(Millis delay, Task task) {
  ASSERT(task != nullptr);
  const TimerId id = next_timer_++;
  timers_.push(Timer{now() + std::max(delay, Millis(0)), id});
  timer_tasks_[id] = std::move(task);
  return id;
}

void EventLoop::cancel(TimerId timer) {
  timer_tasks_.erase(timer);
  // Cancelled entries stay in the heap until due; swept here when they are most of it.
  if (timers_.size() < 64 || timers_.size() < 4 * timer_tasks_.size()) return;
  std::vector<Timer> live;
  for (; !timers_.empty(); timers_.pop()) {
    if (timer_tasks_.contains(timers_.top().id)) live.push_back(timers_.top());
  }
  timers_ = decltype(timers_)(std::greater<>(), std::move(live));
}

bool EventLoop::post(Task task) {
  {
    const std::lock_guard<std::mutex> guard(posted_lock_);
    if (posted_.size() >= kMostPosted) return false;
    posted_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  // Can only fail when the counter is full, and then the loop is already awake.
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
  return true;
}

void EventLoop::stop() {
  stopping_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof(one));
}

void EventLoop::run() {
  while (!stopping_) poll_once(kLongestWait);
  stopping_ = false;
}

int EventLoop::wait_ms(Millis timeout) const {
  Millis wait = std::min(timeout, kLongestWait);
  if (!timers_.empty()) wait = std::min(wait, timers_.top().due - now());
  return static_cast<int>(std::max(wait, Millis(0)).count());
}

void EventLoop::poll_once(Millis timeout) {
  epoll_event ready[kMostReady];
  const int count = ::epoll_wait(epoll_.get(), ready, kMostReady, wait_ms(timeout));
  ASSERT(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    if (ready[i].data.u64 == kWakeTicket) {
      std::uint64_t drained = 0;
      [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &drained, sizeof(drained));
      continue;
    }
    const auto found = by_ticket_.find(ready[i].data.u64);
    if (found == by_ticket_.end()) continue;  // removed by a callback of this round
    const std::shared_ptr<Registration> held = found->second;
    held->on_ready(ready[i].events);
  }
  run_timers();
  run_posted();
}

void EventLoop::run_timers() {
  const Millis until = now();
  const TimerId newest = next_timer_;  // a timer that sets itself again waits for the next round
  while (!timers_.empty() && timers_.top().due <= until) {
    const TimerId id = timers_.top().id;
    if (id >= newest) break;
    timers_.pop();
    const auto found = timer_tasks_.find(id);
    if (found == timer_tasks_.end()) continue;
    const Task task = std::move(found->second);
    timer_tasks_.erase(found);
    task();
  }
}

void EventLoop::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard<std::mutex> guard(posted_lock_);
    tasks.swap(posted_);
  }
  for (const Task& task : tasks) task();
}

}  // namespace slipway::io
