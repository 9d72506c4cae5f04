#include "edge/access_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "edge/log_sink.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::edge {
namespace {

constexpr std::size_t kRingBytes = std::size_t{1} << 20;
constexpr std::size_t kBatchBytes = std::size_t{64} << 10;
constexpr std::size_t kUsualLine = 4096;
constexpr Millis kRest{250};      // between two looks, unless a ring is half full before
constexpr Millis kShortRest{10};  // while there is much to write
constexpr Millis kReopenTime{1'000};
constexpr Millis kLastTime{1'000};  // for a stream to take what is left at the end

}  // namespace

Result<std::unique_ptr<AccessLog>> AccessLog::open(const AccessLogOptions& options,
                                                   const std::string& state, unsigned workers) {
  if (options.where == "off") return std::unique_ptr<AccessLog>();
  AccessLogOptions settled = options;
  if (settled.where.empty()) {
    TRY(io::make_dirs(io::join_path(state, "logs")));
    settled.where = io::join_path(state, "logs/access.log");
  }
  auto sink = LogSink::open(settled);
  if (!sink) {
    Error why = sink.error();
    why.next = "name a file the edge may write with --access-log, or --access-log off";
    return why;
  }
  return std::unique_ptr<AccessLog>(new AccessLog(
      std::move(settled), std::make_unique<LogSink>(std::move(sink).value()), workers));
}

AccessLog::AccessLog(AccessLogOptions options, std::unique_ptr<LogSink> sink, unsigned workers)
    : options_(std::move(options)), sink_(std::move(sink)) {
  batch_.reserve(kBatchBytes + kUsualLine);  // or its last line would double it
  for (unsigned i = 0; i < workers; ++i) {
    rings_.push_back(std::make_unique<LogRing>(kRingBytes));
    // Without the lock, which a worker must not wait for: a call that comes just before the writer
    // begins to rest is lost, and the rest is short.
    rings_.back()->when_half_full([this] {
      hurry_.store(true, std::memory_order_relaxed);
      wake_.notify_one();
    });
  }
  thread_ = std::thread([this] { run(); });
}

AccessLog::~AccessLog() {
  {
    const std::lock_guard<std::mutex> guard(lock_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void AccessLog::run() {
  std::unique_lock<std::mutex> guard(lock_);
  while (!stop_) {
    wake_.wait_for(guard, busy_ ? kShortRest : kRest, [this] {
      return stop_ || reopen_wanted_ || hurry_.exchange(false, std::memory_order_relaxed);
    });
    const bool reopening = reopen_wanted_;
    guard.unlock();
    write_all();
    Result<void> reopened = reopening ? sink_->reopen() : ok();
    guard.lock();
    if (reopening) finish_reopen(std::move(reopened));
  }
  const std::int64_t until = io::monotonic_us() + Micros(kLastTime).count();
  for (bool done = false; !done && io::monotonic_us() < until;) {
    guard.unlock();
    done = write_all();
    guard.lock();
    if (!done) wake_.wait_for(guard, kShortRest);
  }
}

// True when nothing is left.
bool AccessLog::write_all() {
  busy_ = false;
  for (;;) {
    const bool more = fill_batch();
    while (!batch_.empty()) {
      if (!write_batch()) return false;
    }
    if (!more) return true;
  }
}

// True when the rings held more than a batch.
bool AccessLog::fill_batch() {
  for (const auto& ring : rings_) {
    busy_ = busy_ || ring->used() > kRingBytes / 4;
    ring->has_looked();
    while (batch_.size() < kBatchBytes) {
      const std::string_view record = ring->front();
      if (record.empty()) break;
      line_.append(read_record(record), batch_);
      ++batch_lines_;
      ring->pop();
    }
  }
  return batch_.size() >= kBatchBytes;
}

// False when the sink takes no more now. A batch the system refuses is lost, and counted as such:
// keeping it would only lose the next ones instead.
bool AccessLog::write_batch() {
  const auto done = sink_->write(batch_);
  {
    const std::lock_guard<std::mutex> guard(lock_);
    trouble_ = done ? std::string() : done.error().sentence();
  }
  if (!done) {
    lost_.fetch_add(batch_lines_, std::memory_order_relaxed);
    batch_.clear();
    batch_lines_ = 0;
    return true;
  }
  const bool all = *done == batch_.size();
  std::uint64_t lines = batch_lines_;
  if (!all)
    lines = static_cast<std::uint64_t>(
        std::count(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(*done), '\n'));
  lines_.fetch_add(lines, std::memory_order_relaxed);
  batch_lines_ -= lines;
  batch_.erase(0, *done);
  return *done > 0;
}

void AccessLog::finish_reopen(Result<void> outcome) {
  reopen_outcome_ = std::move(outcome);
  reopen_wanted_ = false;
  reopened_.notify_all();
}

Result<void> AccessLog::reopen() {
  std::unique_lock<std::mutex> guard(lock_);
  reopen_wanted_ = true;
  wake_.notify_one();
  if (!reopened_.wait_for(guard, kReopenTime, [this] { return !reopen_wanted_; }))
    return Error(Code::Timeout,
                 fmt::format("the access log {} was not opened again within {} ms: a write to it "
                             "has not come back",
                             options_.where, kReopenTime.count()),
                 "look at the disk it lies on; it is opened again as soon as the write ends");
  return reopen_outcome_;
}

AccessLog::Counts AccessLog::counts() const {
  Counts counts;
  counts.where = options_.where;
  counts.lines = lines_.load(std::memory_order_relaxed);
  counts.dropped = lost_.load(std::memory_order_relaxed);
  for (const auto& ring : rings_) counts.dropped += ring->dropped();
  const std::lock_guard<std::mutex> guard(lock_);
  counts.trouble = trouble_;
  return counts;
}

}  // namespace slipway::edge
