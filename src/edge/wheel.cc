#include "edge/wheel.h"

#include <algorithm>
#include <bit>

namespace slipway::edge {

Wheel::Wheel() {
  for (Deadline& slot : slots_) slot.before = slot.after = &slot;
}

void Wheel::set(Deadline& deadline, std::uint64_t at_ms, std::uint64_t now_ms) {
  deadline.at_ms = std::max<std::uint64_t>(at_ms, 1);
  if (deadline.linked()) {
    if (deadline.slot_ms <= at_ms + kTickMs)
      return;  // the wheel looks in time; it will move it on then
    unlink(deadline);
  }
  link(deadline, now_ms);
}

void Wheel::clear(Deadline& deadline) {
  if (deadline.linked()) unlink(deadline);
  deadline.at_ms = 0;
}

void Wheel::link(Deadline& deadline, std::uint64_t now_ms) {
  if (tick_ == 0) tick_ = now_ms / kTickMs;
  const std::uint64_t wanted = deadline.at_ms / kTickMs + 1;
  const std::uint64_t tick = std::clamp(wanted, tick_ + 1, tick_ + kSlots - 1);
  const std::uint64_t slot = tick % kSlots;
  deadline.slot_ms = tick * kTickMs;
  Deadline& head = slots_[slot];
  deadline.before = head.before;
  deadline.after = &head;
  head.before->after = &deadline;
  head.before = &deadline;
  used_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  if (count_ == 0 || deadline.slot_ms < soonest_ms_) soonest_ms_ = deadline.slot_ms;
  ++count_;
}

void Wheel::find_soonest(std::uint64_t now_ms) {
  const int in = next_in(now_ms);
  soonest_ms_ = in < 0 ? 0 : now_ms + static_cast<std::uint64_t>(in);
}

void Wheel::unlink(Deadline& deadline) {
  if (deadline.before == deadline.after) {
    // The last of its slot: nobody shall be woken for an empty one.
    const std::uint64_t slot = deadline.slot_ms / kTickMs % kSlots;
    used_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  }
  deadline.before->after = deadline.after;
  deadline.after->before = deadline.before;
  deadline.before = deadline.after = nullptr;
  --count_;
}

void Wheel::take_slot(std::uint64_t slot, Deadline& into) {
  into.before = into.after = &into;
  used_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  Deadline& head = slots_[slot];
  if (head.after == &head) return;
  into.after = head.after;
  into.before = head.before;
  into.after->before = &into;
  into.before->after = &into;
  head.before = head.after = &head;
}

int Wheel::next_in(std::uint64_t now_ms) const {
  if (count_ == 0) return -1;
  for (std::uint64_t step = 1; step <= kSlots;) {
    const std::uint64_t slot = (tick_ + step) % kSlots;
    const std::uint64_t bits = used_[slot / 64] >> (slot % 64);
    if (bits == 0) {
      step += 64 - slot % 64;
      continue;
    }
    step += static_cast<std::uint64_t>(std::countr_zero(bits));
    const std::uint64_t at = (tick_ + step) * kTickMs;
    return at > now_ms ? static_cast<int>(at - now_ms) : 0;
  }
  return static_cast<int>(kTickMs);
}

}  // namespace slipway::edge
