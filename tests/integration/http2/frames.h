#pragma once
// Frames of HTTP/2 as bytes, right or wrong, and a client that sends them and tells what comes
// back.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/fd.h"

namespace slipway::edge::test {

inline constexpr std::uint8_t kBody = 0, kHeaders = 1, kPriority = 2, kReset = 3, kSettings = 4,
                              kPushPromise = 5, kPing = 6, kGoAway = 7, kWindowUpdate = 8,
                              kContinuation = 9;
inline constexpr std::uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8,
                              kWithPriority = 0x20;
// Error codes of RFC 9113 section 7.
inline constexpr int kNoError = 0, kProtocolError = 1, kFlowControlError = 3, kStreamClosed = 5,
                     kFrameSizeError = 6, kRefusedStream = 7, kCancel = 8, kCompressionError = 9,
                     kEnhanceYourCalm = 11;

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  const std::string& payload = {});
std::string number32(std::uint32_t value);

using FieldList = std::vector<std::pair<std::string, std::string>>;
std::string hpack(const FieldList& fields);  // literals, nothing indexed
FieldList get_fields(const std::string& path = "/");
FieldList with(FieldList fields, const FieldList& more);
FieldList without(FieldList fields, const std::string& name);
// With END_HEADERS and END_STREAM.
std::string headers(std::uint32_t stream, const FieldList& fields);
std::string open_headers(std::uint32_t stream, const FieldList& fields);  // a body follows
std::string settings(const std::vector<std::pair<int, std::uint32_t>>& values);
std::string times(int count, const std::string& bytes);

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
  int code() const;  // of RST_STREAM and GOAWAY
};

// Reads take at most five seconds.
class Http2Client {
 public:
  explicit Http2Client(int port);  // connects; sends nothing
  ~Http2Client();
  void hello(const std::vector<std::pair<int, std::uint32_t>>& values = {});
  void send(const std::string& bytes);
  std::optional<Frame> read();  // nullopt: the connection ended, or five seconds went by
  bool timed_out() const { return timed_out_; }
  std::optional<Frame> read_until(std::uint8_t type, std::uint32_t stream = 0);
  FieldList decode(const Frame& headers_frame);
  // The whole answer on a stream: ":status" among its fields, interim ones skipped.
  struct Answer {
    int status = 0;
    FieldList fields;
    std::string body;
    bool ended = false;
    int reset = -1;
  };
  Answer answer(std::uint32_t stream);
  std::string raw();  // what comes until the end, undecoded

 private:
  bool fill();
  struct Inflater;
  io::Fd fd_;
  std::string in_;
  bool timed_out_ = false;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace slipway::edge::test
