#include "edge/websocket.h"

#include <algorithm>

namespace slipway::edge {
namespace {
constexpr std::uint8_t kMaskBit = 0x80;
constexpr std::uint8_t kLengthBits = 0x7f;
constexpr std::uint8_t kTwoByteLength = 126;
constexpr std::uint8_t kEightByteLength = 127;
constexpr std::uint64_t kMaskBytes = 4;
}  // namespace

void FrameTracker::take_header(std::uint8_t byte) {
  ++header_;
  if (header_ == 1) return;
  if (header_ == 2) {
    masked_ = (byte & kMaskBit) != 0;
    length_ = byte & kLengthBits;
    length_bytes_ = 0;
    if (length_ == kTwoByteLength) length_bytes_ = 2;
    if (length_ == kEightByteLength) length_bytes_ = 8;
    if (length_bytes_ > 0) length_ = 0;
  } else {
    length_ = length_ << 8 | byte;
    --length_bytes_;
  }
  if (length_bytes_ > 0) return;
  left_ = length_ + (masked_ ? kMaskBytes : 0);
  header_ = 0;
}

void FrameTracker::pass(std::string_view bytes) {
  while (!bytes.empty()) {
    if (left_ > 0 && header_ == 0) {
      const auto skip = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
      left_ -= skip;
      bytes.remove_prefix(skip);
      continue;
    }
    take_header(static_cast<std::uint8_t>(bytes.front()));
    bytes.remove_prefix(1);
  }
}

std::string_view close_frame_1012() { return std::string_view("\x88\x02\x03\xf4", 4); }

}  // namespace slipway::edge
