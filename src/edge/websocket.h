#pragma once
// Just enough of RFC 6455 to end a tunnel politely: a close frame may only be put between two
// frames.
#include <cstdint>
#include <string_view>

namespace slipway::edge {

// Follows the frames that pass by and knows whether the stream is between two of them.
class FrameTracker {
 public:
  void pass(std::string_view bytes);
  bool between_frames() const { return header_ == 0 && left_ == 0; }
  void reset() { *this = FrameTracker(); }

 private:
  void take_header(std::uint8_t byte);
  std::uint64_t left_ = 0;   // payload (and mask) bytes to come
  std::uint8_t header_ = 0;  // header bytes seen; 0: none
  std::uint8_t length_bytes_ = 0;
  std::uint64_t length_ = 0;
  bool masked_ = false;
};

// An unmasked close frame with status 1012, "service restart".
std::string_view close_frame_1012();

}  // namespace slipway::edge
