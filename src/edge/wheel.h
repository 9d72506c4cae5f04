#pragma once
// A timing wheel for one worker: tens of thousands of deadlines that are moved on every request and
// almost never reached. Moving a deadline later costs one store; the entry is looked at again when
// its slot comes round. Granularity 8 ms: a deadline is never reported early, at most that much
// late.
#include <array>
#include <cstdint>

namespace slipway::edge {

struct Deadline {
  Deadline* before = nullptr;
  Deadline* after = nullptr;
  std::uint64_t at_ms = 0;    // when it is due; 0: not set
  std::uint64_t slot_ms = 0;  // when the wheel will look at it
  void* owner = nullptr;
  bool linked() const { return after != nullptr; }
};

class Wheel {
 public:
  Wheel();
  Wheel(const Wheel&) = delete;
  Wheel& operator=(const Wheel&) = delete;
  void set(Deadline& deadline, std::uint64_t at_ms, std::uint64_t now_ms);
  void clear(Deadline& deadline);

  // Calls due(owner) for every deadline at or before now; each is cleared first and may be set
  // again.
  template <class Due>
  void advance(std::uint64_t now_ms, Due due) {
    const std::uint64_t to = now_ms / kTickMs;
    if (to - tick_ > kSlots) tick_ = to - kSlots;
    while (tick_ < to) {
      ++tick_;
      Deadline expired;
      take_slot(tick_ % kSlots, expired);
      while (expired.after != &expired) {
        Deadline& first = *expired.after;
        unlink(first);
        if (first.at_ms > now_ms) {
          link(first, now_ms);
        } else {
          first.at_ms = 0;
          due(first.owner);
        }
      }
    }
    if (soonest_ms_ <= now_ms) find_soonest(now_ms);
  }
  // When it wants to advance next; 0: nothing is set. May be early, after something was cleared.
  std::uint64_t next_look() const { return count_ == 0 ? 0 : soonest_ms_; }
  // Milliseconds until something may be due; -1 when nothing is set.
  int next_in(std::uint64_t now_ms) const;

 private:
  static constexpr std::uint64_t kTickMs = 8;
  static constexpr std::uint64_t kSlots = 4096;
  void link(Deadline& deadline, std::uint64_t now_ms);
  void unlink(Deadline& deadline);
  void find_soonest(std::uint64_t now_ms);
  void take_slot(std::uint64_t slot, Deadline& into);

  std::array<Deadline, kSlots> slots_;
  std::array<std::uint64_t, kSlots / 64> used_{};  // one bit per slot that is not empty
  std::uint64_t tick_ = 0;
  std::uint64_t soonest_ms_ = 0;
  std::size_t count_ = 0;
};

}  // namespace slipway::edge
