// Heads of responses: as head.cc, towards the client.
#include "edge/rewrite.h"
#include "http/parser.h"
#include "tests/fuzz/engine.h"

namespace slipway::fuzz {
namespace {

using http::BodyFraming;
using http::Parsed;

BodyFraming::Kind kind_for_client(const http::ResponseHead& head, int minor) {
  const bool no_length = head.framing.kind == BodyFraming::Kind::Chunked ||
                         head.framing.kind == BodyFraming::Kind::UntilClose;
  if (!no_length) return head.framing.kind;
  return minor == 1 ? BodyFraming::Kind::Chunked : BodyFraming::Kind::UntilClose;
}

void check_rewritten(const http::ResponseHead& head, std::string_view method, int minor) {
  edge::ResponseRewrite rewrite;
  rewrite.client_minor = minor;
  rewrite.is_head = method == "HEAD";
  rewrite.keep_alive = minor == 1;
  rewrite.release = "r1";
  rewrite.date = "Thu, 01 Jan 1970 00:00:00 GMT";
  std::string out;
  const bool chunks = edge::write_response_head(head, rewrite, out);
  http::Limits limits;
  limits.head_bytes = 1 << 20;
  const auto next = http::parse_response_head(out, method, limits);
  if (next.parsed != Parsed::Complete && head.headers.size() + 5 > http::kMostHeaders) return;
  expect(next.parsed == Parsed::Complete, "what the edge writes is refused by its own parser");
  expect(next.head.size == out.size(), "what the edge writes ends early");
  expect(next.head.status == head.status, "another status");
  expect(next.head.framing.kind == kind_for_client(head, minor), "the body ends elsewhere");
  expect(next.head.framing.length == head.framing.length, "another length");
  expect(chunks == (next.head.framing.kind == BodyFraming::Kind::Chunked), "chunks or not");
}

}  // namespace

const char* const kTarget = "response";

std::vector<std::string> words() {
  return {"\r\n",
          "\r\n\r\n",
          "HTTP/1.1 200 OK\r\n",
          "HTTP/1.0 200 OK\r\n",
          "HTTP/1.1 ",
          "100",
          "101",
          "103",
          "204",
          "205",
          "304",
          "404",
          "999",
          "Content-Length: ",
          "Content-Length: 5\r\n",
          "Transfer-Encoding: chunked\r\n",
          "Transfer-Encoding: ",
          "gzip",
          "Connection: close\r\n",
          "Connection: keep-alive\r\n",
          "Connection: X-Mine\r\n",
          "X-Mine: 1\r\n",
          "Date: x\r\n",
          "Upgrade: websocket\r\n",
          "Keep-Alive: x\r\n",
          "Trailer: x\r\n",
          "Set-Cookie: a\r\n",
          ": "};
}

void try_input(std::string_view input) {
  for (const std::string_view method : {"GET", "HEAD"}) {
    const auto got = http::parse_response_head(input, method);
    if (got.parsed == Parsed::Refused)
      expect(got.problem.status == 502, "a response's fault that is not the upstream's");
    if (got.parsed != Parsed::Complete) continue;
    expect(got.head.size <= input.size(), "the head is longer than its bytes");
    const bool interim = got.head.status < 200;
    const int status = got.head.status;
    const bool bodiless = interim || status == 204 || status == 304 || method == "HEAD";
    expect(!bodiless || got.head.framing.kind == BodyFraming::Kind::None,
           "a body where there is none (RFC 9112 section 6.3)");
    for (const std::size_t size : {std::size_t{1}, got.head.size / 2, got.head.size - 1}) {
      const auto part = http::parse_response_head(input.substr(0, size), method);
      expect(part.parsed == Parsed::NeedMore, "an accepted head is refused while it arrives");
    }
    if (interim) continue;
    check_rewritten(got.head, method, 1);
    check_rewritten(got.head, method, 0);
  }
}

}  // namespace slipway::fuzz
