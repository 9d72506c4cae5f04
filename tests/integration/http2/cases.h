#pragma once
// One row: what a client sends after both sides have said their settings, and what must come of it.
#include <string>
#include <string_view>
#include <vector>

#include "tests/integration/http2/frames.h"

namespace slipway::edge::test {

// What the edge must do. The codes are those that the RFC allows for the case; a stream error may
// be made one of the connection (RFC 9113 section 5.4.2).
struct Outcome {
  enum class Kind { Connection, Stream, Answer, Alive };
  Kind kind = Kind::Alive;
  std::vector<int> codes;    // Connection, Stream
  std::uint32_t stream = 0;  // Stream, Answer
  int status = 0;            // Answer
};

Outcome connection_error(std::vector<int> codes);
Outcome stream_error(std::uint32_t stream, std::vector<int> codes);
Outcome answered(std::uint32_t stream, int status = 200);
Outcome alive();  // a PING afterwards is answered, and so is a request

struct Http2Case {
  std::string_view rule;  // section of RFC 9113; "7541" and a section: of HPACK
  std::string_view what;
  std::string sends;
  Outcome must;
};

std::vector<Http2Case> frame_cases();    // sections 4 to 6
std::vector<Http2Case> message_cases();  // sections 8 and 10, and HPACK

}  // namespace slipway::edge::test
