// HTTP/2 frames: the session takes any bytes in any pieces, stays within its limits, and every head
// it hands over is one that the HTTP/1.1 parser reads to its end.
#include "edge/http2.h"

#include <set>

#include "http/parser.h"
#include "tests/fuzz/engine.h"

namespace slipway::fuzz {
namespace {

// Answers as the edge would: at once, with content, or not at all.
class Client : public edge::Http2Session::Events {
 public:
  explicit Client(const edge::Http2Limits& limits) : session_(limits, *this), limits_(limits) {}

  void on_request(std::int32_t stream, std::string head, bool ends) override {
    expect(open_.insert(stream).second, "two requests on one stream");
    http::Limits limits;
    limits.head_bytes = 1 << 20;
    const auto got = http::parse_request_head(head, limits);
    expect(got.parsed != http::Parsed::NeedMore, "a head without an end");
    if (got.parsed != http::Parsed::Complete)
      return answer(stream, "HTTP/1.1 400 Bad Request\r\n\r\n");
    const std::string_view target = got.head.target;
    expect(target.starts_with('/') || (target == "*" && got.head.method == "OPTIONS"),
           "a path that is none (RFC 9113 section 8.3.1)");
    expect(got.head.size == head.size(), "a head that ends early: what follows would be smuggled");
    expect(!ends || !got.head.framing.has_body(), "a body announced behind the last frame");
    if (ends) answer(stream, "HTTP/1.1 200 OK\r\nX: y\r\n\r\n");
  }
  void on_refused(std::int32_t stream, int status) override {
    expect(status >= 400 && status < 600, "a refusal without a status");
    expect(open_.insert(stream).second, "two requests on one stream");
    answer(stream, "HTTP/1.1 400 Bad Request\r\n\r\n");
  }
  void on_body(std::int32_t stream, std::string_view bytes) override {
    expect(open_.count(stream) == 1, "a body of no request");
    session_.consume(stream, bytes.size());
  }
  void on_body_end(std::int32_t stream) override { answer(stream, "HTTP/1.1 200 OK\r\n\r\n"); }
  void on_closed(std::int32_t stream) override { open_.erase(stream); }
  std::size_t take_content(std::int32_t, char* to, std::size_t most, bool& last) override {
    last = true;
    if (most == 0) return 0;
    *to = 'x';
    return 1;
  }

  void talk(std::string_view input, std::size_t piece) {
    bool goes_on = true;
    std::uint64_t now_ms = 1;
    for (std::size_t at = 0; goes_on && at < input.size(); at += piece, ++now_ms) {
      goes_on = session_.receive(input.substr(at, piece), now_ms);
      expect(session_.streams() <= limits_.streams + 1, "more streams than allowed");
      drain();
    }
    session_.say_goodbye();
    drain();
  }

 private:
  void answer(std::int32_t stream, const char* head) {
    if (answered_.insert(stream).second) session_.respond(stream, head, stream % 4 == 1);
  }
  void drain() {
    constexpr int kMostPieces = 10'000;
    int pieces = 0;
    while (!session_.next_bytes().empty())
      expect(++pieces < kMostPieces, "the session never stops sending");
  }

  edge::Http2Session session_;
  const edge::Http2Limits& limits_;
  std::set<std::int32_t> open_;
  std::set<std::int32_t> answered_;
};

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (int value : values) out += static_cast<char>(value);
  return out;
}

}  // namespace

const char* const kTarget = "http2";

std::vector<std::string> words() {
  return {std::string(edge::kHttp2Preface),
          bytes({0, 0, 0, 4, 0, 0, 0, 0, 0}),
          bytes({0, 0, 0, 4, 1, 0, 0, 0, 0}),
          bytes({0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 8}),
          bytes({0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}),
          bytes({0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 9}),
          bytes({0, 0, 0, 0, 1, 0, 0, 0, 1}),
          bytes({0, 0, 1, 0, 0, 0, 0, 0, 1, 'a'}),
          bytes({0, 0, 1, 9, 4, 0, 0, 0, 1, 0x82}),
          bytes({0, 0, 4, 1, 5, 0, 0, 0, 1, 0x82, 0x84, 0x86, 0x41}),
          bytes({0, 0, 13, 1, 5, 0, 0, 0, 1, 0x82, 0x04, 9}) + "http://h/" + bytes({0x86}),
          bytes({0x82, 0x84, 0x86}),
          bytes({0x83}),
          bytes({0x41, 1, 'h'}),
          bytes({0x40, 1, 'x', 1, 'y'}),
          bytes({0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0}),
          bytes({0, 14}) + "content-length",
          "transfer-encoding",
          "connection",
          "host",
          ":path",
          ":method",
          ":authority",
          "\r\n"};
}

void try_input(std::string_view input) {
  static const edge::Http2Limits limits{.streams = 8, .idle_frames = 50};
  // With the preface in front, unless the input is about the preface.
  const bool bare = !input.empty() && input[0] == 'P';
  const std::string whole = (bare ? "" : std::string(edge::kHttp2Preface)) + std::string(input);
  Client(limits).talk(whole, whole.size());
  Client(limits).talk(whole, 5);
}

}  // namespace slipway::fuzz
