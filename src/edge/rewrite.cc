#include "edge/rewrite.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "edge/course.h"
#include "edge/forwarded.h"
#include "edge/trace.h"
#include "http/bytes.h"

namespace slipway::edge {
namespace {

using http::BodyFraming;
using http::Header;
using http::Known;

void field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

void number_field(std::string& out, std::string_view name, std::string_view before,
                  std::uint64_t value) {
  std::array<char, 24> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append(name).append(": ").append(before);
  out.append(text.data(), static_cast<std::size_t>(end - text.data())).append("\r\n");
}
void number_field(std::string& out, std::string_view name, std::uint64_t value) {
  number_field(out, name, {}, value);
}

// "X_Forwarded_For" reaches many applications as the same variable as "X-Forwarded-For": a name
// with an underscore that would be one of the known headers is not passed on.
bool imitates_known(std::string_view name) {
  if (name.find('_') == std::string_view::npos || name.size() > 32) return false;
  std::array<char, 32> dashed;
  for (std::size_t i = 0; i < name.size(); ++i) dashed[i] = name[i] == '_' ? '-' : name[i];
  return http::known_header({dashed.data(), name.size()}) != Known::Other;
}

struct Forwarded {
  const Header* first_for = nullptr;
  const Header* proto = nullptr;
  const Header* host = nullptr;
  const Header* id = nullptr;
  const Header* start = nullptr;
  const Header* trace = nullptr;
  bool traces_differ = false;  // several traceparents: none of them is valid
};

// True when the header is one the edge writes itself.
bool take_forwarded(const Header& header, Forwarded& found) {
  switch (static_cast<int>(header.known)) {
    case static_cast<int>(Known::XForwardedFor):
      if (found.first_for == nullptr) found.first_for = &header;
      return true;
    case static_cast<int>(Known::XForwardedProto):
      found.proto = &header;
      return true;
    case static_cast<int>(Known::XForwardedHost):
      found.host = &header;
      return true;
    case static_cast<int>(Known::XRequestId):
      if (found.id == nullptr && !header.value().empty()) found.id = &header;
      return true;
    case static_cast<int>(Known::XRequestStart):
      if (found.start == nullptr && !header.value().empty()) found.start = &header;
      return true;
    case static_cast<int>(Known::Traceparent):
      found.traces_differ = found.trace != nullptr;
      found.trace = &header;
      return true;
    default:
      return false;
  }
}

void write_forwarded_for(const http::RequestHead& head, const RequestRewrite& rewrite,
                         std::string& out) {
  out.append("X-Forwarded-For: ");
  if (rewrite.trust_forwarded) {
    for (const Header& header : head.headers) {
      if (header.known == Known::XForwardedFor && !header.value().empty())
        out.append(header.value()).append(", ");
    }
  }
  out.append(rewrite.client_ip).append("\r\n");
}

// A trace that can not be read is not gone on with: its tracestate goes with it (W3C Trace Context
// section 3.3).
void write_trace(const http::RequestHead& head, const RequestRewrite& rewrite,
                 const Forwarded& found, std::string& out) {
  const bool passes =
      found.trace != nullptr &&
      (!rewrite.trace || (!found.traces_differ && is_traceparent(found.trace->value())));
  if (passes) {
    field(out, "traceparent", found.trace->value());
  } else if (rewrite.trace) {
    out.append("traceparent: ");
    append_traceparent(rewrite.trace_random, out);
    out.append("\r\n");
  }
  if (!passes && rewrite.trace) return;
  for (const Header& header : head.headers) {
    if (header.known == Known::Tracestate) field(out, "tracestate", header.value());
  }
}

void write_own_fields(const http::RequestHead& head, std::string_view host,
                      const RequestRewrite& rewrite, const Forwarded& found, std::string& out) {
  write_forwarded_for(head, rewrite, out);
  const bool trust = rewrite.trust_forwarded;
  field(out, "X-Forwarded-Proto",
        trust && found.proto != nullptr ? found.proto->value() : rewrite.proto);
  field(out, "X-Forwarded-Host", trust && found.host != nullptr ? found.host->value() : host);
  if (found.id != nullptr) {
    field(out, "X-Request-ID", found.id->value());
  } else {
    out.append("X-Request-ID: ");
    append_hex(out, rewrite.random, 16);
    append_hex(out, static_cast<std::uint32_t>(rewrite.now_unix_ms), 8);
    out.append("\r\n");
  }
  if (found.start != nullptr) {
    field(out, "X-Request-Start", found.start->value());
  } else {
    number_field(out, "X-Request-Start", "t=", rewrite.now_unix_ms);
  }
  write_trace(head, rewrite, found, out);
  out.append(head.minor == 0 ? "Via: 1.0 " : "Via: 1.1 ").append(kViaName).append("\r\n");
}

// Fields that are about this request's way and not its content: left out, or written anew.
bool take_own(const http::RequestHead& head, const Header& header, const RequestRewrite& rewrite,
              std::string& out) {
  switch (static_cast<int>(header.known)) {
    case static_cast<int>(Known::Host):
    case static_cast<int>(Known::ContentLength):
    case static_cast<int>(Known::Tracestate):
      return true;
    case static_cast<int>(Known::Forwarded):
      return !rewrite.trust_forwarded;
    case static_cast<int>(Known::Expect):
      return head.minor == 0;  // an HTTP/1.0 client can not be told 100 (RFC 9110 section 10.1.1)
    case static_cast<int>(Known::MaxForwards):
      if (head.method != "OPTIONS" || max_forwards(head.headers) <= 0) return false;
      number_field(out, "Max-Forwards", static_cast<std::uint64_t>(max_forwards(head.headers) - 1));
      return true;
    case static_cast<int>(Known::Other):
      return imitates_known(header.name());
    default:
      return false;
  }
}

void write_request_framing(const http::RequestHead& head, std::string& out) {
  if (head.framing.kind == BodyFraming::Kind::Length)
    number_field(out, "Content-Length", head.framing.length);
  if (head.framing.kind == BodyFraming::Kind::Chunked) field(out, "Transfer-Encoding", "chunked");
  if (!head.upgrade) return;
  field(out, "Connection", "upgrade");
  field(out, "Upgrade", head.headers.find(Known::Upgrade)->value());
}

// End-to-end headers of a response, without framing.
void write_response_fields(const http::ResponseHead& head, std::string& out,
                           std::string_view leave_out = {}) {
  const bool options = head.headers.find(Known::Connection) != nullptr;
  for (const Header& header : head.headers) {
    if (header.known == Known::ContentLength || http::is_hop_by_hop(header)) continue;
    if (options && http::is_nominated(head.headers, header)) continue;
    if (!leave_out.empty() && http::equals_ignoring_case(header.name(), leave_out)) continue;
    field(out, header.name(), header.value());
  }
}

void write_status_line(const http::ResponseHead& head, std::string& out) {
  const std::string_view reason =
      head.reason.empty() ? http::reason_phrase(head.status) : head.reason;
  out.append("HTTP/1.1 ");
  const char digits[] = {static_cast<char>('0' + head.status / 100),
                         static_cast<char>('0' + head.status / 10 % 10),
                         static_cast<char>('0' + head.status % 10), ' '};
  out.append(digits, sizeof digits).append(reason).append("\r\n");
}

}  // namespace

void write_request_head(const http::RequestHead& head, const RequestRewrite& rewrite,
                        std::string& out) {
  // An HTTP/1.0 client may have named none; the next hop speaks 1.1 and must get one.
  const std::string_view host = head.host.empty() ? "localhost" : head.host;
  out.append(head.method).append(" ");
  const std::string_view path = head.path.substr(rewrite.strip);
  if (path.empty() || (path[0] != '/' && path != "*")) out.append("/");
  out.append(path).append(head.query).append(" HTTP/1.1\r\nHost: ").append(host).append("\r\n");
  const bool options = head.headers.find(Known::Connection) != nullptr;
  Forwarded found;
  for (const Header& header : head.headers) {
    if (http::is_hop_by_hop(header) || take_forwarded(header, found)) continue;
    if (options && http::is_nominated(head.headers, header)) continue;
    if (take_own(head, header, rewrite, out) || is_for_the_edge(header)) continue;
    field(out, header.name(), header.value());
  }
  write_own_fields(head, host, rewrite, found, out);
  write_request_framing(head, out);
  out.append("\r\n");
}

bool write_response_head(const http::ResponseHead& head, const ResponseRewrite& rewrite,
                         std::string& out) {
  write_status_line(head, out);
  write_response_fields(head, out, rewrite.leave_out);
  out.append(rewrite.extra);
  bool chunks = false;
  const Header* length = head.headers.find(Known::ContentLength);
  switch (head.framing.kind) {
    case BodyFraming::Kind::Length:
      number_field(out, "Content-Length", head.framing.length);
      break;
    case BodyFraming::Kind::Chunked:
    case BodyFraming::Kind::UntilClose:
      chunks = rewrite.client_minor == 1;
      if (chunks) field(out, "Transfer-Encoding", "chunked");
      break;
    case BodyFraming::Kind::None:
      // HEAD and 304 tell the length a GET would have; 204 must not (RFC 9110 section 8.6).
      if (length != nullptr && (rewrite.is_head || head.status == 304) && head.status != 204)
        field(out, "Content-Length", length->value());
      break;
  }
  if (!rewrite.date.empty() && head.headers.find(Known::Date) == nullptr)
    field(out, "Date", rewrite.date);
  if (!rewrite.release.empty()) field(out, "X-Slipway-Release", rewrite.release);
  if (!rewrite.hsts.empty() && head.headers.value_of("strict-transport-security").empty())
    out.append(rewrite.hsts);
  if (!rewrite.keep_alive) {
    field(out, "Connection", "close");
  } else if (rewrite.client_minor == 0) {
    field(out, "Connection", "keep-alive");
  }
  out.append("\r\n");
  return chunks;
}

void write_interim_head(const http::ResponseHead& head, std::string& out) {
  write_status_line(head, out);
  write_response_fields(head, out);
  out.append("\r\n");
}

void write_switching_head(const http::ResponseHead& head, std::string& out) {
  write_status_line(head, out);
  write_response_fields(head, out);
  field(out, "Connection", "upgrade");
  if (const Header* upgrade = head.headers.find(Known::Upgrade))
    field(out, "Upgrade", upgrade->value());
  out.append("\r\n");
}

void write_local_answer(const LocalAnswer& answer, bool is_head, bool keep_alive,
                        std::string_view date, std::string& out) {
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", answer.status,
                 http::reason_phrase(answer.status));
  if (!date.empty()) field(out, "Date", date);
  field(out, "Content-Type", answer.content_type);
  number_field(out, "Content-Length", answer.body.size());
  out.append(answer.extra);
  if (!keep_alive) field(out, "Connection", "close");
  out.append("\r\n");
  if (!is_head) out.append(answer.body);
}

}  // namespace slipway::edge
