// Heads of requests: what is accepted must mean the same in every way it can be read, and what the
// edge would write from it must be read by the next hop as the same request.
#include "edge/rewrite.h"
#include "http/parser.h"
#include "tests/fuzz/engine.h"

namespace slipway::fuzz {
namespace {

using http::BodyFraming;
using http::Known;
using http::Parsed;

void check_views(std::string_view input, const http::RequestHead& head) {
  expect(head.size <= input.size(), "the head is longer than its bytes");
  expect(!head.method.empty() && !head.target.empty(), "a head without a method or target");
  expect(head.minor == 0 || !head.host.empty(), "an HTTP/1.1 head without a host");
  expect(!head.path.empty() && (head.path[0] == '/' || head.path == "*"), "a path without a slash");
  for (const http::Header& header : head.headers) {
    expect(http::is_token(header.name()), "a header name that is no token");
    expect(header.value().find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos,
           "a header value with a line end or NUL");
  }
}

// A head whose bytes come in pieces is not refused halfway, and nothing behind it changes it.
void check_pieces(std::string_view input, const http::RequestHead& head) {
  for (const std::size_t size : {std::size_t{1}, head.size / 3, head.size / 2, head.size - 1}) {
    const auto part = http::parse_request_head(input.substr(0, size));
    expect(part.parsed == Parsed::NeedMore, "an accepted head is refused while it arrives");
  }
  const std::string longer = std::string(input.substr(0, head.size)) + "\r\n\r\nX: y\n";
  const auto again = http::parse_request_head(longer);
  expect(again.parsed == Parsed::Complete && again.head.size == head.size,
         "what follows a head changes it");
}

void check_rewritten(const http::RequestHead& head, bool trusted) {
  edge::RequestRewrite rewrite;
  rewrite.client_ip = "192.0.2.1";
  rewrite.trust_forwarded = trusted;
  std::string out;
  edge::write_request_head(head, rewrite, out);
  http::Limits limits;
  limits.head_bytes = 1 << 20;
  limits.target_bytes = 1 << 20;
  const auto next = http::parse_request_head(out, limits);
  // The edge adds a handful of fields; the next hop may have as strict a limit.
  if (next.parsed != Parsed::Complete && next.problem.status == 431) return;
  expect(next.parsed == Parsed::Complete, "what the edge writes is refused by its own parser");
  expect(next.head.size == out.size(), "what the edge writes ends early");
  expect(next.head.method == head.method && next.head.query == head.query, "another request line");
  expect(next.head.path == head.path, "another path");
  expect(next.head.framing.kind == head.framing.kind &&
             next.head.framing.length == head.framing.length,
         "the body ends elsewhere for the next hop");
  expect(head.host.empty() || next.head.host == head.host, "another host");
  expect(next.head.upgrade == head.upgrade, "another answer to an upgrade");
  for (const http::Header& header : next.head.headers) {
    const bool own = header.known == Known::Connection || header.known == Known::Upgrade ||
                     header.known == Known::TransferEncoding;
    expect(own || !http::is_hop_by_hop(header), "a hop-by-hop field went on");
  }
}

}  // namespace

const char* const kTarget = "head";

std::vector<std::string> words() {
  return {"\r\n",
          "\r\n\r\n",
          "GET ",
          "HEAD ",
          "POST ",
          "OPTIONS ",
          " HTTP/1.1\r\n",
          " HTTP/1.0\r\n",
          "HTTP/1.",
          "http://h",
          "https://",
          "://",
          "/",
          "*",
          "?",
          "%00",
          "Host: h\r\n",
          "Host: ",
          "[::1]:80",
          "Content-Length: ",
          "Content-Length: 5\r\n",
          "Transfer-Encoding: chunked\r\n",
          "Transfer-Encoding: ",
          "chunked",
          "gzip, ",
          "identity",
          "Connection: ",
          "close",
          "keep-alive",
          "upgrade",
          "Upgrade: websocket\r\n",
          "h2c",
          "Expect: 100-continue\r\n",
          "Keep-Alive: x\r\n",
          "TE: trailers\r\n",
          "Trailer: x\r\n",
          "Proxy-Connection: x\r\n",
          "X-Forwarded-For: 1.1.1.1\r\n",
          "X_Forwarded_For: 1\r\n",
          "Forwarded: for=1\r\n",
          "X-Request-ID: a\r\n",
          "X-Request-Start: t=1\r\n",
          "Via: 1.1 slipway\r\n",
          "Max-Forwards: 3\r\n",
          "tracestate: a=1\r\n",
          "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n",
          "X: y\r\n",
          ": ",
          ",",
          "18446744073709551616"};
}

void try_input(std::string_view input) {
  const auto got = http::parse_request_head(input);
  if (got.parsed == Parsed::Refused)
    expect(got.problem.status >= 400 && !got.problem.reason.empty(), "a refusal without a reason");
  if (got.parsed != Parsed::Complete) return;
  check_views(input, got.head);
  check_pieces(input, got.head);
  check_rewritten(got.head, false);
  check_rewritten(got.head, true);
}

}  // namespace slipway::fuzz
