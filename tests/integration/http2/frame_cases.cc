// RFC 9113 sections 4 to 6: frames, streams, settings, windows.
#include "tests/integration/http2/cases.h"

namespace slipway::edge::test {
namespace {

const std::string kGet1 = headers(1, get_fields());
const FieldList kPost = with(get_fields("/post"), {{":method", "POST"}});
const std::string kOpen1 = open_headers(1, kPost);
const std::string kEight(8, 'p');

std::string half(std::uint32_t stream, std::uint8_t flags) {
  const std::string block = hpack(get_fields());
  return frame(kHeaders, flags, stream, block.substr(0, 10));
}
std::string rest(std::uint32_t stream, std::uint8_t flags) {
  return frame(kContinuation, flags, stream, hpack(get_fields()).substr(10));
}

std::vector<Http2Case> format_cases() {
  const std::string big(16'384, 'x');
  return {
      {"4.1", "an unknown frame type is ignored", frame(0x16, 0, 0, kEight), alive()},
      {"4.1", "an unknown frame type on a stream is ignored",
       kOpen1 + frame(0x16, 0, 1, kEight) + frame(kBody, kEndStream, 1), answered(1)},
      {"4.1", "flags that a type does not define are ignored", frame(kPing, 0x16, 0, kEight),
       alive()},
      {"4.1", "the reserved bit of a stream identifier is ignored",
       frame(kPing, 0, 0x80000000U, kEight), alive()},
      {"4.2", "a DATA frame of the largest size is taken",
       kOpen1 + frame(kBody, kEndStream, 1, big), answered(1)},
      {"4.2", "a DATA frame beyond the largest size is refused",
       kOpen1 + frame(kBody, kEndStream, 1, big + "y"), stream_error(1, {kFrameSizeError})},
      {"4.2", "a HEADERS frame beyond the largest size is refused",
       frame(kHeaders, kEndHeaders | kEndStream, 1,
             hpack(get_fields()) + std::string(16'384, '\0')),
       connection_error({kFrameSizeError})},
      {"4.2", "a SETTINGS frame beyond the largest size is refused",
       frame(kSettings, 0, 0, std::string(16'386, '\0')), connection_error({kFrameSizeError})},
      {"4.2", "a PING beyond the largest size is refused", frame(kPing, 0, 0, big + "y"),
       connection_error({kFrameSizeError})},
      {"4.2", "an unknown frame beyond the largest size is refused", frame(0x16, 0, 0, big + "y"),
       connection_error({kFrameSizeError})},
      {"4.3", "PRIORITY within a field block",
       half(1, kEndStream) + frame(kPriority, 0, 1, std::string(5, '\0')) + rest(1, kEndHeaders),
       connection_error({kProtocolError})},
      {"4.3", "HEADERS of another stream within a field block",
       half(1, kEndStream) + headers(3, get_fields()), connection_error({kProtocolError})},
      {"4.3", "PING within a field block", half(1, kEndStream) + frame(kPing, 0, 0, kEight),
       connection_error({kProtocolError})},
      {"5.5", "an unknown frame within a field block",
       half(1, kEndStream) + frame(0x16, 0, 1, kEight) + rest(1, kEndHeaders),
       connection_error({kProtocolError})},
  };
}

std::vector<Http2Case> state_cases() {
  const std::string reset1 = frame(kReset, 0, 1, number32(kCancel));
  return {
      {"5.1", "DATA on an idle stream", frame(kBody, kEndStream, 1, "x"),
       connection_error({kProtocolError, kStreamClosed})},
      {"5.1", "RST_STREAM on an idle stream", reset1, connection_error({kProtocolError})},
      {"5.1", "WINDOW_UPDATE on an idle stream", frame(kWindowUpdate, 0, 1, number32(9)),
       connection_error({kProtocolError})},
      {"5.1", "CONTINUATION on an idle stream",
       frame(kContinuation, kEndHeaders, 1, hpack(get_fields())),
       connection_error({kProtocolError})},
      {"5.1", "PRIORITY on an idle stream is allowed", frame(kPriority, 0, 1, std::string(5, '\0')),
       alive()},
      {"5.1", "DATA after END_STREAM",
       headers(1, get_fields("/slow")) + frame(kBody, kEndStream, 1, "x"),
       stream_error(1, {kStreamClosed})},
      {"5.1", "HEADERS after END_STREAM", headers(1, get_fields("/slow")) + kGet1,
       stream_error(1, {kStreamClosed})},
      {"5.1", "CONTINUATION after END_HEADERS and END_STREAM",
       headers(1, get_fields("/slow")) + frame(kContinuation, kEndHeaders, 1, hpack(get_fields())),
       connection_error({kProtocolError})},
      {"5.1", "WINDOW_UPDATE after END_STREAM is allowed",
       headers(1, get_fields()) + frame(kWindowUpdate, 0, 1, number32(9)), answered(1)},
      {"5.1", "PRIORITY after END_STREAM is allowed",
       kGet1 + frame(kPriority, 0, 1, std::string(5, '\0')), answered(1)},
      {"5.1", "PRIORITY on a closed stream is allowed",
       kOpen1 + reset1 + frame(kPriority, 0, 1, std::string(5, '\0')), alive()},
      {"5.1", "WINDOW_UPDATE shortly after RST_STREAM is ignored",
       kOpen1 + reset1 + frame(kWindowUpdate, 0, 1, number32(9)), alive()},
      {"5.1", "RST_STREAM twice is ignored", kOpen1 + reset1 + reset1, alive()},
      {"5.1", "HEADERS on a stream that was reset", kOpen1 + reset1 + kGet1,
       stream_error(1, {kStreamClosed})},
      {"5.1.1", "a stream with an even identifier", headers(2, get_fields()),
       connection_error({kProtocolError})},
      {"5.1.1", "a stream with a lower identifier than one before",
       headers(5, get_fields()) + headers(3, get_fields()),
       connection_error({kProtocolError, kStreamClosed})},
      {"5.1.1", "identifiers may be left out", headers(7, get_fields()), answered(7)},
      {"5.1.2", "the 129th stream at a time",
       [] {
         std::string out;
         for (std::uint32_t i = 0; i < 129; ++i) out += open_headers(2 * i + 1, kPost);
         return out;
       }(),
       stream_error(257, {kRefusedStream, kProtocolError})},
      {"5.3.2", "a stream that depends on itself is no longer an error",
       frame(kPriority, 0, 1, number32(1) + "\x01"), alive()},
  };
}

std::vector<Http2Case> body_and_head_cases() {
  using std::string_literals::operator""s;
  const std::string block = hpack(get_fields());
  return {
      {"6.1", "DATA on stream 0", frame(kBody, 0, 0, "x"), connection_error({kProtocolError})},
      {"6.1", "padding as long as the DATA frame",
       kOpen1 + frame(kBody, kEndStream | kPadded, 1,
                      "\x05"
                      "12345"s.substr(0, 5)),
       connection_error({kProtocolError})},
      {"6.1", "a padded DATA frame without a pad length",
       kOpen1 + frame(kBody, kEndStream | kPadded, 1, ""),
       connection_error({kProtocolError, kFrameSizeError})},
      {"6.1", "padding is taken off",
       kOpen1 + frame(kBody, kEndStream | kPadded, 1,
                      "\x03"
                      "body\0\0\0"s),
       answered(1)},
      {"6.1", "an empty DATA frame ends a body", kOpen1 + frame(kBody, kEndStream, 1), answered(1)},
      {"6.2", "HEADERS on stream 0", headers(0, get_fields()), connection_error({kProtocolError})},
      {"6.2", "padding longer than the HEADERS frame",
       frame(kHeaders, kEndHeaders | kEndStream | kPadded, 1, "\xff" + block),
       connection_error({kProtocolError})},
      {"6.2", "padding of HEADERS is taken off",
       frame(kHeaders, kEndHeaders | kEndStream | kPadded, 1,
             "\x04" + block + std::string(4, '\0')),
       answered(1)},
      {"6.2", "HEADERS may carry a priority",
       frame(kHeaders, kEndHeaders | kEndStream | kWithPriority, 1,
             std::string(4, '\0') + "\x10" + block),
       answered(1)},
      {"6.2", "padding and priority together",
       frame(kHeaders, kEndHeaders | kEndStream | kWithPriority | kPadded, 1,
             "\x02" + std::string(4, '\0') + "\x10" + block + std::string(2, '\0')),
       answered(1)},
      {"6.2", "a priority flag without a priority",
       frame(kHeaders, kEndHeaders | kEndStream | kWithPriority, 1, "abc"),
       connection_error({kFrameSizeError, kProtocolError})},
      {"6.3", "PRIORITY on stream 0", frame(kPriority, 0, 0, std::string(5, '\0')),
       connection_error({kProtocolError})},
      {"6.3", "PRIORITY of four bytes", kOpen1 + frame(kPriority, 0, 1, std::string(4, '\0')),
       stream_error(1, {kFrameSizeError})},
      {"6.3", "PRIORITY of six bytes", kOpen1 + frame(kPriority, 0, 1, std::string(6, '\0')),
       stream_error(1, {kFrameSizeError})},
      {"6.4", "RST_STREAM on stream 0", frame(kReset, 0, 0, number32(0)),
       connection_error({kProtocolError})},
      {"6.4", "RST_STREAM of three bytes", kOpen1 + frame(kReset, 0, 1, "abc"),
       connection_error({kFrameSizeError})},
      {"6.4", "RST_STREAM of five bytes", kOpen1 + frame(kReset, 0, 1, "abcde"),
       connection_error({kFrameSizeError})},
      {"6.4", "RST_STREAM with an unknown code closes the stream only",
       kOpen1 + frame(kReset, 0, 1, number32(0xbeef)), alive()},
  };
}

std::vector<Http2Case> block_cases() {
  const std::string block = hpack(get_fields());
  return {
      {"6.6", "PUSH_PROMISE from a client",
       frame(kPushPromise, kEndHeaders, 1, number32(2) + block),
       connection_error({kProtocolError})},
      {"6.10", "a field block in CONTINUATION frames",
       half(1, kEndStream) + frame(kContinuation, 0, 1, block.substr(10, 5)) +
           frame(kContinuation, kEndHeaders, 1, block.substr(15)),
       answered(1)},
      {"6.10", "an empty CONTINUATION frame",
       half(1, kEndStream) + frame(kContinuation, 0, 1) + rest(1, kEndHeaders), answered(1)},
      {"6.10", "CONTINUATION on stream 0", half(1, kEndStream) + rest(0, kEndHeaders),
       connection_error({kProtocolError})},
      {"6.10", "CONTINUATION of another stream", half(1, kEndStream) + rest(3, kEndHeaders),
       connection_error({kProtocolError})},
      {"6.10", "CONTINUATION after END_HEADERS",
       kOpen1 + frame(kContinuation, kEndHeaders, 1, block), connection_error({kProtocolError})},
      {"6.10", "CONTINUATION after the last CONTINUATION",
       half(1, 0) + rest(1, kEndHeaders) + frame(kContinuation, kEndHeaders, 1, block),
       connection_error({kProtocolError})},
      {"6.10", "DATA where CONTINUATION must come", half(1, 0) + frame(kBody, kEndStream, 1, "x"),
       connection_error({kProtocolError})},
  };
}

std::vector<Http2Case> control_cases() {
  const auto window = [](std::uint32_t stream, std::uint32_t by) {
    return frame(kWindowUpdate, 0, stream, number32(by));
  };
  return {
      {"6.5", "SETTINGS with ACK and a payload", frame(kSettings, kAck, 0, std::string(6, '\0')),
       connection_error({kFrameSizeError})},
      {"6.5", "SETTINGS on a stream", frame(kSettings, 0, 1), connection_error({kProtocolError})},
      {"6.5", "SETTINGS of three bytes", frame(kSettings, 0, 0, "abc"),
       connection_error({kFrameSizeError})},
      {"6.5.2", "ENABLE_PUSH that is neither 0 nor 1", settings({{2, 2}}),
       connection_error({kProtocolError})},
      {"6.5.2", "ENABLE_PUSH 1 from a client is allowed", settings({{2, 1}}), alive()},
      {"6.5.2", "INITIAL_WINDOW_SIZE above 2^31-1", settings({{4, 0x80000000U}}),
       connection_error({kFlowControlError})},
      {"6.5.2", "MAX_FRAME_SIZE below 16384", settings({{5, 16'383}}),
       connection_error({kProtocolError})},
      {"6.5.2", "MAX_FRAME_SIZE above 2^24-1", settings({{5, 16'777'216}}),
       connection_error({kProtocolError})},
      {"6.5.2", "MAX_FRAME_SIZE at its largest", settings({{5, 16'777'215}}), alive()},
      {"6.5.2", "an unknown setting is ignored", settings({{0xff, 1}}), alive()},
      {"6.5.2", "HEADER_TABLE_SIZE 0 is obeyed", settings({{1, 0}}) + kGet1, answered(1)},
      {"6.5.2", "MAX_CONCURRENT_STREAMS 0 is about pushes only", settings({{3, 0}}) + kGet1,
       answered(1)},
      {"6.7", "PING on a stream", frame(kPing, 0, 1, kEight), connection_error({kProtocolError})},
      {"6.7", "PING of six bytes", frame(kPing, 0, 0, "sixsix"),
       connection_error({kFrameSizeError})},
      {"6.7", "PING with ACK is not answered with a PING", frame(kPing, kAck, 0, kEight), alive()},
      {"6.8", "GOAWAY on a stream", frame(kGoAway, 0, 1, number32(0) + number32(0)),
       connection_error({kProtocolError})},
      {"6.8", "GOAWAY of four bytes", frame(kGoAway, 0, 0, number32(0)),
       connection_error({kFrameSizeError})},
      {"6.8", "what is under way at GOAWAY is answered",
       kGet1 + frame(kGoAway, 0, 0, number32(0) + number32(0)), answered(1)},
      {"6.9", "WINDOW_UPDATE of 0 on a stream", kOpen1 + window(1, 0),
       stream_error(1, {kProtocolError})},
      {"6.9", "WINDOW_UPDATE of 0 on the connection", window(0, 0),
       connection_error({kProtocolError})},
      {"6.9", "WINDOW_UPDATE of three bytes", frame(kWindowUpdate, 0, 0, "abc"),
       connection_error({kFrameSizeError})},
      {"6.9", "WINDOW_UPDATE of five bytes", frame(kWindowUpdate, 0, 0, "abcde"),
       connection_error({kFrameSizeError})},
      {"6.9.1", "the connection's window beyond 2^31-1", window(0, 0x7fffffff),
       connection_error({kFlowControlError})},
      {"6.9.1", "a stream's window beyond 2^31-1", kOpen1 + window(1, 0x7fffffff),
       stream_error(1, {kFlowControlError})},
      {"6.9.1", "more body than the stream's window",
       open_headers(1, with(kPost, {{":authority", "paused.example"}})) +
           times(9, frame(kBody, 0, 1, std::string(16'000, 'x'))),
       stream_error(1, {kFlowControlError})},
      {"6.9.2", "a window made too large by SETTINGS",
       kOpen1 + window(1, 0x7fff0000) + settings({{4, 0x7fffffff}}),
       connection_error({kFlowControlError})},
      {"7", "a GOAWAY with an unknown code is taken",
       kGet1 + frame(kGoAway, 0, 0, number32(0) + number32(0xbeef)), answered(1)},
  };
}

void append(std::vector<Http2Case>& to, std::vector<Http2Case> more) {
  for (Http2Case& each : more) to.push_back(std::move(each));
}
}  // namespace

std::vector<Http2Case> frame_cases() {
  std::vector<Http2Case> all = format_cases();
  append(all, state_cases());
  append(all, body_and_head_cases());
  append(all, block_cases());
  append(all, control_cases());
  return all;
}

}  // namespace slipway::edge::test
