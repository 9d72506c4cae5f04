#pragma once
// Records of any size from one thread to another, without a lock and without a system call: a
// worker puts in what it wants to be logged, the writer takes it out when it next looks. A record
// that does not fit is refused and counted, so the worker never waits for a disk.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace slipway::edge {

class LogRing {
 public:
  // `size`: a power of two; no record may be larger than a quarter of it.
  explicit LogRing(std::size_t size);

  // The worker's side. begin() gives room for a record, aligned for any number in it; nullptr:
  // full. The record exists for the reader from commit() on.
  char* begin(std::size_t size);
  void commit();
  // Before the worker starts: called by commit() when the ring is half full, once until the reader
  // has looked again. It must not wait for anything.
  void when_half_full(std::function<void()> call) { half_full_ = std::move(call); }

  // The reader's side. The oldest record; empty when there is none. It stays until pop(), which
  // takes away what front() gave.
  std::string_view front();
  void pop();
  std::size_t used() const;
  void has_looked() { called_.store(false, std::memory_order_relaxed); }

  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t kAlign = 8;
  static constexpr std::uint32_t kSkip = 0xffff'ffff;  // the rest up to the end is unused
  char* at(std::uint64_t position) { return bytes_.get() + (position & mask_); }

  const std::size_t size_;
  const std::uint64_t mask_;
  std::unique_ptr<char[]> bytes_;
  // Positions only grow. Each side keeps the other's as it last saw it, on its own cache line.
  alignas(64) std::atomic<std::uint64_t> written_{0};
  std::uint64_t begun_ = 0;
  std::uint64_t seen_read_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
  std::function<void()> half_full_;
  std::atomic<bool> called_{false};
  alignas(64) std::atomic<std::uint64_t> read_{0};
  std::uint64_t seen_written_ = 0;
};

}  // namespace slipway::edge
