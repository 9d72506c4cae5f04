#include "edge/log_ring.h"

#include <cstring>

#include "base/assert.h"

namespace slipway::edge {
namespace {

constexpr std::size_t kHead = 8;  // of each record: its size, and what keeps numbers aligned

std::size_t room_of(std::size_t size, std::size_t align) {
  return kHead + (size + align - 1) / align * align;
}

std::uint32_t size_at(const char* record) {
  std::uint32_t size = 0;
  std::memcpy(&size, record, sizeof size);
  return size;
}

}  // namespace

LogRing::LogRing(std::size_t size) : size_(size), mask_(size - 1), bytes_(new char[size]) {
  ASSERT(size >= 64 && (size & (size - 1)) == 0);
}

char* LogRing::begin(std::size_t size) {
  ASSERT(size > 0 && size <= size_ / 4);
  const std::size_t need = room_of(size, kAlign);
  std::uint64_t from = written_.load(std::memory_order_relaxed);
  const std::size_t to_end = size_ - static_cast<std::size_t>(from & mask_);
  const std::size_t skip = to_end < need ? to_end : 0;  // a record never wraps
  if (from + skip + need - seen_read_ > size_) {
    seen_read_ = read_.load(std::memory_order_acquire);
    if (from + skip + need - seen_read_ > size_) {
      dropped_.store(dropped_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
      return nullptr;
    }
  }
  if (skip > 0) {
    std::memcpy(at(from), &kSkip, sizeof kSkip);
    from += skip;
  }
  const auto stored = static_cast<std::uint32_t>(size);
  std::memcpy(at(from), &stored, sizeof stored);
  begun_ = from + need;
  return at(from) + kHead;
}

void LogRing::commit() {
  written_.store(begun_, std::memory_order_release);
  if (begun_ - seen_read_ <= size_ / 2 || !half_full_) return;
  seen_read_ = read_.load(std::memory_order_acquire);
  if (begun_ - seen_read_ <= size_ / 2 || called_.exchange(true, std::memory_order_relaxed)) return;
  half_full_();
}

std::string_view LogRing::front() {
  std::uint64_t from = read_.load(std::memory_order_relaxed);
  if (from == seen_written_) seen_written_ = written_.load(std::memory_order_acquire);
  if (from == seen_written_) return {};
  if (size_at(at(from)) == kSkip) {
    from += size_ - (from & mask_);
    read_.store(from, std::memory_order_release);
  }
  return {at(from) + kHead, size_at(at(from))};
}

void LogRing::pop() {
  const std::uint64_t from = read_.load(std::memory_order_relaxed);
  ASSERT(from != seen_written_);
  read_.store(from + room_of(size_at(at(from)), kAlign), std::memory_order_release);
}

std::size_t LogRing::used() const {
  return static_cast<std::size_t>(written_.load(std::memory_order_acquire) -
                                  read_.load(std::memory_order_acquire));
}

}  // namespace slipway::edge
