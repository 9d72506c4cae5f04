#pragma once
// A client that is waited for must keep up a least rate, on the whole and not in every second: it
// has a credit of time that waiting uses up and that every byte fills again, up to where it began.
#include <algorithm>
#include <cstdint>

namespace slipway::edge {

class Pace {
 public:
  // It is waited for from now on; `bytes` have come altogether. How many milliseconds it may take
  // until the next ones; 0: it was too slow.
  std::uint64_t wait(std::uint64_t now_ms, std::uint64_t bytes, std::int64_t least_per_s,
                     std::uint64_t credit_ms) {
    const auto whole = static_cast<std::int64_t>(credit_ms) * 1000;
    if (least_per_s == 0) return credit_ms;
    if (!begun_) left_us_ = whole;
    if (waiting_) left_us_ -= static_cast<std::int64_t>(now_ms - since_ms_) * 1000;
    const std::uint64_t fresh = std::min<std::uint64_t>(bytes - bytes_, std::uint64_t{1} << 40);
    if (begun_) left_us_ += static_cast<std::int64_t>(fresh) * 1'000'000 / least_per_s;
    left_us_ = std::min(left_us_, whole);
    begun_ = waiting_ = true;
    since_ms_ = now_ms;
    bytes_ = bytes;
    return left_us_ > 0 ? static_cast<std::uint64_t>(left_us_ / 1000) : 0;
  }
  // It is not waited for any more: time that somebody else takes is not its own.
  void rest(std::uint64_t now_ms) {
    if (!waiting_) return;
    waiting_ = false;
    left_us_ -= static_cast<std::int64_t>(now_ms - since_ms_) * 1000;
  }

 private:
  bool begun_ = false;
  bool waiting_ = false;
  std::uint64_t since_ms_ = 0;
  std::uint64_t bytes_ = 0;
  std::int64_t left_us_ = 0;
};

}  // namespace slipway::edge
