#pragma once
// One HTTP/2 connection from a client, on bytes alone (RFC 9113): frames in, requests and pieces of
// bodies out; responses in, frames out. nghttp2 speaks the protocol; what it leaves to its user is
// here: limits, floods, and heads in the form that the one strict parser reads, so that nothing
// which HTTP/1.1 would refuse gets past by being sent in frames.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace slipway::edge {

struct Http2Limits {
  std::uint32_t streams = 128;               // at a time
  std::uint32_t stream_window = 128 * 1024;  // bytes of a request body that may wait here
  std::uint32_t connection_window = 512 * 1024;
  std::size_t head_bytes = 32 * 1024;  // more is told 431
  std::size_t headers = 100;           // more are told 431
  // Frames that cost this side work and move nothing: resets, pings, settings, priorities, empty
  // frames. So many at once, and so many a second after that; more end the connection.
  std::uint32_t idle_frames = 400;
  std::uint32_t idle_frames_per_s = 100;
};

class Http2Session {
 public:
  // Called from within receive() and next_bytes(). What it does in return may be respond(),
  // consume(), reset(), resume(); not receive() or next_bytes().
  class Events {
   public:
    virtual ~Events() = default;
    // `head` as HTTP/1.1 would have it: with Host, and Transfer-Encoding: chunked when a body of
    // unknown length follows.
    virtual void on_request(std::int32_t stream, std::string head, bool ends) = 0;
    // The stream is answered with `status` at once: its head was not one.
    virtual void on_refused(std::int32_t stream, int status) = 0;
    virtual void on_body(std::int32_t stream, std::string_view bytes) = 0;
    virtual void on_body_end(std::int32_t stream) = 0;
    virtual void on_closed(std::int32_t stream) = 0;
    // Copies what waits for the client; `last`: nothing comes after it.
    virtual std::size_t take_content(std::int32_t stream, char* to, std::size_t most,
                                     bool& last) = 0;
  };

  Http2Session(const Http2Limits& limits, Events& events);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  // False: the connection is to be closed when everything next_bytes() gives was sent.
  bool receive(std::string_view bytes, std::uint64_t now_ms);
  // The next piece to send; empty: nothing for now. Valid until the next call.
  std::string_view next_bytes();
  bool is_over() const;  // neither side has anything more to say

  // `head`: an HTTP/1.1 response head; its Connection and Transfer-Encoding fields are left out.
  // With `ends`, no content follows.
  void respond(std::int32_t stream, std::string_view head, bool ends);
  void interim(std::int32_t stream, std::string_view head);
  void resume(std::int32_t stream);  // there is content to take
  // So many bytes of a body were used: the client may send as many again.
  void consume(std::int32_t stream, std::size_t size);
  void reset(std::int32_t stream);  // what was begun is not completed
  // "No new requests soon": what is on its way is still answered.
  void say_goodbye();
  // "The requests after the last one seen are not processed": they can be sent again elsewhere.
  void stop_reading_requests();
  bool in_head() const;         // a head has begun and not ended
  std::size_t streams() const;  // open ones

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// The first bytes of an HTTP/2 connection (RFC 9113 section 3.4).
inline constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

}  // namespace slipway::edge
