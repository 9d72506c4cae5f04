#include "edge/rewrite.h"

#include <array>

#include "edge/course.h"
#include "edge/forwarded.h"
#include "edge/head_text.h"
#include "edge/trace.h"
#include "http/bytes.h"

namespace slipway::edge {

void HeadText::grow(std::size_t size) {
  const auto used = static_cast<std::size_t>(at_ - out_.data());
  out_.resize(2 * out_.size() + size);
  at_ = out_.data() + used;
  end_ = out_.data() + out_.size();
}

namespace {

using http::BodyFraming;
using http::Header;
using http::Known;

// What a head may grow by: the edge's own lines, and a space in lines that came without.
constexpr std::size_t kOwnLines = 640;

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
                         HeadText& out) {
  out.add("X-Forwarded-For: ");
  if (rewrite.trust_forwarded) {
    for (const Header& header : head.headers) {
      if (header.known == Known::XForwardedFor && !header.value().empty())
        out.add(header.value()).add(", ");
    }
  }
  out.add(rewrite.client_ip).add("\r\n");
}

// A trace that can not be read is not gone on with: its tracestate goes with it (W3C Trace Context
// section 3.3).
void write_trace(const http::RequestHead& head, const RequestRewrite& rewrite,
                 const Forwarded& found, HeadText& out) {
  const bool passes =
      found.trace != nullptr &&
      (!rewrite.trace || (!found.traces_differ && is_traceparent(found.trace->value())));
  if (passes) {
    out.field("traceparent", found.trace->value());
  } else if (rewrite.trace) {
    const NewTraceparent begun = new_traceparent(rewrite.trace_random);
    out.add("traceparent: ").add({begun.data(), begun.size()}).add("\r\n");
  }
  if ((!passes && rewrite.trace) || !head.headers.has(Known::Tracestate)) return;
  for (const Header& header : head.headers) {
    if (header.known == Known::Tracestate) out.field("tracestate", header.value());
  }
}

void write_own_fields(const http::RequestHead& head, std::string_view host,
                      const RequestRewrite& rewrite, const Forwarded& found, HeadText& out) {
  write_forwarded_for(head, rewrite, out);
  const bool trust = rewrite.trust_forwarded;
  out.field("X-Forwarded-Proto",
            trust && found.proto != nullptr ? found.proto->value() : rewrite.proto);
  out.field("X-Forwarded-Host", trust && found.host != nullptr ? found.host->value() : host);
  if (found.id != nullptr) {
    out.field("X-Request-ID", found.id->value());
  } else {
    const HexText random = hex_of(rewrite.random);
    const HexText time = hex_of(rewrite.now_unix_ms);
    out.add("X-Request-ID: ").add({random.data(), 16}).add({time.data() + 8, 8}).add("\r\n");
  }
  if (found.start != nullptr) {
    out.field("X-Request-Start", found.start->value());
  } else {
    out.add("X-Request-Start: t=");
    out.number(rewrite.now_unix_ms);
    out.add("\r\n");
  }
  write_trace(head, rewrite, found, out);
  out.add(head.minor == 0 ? "Via: 1.0 " : "Via: 1.1 ").add(kViaName).add("\r\n");
}

// Fields that are about this request's way and not its content: left out, or written anew.
bool take_own(const http::RequestHead& head, const Header& header, const RequestRewrite& rewrite,
              HeadText& out) {
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
      out.number_field("Max-Forwards", static_cast<std::uint64_t>(max_forwards(head.headers) - 1));
      return true;
    case static_cast<int>(Known::Other):
      return imitates_known(header.name());
    default:
      return false;
  }
}

void write_request_framing(const http::RequestHead& head, HeadText& out) {
  if (head.framing.kind == BodyFraming::Kind::Length)
    out.number_field("Content-Length", head.framing.length);
  if (head.framing.kind == BodyFraming::Kind::Chunked) out.field("Transfer-Encoding", "chunked");
  if (!head.upgrade) return;
  out.field("Connection", "upgrade");
  out.field("Upgrade", head.headers.find(Known::Upgrade)->value());
}

// End-to-end headers of a response, without framing.
void write_response_fields(const http::ResponseHead& head, HeadText& out,
                           std::string_view leave_out = {}) {
  const bool nominates = http::nominates(head.headers);
  for (const Header& header : head.headers) {
    if (header.known == Known::ContentLength || http::is_hop_by_hop(header)) continue;
    if (nominates && http::is_nominated(head.headers, header)) continue;
    if (!leave_out.empty() && http::equals_ignoring_case(header.name(), leave_out)) continue;
    out.field(header);
  }
}

