#include "load/generator.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace slipway::load {
namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kTimerTag = UINT64_MAX;
constexpr std::uint64_t kStopTag = UINT64_MAX - 1;
constexpr std::size_t kScratch = 64 * 1024;
constexpr Nanos kHousekeeping = milliseconds(20);
// The queue cannot hold more than rate x time-out, because what waits longer has failed; this is a
// second fence, for a machine that stood still.
constexpr std::size_t kMostQueued = 1'000'000;

double wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(now).count()) /
         1000;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto in_s = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return in_s(usage.ru_utime) + in_s(usage.ru_stime);
}
}  // namespace

Generator::Generator(const Options& options, int stop_fd)
    : options_(options), stop_fd_(stop_fd), scratch_(kScratch, '\0'), random_(options.seed) {
  for (std::size_t index = options.connections; index > 0; --index) {
    connections_.push_back(std::make_unique<Connection>());
    closed_.push_back(index - 1);
  }
}

Generator::~Generator() {
  connections_.clear();
  if (timer_fd_ >= 0) ::close(timer_fd_);
  if (epoll_fd_ >= 0) ::close(epoll_fd_);
}

Result<void> Generator::watch(int fd, std::uint64_t tag) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = tag;
  if (epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) != 0)
    return from_errno(errno, "cannot watch a descriptor");
  return ok();
}

Result<void> Generator::open_files() {
  epoll_fd_ = epoll_create1(EPOLL_CLOEXEC);
  timer_fd_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (epoll_fd_ < 0 || timer_fd_ < 0) return from_errno(errno, "cannot open epoll and a timer");
  TRY(watch(timer_fd_, kTimerTag));
  if (stop_fd_ >= 0) TRY(watch(stop_fd_, kStopTag));
  start_unix_ms_ = wall_ms();
  if (!options_.timeline_file.empty()) {
    timeline_ = TRY(Timeline::open(options_.timeline_file, start_unix_ms_));
  }
  return ok();
}

Result<void> Generator::run() {
  TRY(open_files());
  start_ = ticks();
  next_progress_ = seconds(1);
  for (;;) {
    const Nanos now = ticks() - start_;
    if (now >= next_housekeeping_) housekeep(now);
    if (!is_stopping_) is_stopping_ = should_stop(now);
    arrive(now);
    dispatch(now);
    if (is_stopping_ && arrivals_.empty() && in_flight_ == 0) break;
    arm_timer(now);
    wait_for_events();
  }
  end_ = ticks() - start_;
  timeline_.reset();
  return ok();
}

// n/rate without adding up errors: one multiplication per request.
Nanos Generator::due(std::uint64_t number) const {
  return Nanos(static_cast<std::int64_t>(static_cast<double>(number) * 1e9 / options_.rate));
}

bool Generator::should_stop(Nanos now) const {
  if (stop_asked_) return true;
  // Everything due before the end has to arrive first, so that a run has rate x duration requests.
  return options_.duration.count() > 0 && now >= options_.duration &&
         due(next_) >= options_.duration;
}

void Generator::arrive(Nanos now) {
  if (stop_asked_) return;
  for (Nanos at = due(next_); at <= now; at = due(++next_)) {
    if (options_.duration.count() > 0 && at >= options_.duration) return;
    if (arrivals_.size() < kMostQueued) {
      arrivals_.push_back(at);
    } else {
      fail_unsent(at, Failure::Timeout, now);
    }
  }
}

void Generator::dispatch(Nanos now) {
  while (!arrivals_.empty()) {
    std::size_t index = 0;
    if (!idle_.empty()) {
      index = idle_.back();
      idle_.pop_back();
    } else if (!closed_.empty()) {
      index = closed_.back();
      if (!connections_[index]->open(options_.target.address, options_.target.length, epoll_fd_,
                                     index)) {
        fail_unsent(arrivals_.front(), Failure::Refused, now);
        arrivals_.pop_front();
        continue;
      }
      closed_.pop_back();
      ++opened_;
      most_open_ = std::max(most_open_, connections_.size() - closed_.size());
    } else {
      return;
    }
    if (!start_on(index, now)) continue;
  }
}

// Puts the first arrival on the connection. False when that failed at once.
bool Generator::start_on(std::size_t index, Nanos now) {
  Connection& connection = *connections_[index];
  connection.assign(options_.mix.render(random_, options_.host), arrivals_.front());
  arrivals_.pop_front();
  ++in_flight_;
  if (connection.state() == Connection::State::Connecting) return true;
  const Step step = connection.write(now);
  if (step == Step::Waiting) return true;
  settle(index, step, now);
  return false;
}

void Generator::fail_unsent(Nanos scheduled, Failure failure, Nanos now) {
  Outcome outcome;
  outcome.failure = failure;
  outcome.request = "(not sent)";
  outcome.scheduled = scheduled;
  outcome.sent = outcome.done = now;
  record(outcome);
}

