#pragma once
// The open loop. Request n is due at n/rate, whatever became of the ones before; when every
// connection is busy and no more may be opened, arrivals queue and their waiting counts as latency.
// One thread, one epoll; each request ends in the Tally exactly once.
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/connection.h"
#include "load/options.h"
#include "load/tally.h"
#include "load/timeline.h"

namespace slipway::load {

class Generator {
 public:
  // stop_fd: becomes readable when the sending shall stop (a signalfd or eventfd, not owned); or
  // -1.
  Generator(const Options& options, int stop_fd);
  ~Generator();
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // Runs to the end: the last answer, or its time-out.
  Result<void> run();
  const Tally& tally() const { return tally_; }
  // The whole account with the run's own figures; the format is in README.md.
  Json report() const;

 private:
  Result<void> open_files();
  Result<void> watch(int fd, std::uint64_t tag);
  bool should_stop(Nanos now) const;
  Nanos due(std::uint64_t number) const;
  void arrive(Nanos now);
  void dispatch(Nanos now);
  bool start_on(std::size_t index, Nanos now);
  void fail_unsent(Nanos scheduled, Failure failure, Nanos now);
  void wait_for_events();
  void on_event(std::uint64_t tag, std::uint32_t events, Nanos now);
  void settle(std::size_t index, Step step, Nanos now);
  void finish(Connection& connection, Failure failure, Nanos now);
  void record(const Outcome& outcome);
  void release(std::size_t index);
  void housekeep(Nanos now);
  void expire(Nanos now);
  void print_progress(Nanos now);
  void arm_timer(Nanos now);

  const Options& options_;
  int stop_fd_;
  int epoll_fd_ = -1;
  int timer_fd_ = -1;
  Nanos start_{};
  double start_unix_ms_ = 0;
  Nanos end_{};
  Nanos next_housekeeping_{};
  Nanos next_progress_{};
  bool is_stopping_ = false;
  bool stop_asked_ = false;
  std::uint64_t next_ = 0;  // number of the next request to arrive
  std::deque<Nanos>
      arrivals_;  // scheduled times of requests without a connection; bounded, see .cc
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::size_t> closed_;
  std::vector<std::size_t> idle_;  // last in, first out: few connections stay warm
  std::size_t in_flight_ = 0;
  std::size_t most_open_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t closed_while_idle_ = 0;
  std::uint64_t stray_ = 0;
  std::string scratch_;
  SeededRandom random_;
  Tally tally_;
  std::unique_ptr<Timeline> timeline_;
};

}  // namespace slipway::load
