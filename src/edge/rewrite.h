#pragma once
// Heads as they go on to the next hop. Pure: bytes in, bytes out.
#include <array>
#include <string>
#include <string_view>

#include "edge/table.h"
#include "http/parser.h"

namespace slipway::edge {

struct RequestRewrite {
  std::size_t strip = 0;         // bytes of the path to cut off
  bool trust_forwarded = false;  // the client is a proxy of ours
  bool trace = true;             // pass a valid traceparent on, begin one otherwise
  std::string_view client_ip;
  std::string_view proto = "http";
  std::uint64_t now_unix_ms = 0;
  std::uint64_t random = 0;  // for X-Request-ID; used when the request has none
  std::array<std::uint64_t, 3> trace_random{};
};
// Appends the head to `out`: path and query byte-exact, Host kept, hop-by-hop headers gone,
// X-Forwarded-*, X-Request-ID, X-Request-Start, traceparent and Via set.
void write_request_head(const http::RequestHead& head, const RequestRewrite& rewrite,
                        std::string& out);

struct ResponseRewrite {
  int client_minor = 1;
  bool is_head = false;
  bool keep_alive = true;      // the client may send another request
  std::string_view release;    // X-Slipway-Release; empty: left out
  std::string_view date;       // for a response without one (RFC 9110 section 6.6.1)
  std::string_view extra;      // more header lines, each with CRLF
  std::string_view leave_out;  // a header between the upstream and the edge alone
  std::string_view hsts;       // the line Strict-Transport-Security, unless the app sends its own
};
// Appends the head to `out`. True when the body must be sent in chunks.
bool write_response_head(const http::ResponseHead& head, const ResponseRewrite& rewrite,
                         std::string& out);
// An interim response (1xx other than 101), as it came but for hop-by-hop headers.
void write_interim_head(const http::ResponseHead& head, std::string& out);
// 101 with Connection and Upgrade.
void write_switching_head(const http::ResponseHead& head, std::string& out);

struct LocalAnswer {
  int status = 0;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string body;
  std::string extra;  // more header lines, each with CRLF
};
void write_local_answer(const LocalAnswer& answer, bool is_head, bool keep_alive,
                        std::string_view date, std::string& out);

}  // namespace slipway::edge