void Generator::wait_for_events() {
  std::array<epoll_event, 256> events;
  const int count = epoll_wait(epoll_fd_, events.data(), static_cast<int>(events.size()), -1);
  const Nanos now = ticks() - start_;
  for (int i = 0; i < count; ++i) {
    on_event(events[static_cast<std::size_t>(i)].data.u64,
             events[static_cast<std::size_t>(i)].events, now);
  }
}

void Generator::on_event(std::uint64_t tag, std::uint32_t events, Nanos now) {
  if (tag == kTimerTag) return;
  if (tag == kStopTag) {
    stop_asked_ = true;
    return;
  }
  const auto index = static_cast<std::size_t>(tag);
  Connection& connection = *connections_[index];
  if (connection.state() == Connection::State::Closed) return;
  settle(index, connection.ready(events, scratch_, now), now);
}

void Generator::settle(std::size_t index, Step step, Nanos now) {
  Connection& connection = *connections_[index];
  switch (step) {
    case Step::Waiting:
      return;
    case Step::Answered:
      finish(connection, Failure::None, now);
      if (connection.become_idle()) {
        idle_.push_back(index);
      } else {
        release(index);
      }
      return;
    case Step::Failed:
      finish(connection, connection.failure(), now);
      release(index);
      return;
    case Step::Ended:
      ++(connection.saw_stray_bytes() ? stray_ : closed_while_idle_);
      idle_.erase(std::find(idle_.begin(), idle_.end(), index));
      release(index);
      return;
  }
}

void Generator::finish(Connection& connection, Failure failure, Nanos now) {
  const ResponseReader& reader = connection.reader();
  Outcome outcome;
  outcome.failure = failure;
  outcome.status = reader.status();
  outcome.version = reader.shop_version();
  outcome.release = reader.release();
  outcome.request = connection.request_line();
  outcome.scheduled = connection.scheduled();
  outcome.sent = connection.sent().count() < 0 ? now : connection.sent();
  outcome.done = now;
  if (failure == Failure::None && outcome.status >= 500 && outcome.version.empty()) {
    outcome.failure = Failure::Gateway;
  }
  --in_flight_;
  record(outcome);
}

void Generator::record(const Outcome& outcome) {
  tally_.add(outcome);
  if (timeline_) timeline_->add(outcome);
}

void Generator::release(std::size_t index) {
  connections_[index]->close();
  closed_.push_back(index);
}

void Generator::housekeep(Nanos now) {
  next_housekeeping_ = now + kHousekeeping;
  expire(now);
  if (!options_.until_file.empty() && ::access(options_.until_file.c_str(), F_OK) == 0)
    stop_asked_ = true;
  if (now < next_progress_) return;
  next_progress_ += seconds(1);
  if (timeline_) timeline_->flush(now);
  if (options_.progress == Progress::EverySecond) print_progress(now);
}

void Generator::expire(Nanos now) {
  while (!arrivals_.empty() && now - arrivals_.front() >= options_.timeout) {
    fail_unsent(arrivals_.front(), Failure::Timeout, now);
    arrivals_.pop_front();
  }
  for (std::size_t index = 0; index < connections_.size(); ++index) {
    Connection& connection = *connections_[index];
    const bool is_loaded = connection.state() == Connection::State::Connecting ||
                           connection.state() == Connection::State::Busy;
    if (!is_loaded || now - connection.scheduled() < options_.timeout) continue;
    finish(connection, Failure::Timeout, now);
    release(index);
  }
}

void Generator::print_progress(Nanos now) {
  std::fprintf(stderr, "load: t_s=%.0f in_flight=%zu queued=%zu open=%zu %s\n", in_ms(now) / 1000,
               in_flight_, arrivals_.size(), connections_.size() - closed_.size(),
               tally_.line().c_str());
}

void Generator::arm_timer(Nanos now) {
  Nanos at = next_housekeeping_;
  if (!is_stopping_) at = std::min(at, due(next_));
  at = std::max(at, now) + start_;
  itimerspec spec{};
  spec.it_value.tv_sec = static_cast<time_t>(at.count() / 1'000'000'000);
  spec.it_value.tv_nsec = static_cast<long>(at.count() % 1'000'000'000);
  timerfd_settime(timer_fd_, TFD_TIMER_ABSTIME, &spec, nullptr);
}

Json Generator::report() const {
  const double length_s = in_ms(end_) / 1000;
  Json out = Json::object();
  out.set("url", options_.url).set("host", options_.host).set("rate", options_.rate);
  out.set("start_unix_ms", start_unix_ms_).set("duration_s", length_s);
  const Json tally = tally_.to_json();
  for (const auto& [name, value] : tally.members()) out.set(name, value);
  Json connections = Json::object();
  connections.set("opened", opened_).set("most_open", static_cast<std::uint64_t>(most_open_));
  connections.set("closed_while_idle", closed_while_idle_).set("stray_bytes", stray_);
  out.set("connections", std::move(connections));
  out.set("cpu_percent", length_s > 0 ? 100 * cpu_seconds() / length_s : 0.0);
  return out;
}

}  // namespace slipway::load