void write_status_line(int status, std::string_view reason, HeadText& out) {
  const char digits[] = {static_cast<char>('0' + status / 100),
                         static_cast<char>('0' + status / 10 % 10),
                         static_cast<char>('0' + status % 10), ' '};
  out.add("HTTP/1.1 ").add({digits, sizeof digits}).add(reason).add("\r\n");
}
void write_status_line(const http::ResponseHead& head, HeadText& out) {
  write_status_line(head.status,
                    head.reason.empty() ? http::reason_phrase(head.status) : head.reason, out);
}

}  // namespace

void write_request_head(const http::RequestHead& head, const RequestRewrite& rewrite,
                        std::string& to) {
  HeadText out(to, head.size + head.host.size() + kOwnLines);
  // An HTTP/1.0 client may have named none; the next hop speaks 1.1 and must get one.
  const std::string_view host = head.host.empty() ? "localhost" : head.host;
  out.add(head.method).add(" ");
  const std::string_view path = head.path.substr(rewrite.strip);
  if (path.empty() || (path[0] != '/' && path != "*")) out.add("/");
  out.add(path).add(head.query).add(" HTTP/1.1\r\nHost: ").add(host).add("\r\n");
  const bool nominates = http::nominates(head.headers);
  Forwarded found;
  for (const Header& header : head.headers) {
    if (http::is_hop_by_hop(header) || take_forwarded(header, found)) continue;
    if (nominates && http::is_nominated(head.headers, header)) continue;
    if (take_own(head, header, rewrite, out) || is_for_the_edge(header)) continue;
    out.field(header);
  }
  write_own_fields(head, host, rewrite, found, out);
  write_request_framing(head, out);
  out.add("\r\n");
}

bool write_response_head(const http::ResponseHead& head, const ResponseRewrite& rewrite,
                         std::string& to) {
  HeadText out(to, head.size + rewrite.extra.size() + kOwnLines);
  write_status_line(head, out);
  write_response_fields(head, out, rewrite.leave_out);
  out.add(rewrite.extra);
  bool chunks = false;
  const Header* length = head.headers.find(Known::ContentLength);
  switch (head.framing.kind) {
    case BodyFraming::Kind::Length:
      out.number_field("Content-Length", head.framing.length);
      break;
    case BodyFraming::Kind::Chunked:
    case BodyFraming::Kind::UntilClose:
      chunks = rewrite.client_minor == 1;
      if (chunks) out.field("Transfer-Encoding", "chunked");
      break;
    case BodyFraming::Kind::None:
      // HEAD and 304 tell the length a GET would have; 204 must not (RFC 9110 section 8.6).
      if (length != nullptr && (rewrite.is_head || head.status == 304) && head.status != 204)
        out.field("Content-Length", length->value());
      break;
  }
  if (!rewrite.date.empty() && head.headers.find(Known::Date) == nullptr)
    out.field("Date", rewrite.date);
  if (!rewrite.release.empty()) out.field("X-Slipway-Release", rewrite.release);
  if (!rewrite.hsts.empty() && head.headers.value_of("strict-transport-security").empty())
    out.add(rewrite.hsts);
  if (!rewrite.keep_alive) {
    out.field("Connection", "close");
  } else if (rewrite.client_minor == 0) {
    out.field("Connection", "keep-alive");
  }
  out.add("\r\n");
  return chunks;
}

void write_interim_head(const http::ResponseHead& head, std::string& to) {
  HeadText out(to, head.size + kOwnLines);
  write_status_line(head, out);
  write_response_fields(head, out);
  out.add("\r\n");
}

void write_switching_head(const http::ResponseHead& head, std::string& to) {
  HeadText out(to, head.size + kOwnLines);
  write_status_line(head, out);
  write_response_fields(head, out);
  out.field("Connection", "upgrade");
  if (const Header* upgrade = head.headers.find(Known::Upgrade))
    out.field("Upgrade", upgrade->value());
  out.add("\r\n");
}

void write_local_answer(const LocalAnswer& answer, bool is_head, bool keep_alive,
                        std::string_view date, std::string& to) {
  HeadText out(to, kOwnLines + answer.extra.size() + answer.body.size());
  write_status_line(answer.status, http::reason_phrase(answer.status), out);
  if (!date.empty()) out.field("Date", date);
  out.field("Content-Type", answer.content_type);
  out.number_field("Content-Length", answer.body.size());
  out.add(answer.extra);
  if (!keep_alive) out.field("Connection", "close");
  out.add("\r\n");
  if (!is_head) out.add(answer.body);
}

}  // namespace slipway::edge
