#pragma once
// EventLoop: epoll, timers and calls posted from other threads, all run on the one thread that
// calls run() or poll_once(). Everything but post() and stop() belongs to that thread. Callbacks
// may add, change and remove anything, themselves included.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "io/fd.h"

namespace slipway::io {

enum class Trigger { Level, Edge };

class EventLoop {
 public:
  using OnReady = std::function<void(std::uint32_t events)>;  // EPOLLIN | EPOLLOUT | EPOLLHUP …
  using Task = std::function<void()>;
  using TimerId = std::uint64_t;  // 0 is never given
  static constexpr std::size_t kMostPosted = 65536;

  static Result<std::unique_ptr<EventLoop>> make();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // The fd stays the caller's; remove() it before it is closed. EPOLLHUP and EPOLLERR always come.
  Result<void> add(int fd, std::uint32_t events, Trigger trigger, OnReady on_ready);
  void change(int fd, std::uint32_t events);  // keeps trigger and callback; fd must be registered
  void remove(int fd);  // no callback afterwards, not even one already fetched; unknown fd: nothing

  TimerId after(Millis delay, Task task);  // once
  void cancel(TimerId timer);              // 0 and timers that have fired: nothing

  // From any thread; runs on the loop's thread in the order posted. False: kMostPosted are waiting.
  bool post(Task task);
  void run();   // until stop()
  void stop();  // from any thread; also before run(), which then returns at once
  // Waits at most `timeout` for one round of events, timers and posts, and runs them.
  void poll_once(Millis timeout);
  Millis now() const;  // monotonic, read anew at each call

 private:
  struct Registration;
  struct Timer {
    Millis due;
    TimerId id;
    bool operator>(const Timer& other) const {
      return due != other.due ? due > other.due : id > other.id;
    }
  };
  EventLoop(Fd epoll, Fd wake);
  int wait_ms(Millis timeout) const;
  void run_timers();
  void run_posted();

  Fd epoll_;
  Fd wake_;
  std::unordered_map<int, std::shared_ptr<Registration>> registrations_;
  std::unordered_map<std::uint64_t, std::shared_ptr<Registration>> by_ticket_;
  std::uint64_t next_ticket_ =
      1;  // epoll carries tickets, so that a reused fd number is not mistaken
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::unordered_map<TimerId, Task> timer_tasks_;
  TimerId next_timer_ = 1;
  std::mutex posted_lock_;
  std::vector<Task> posted_;
  std::atomic<bool> stopping_{false};
};

}  // namespace slipway::io
