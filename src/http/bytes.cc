#include "http/bytes.h"

namespace slipway::http {
namespace {

struct KnownName {
  std::string_view name;  // lower case
  Known known;
};
constexpr KnownName kNames[] = {
    {"te", Known::Te},
    {"via", Known::Via},
    {"host", Known::Host},
    {"date", Known::Date},
    {"expect", Known::Expect},
    {"server", Known::Server},
    {"trailer", Known::Trailer},
    {"upgrade", Known::Upgrade},
    {"forwarded", Known::Forwarded},
    {"connection", Known::Connection},
    {"keep-alive", Known::KeepAlive},
    {"tracestate", Known::Tracestate},
    {"traceparent", Known::Traceparent},
    {"retry-after", Known::RetryAfter},
    {"max-forwards", Known::MaxForwards},
    {"x-request-id", Known::XRequestId},
    {"content-length", Known::ContentLength},
    {"x-request-start", Known::XRequestStart},
    {"x-forwarded-for", Known::XForwardedFor},
    {"x-forwarded-host", Known::XForwardedHost},
    {"proxy-connection", Known::ProxyConnection},
    {"x-forwarded-proto", Known::XForwardedProto},
    {"transfer-encoding", Known::TransferEncoding},
    {"proxy-authenticate", Known::ProxyAuthenticate},
    {"proxy-authorization", Known::ProxyAuthorization},
};

constexpr std::size_t kLongestName = 19;

// One bit per (length, first letter) that some known name has: most headers of a browser end here.
constexpr std::array<std::uint32_t, kLongestName + 1> make_starts() {
  std::array<std::uint32_t, kLongestName + 1> starts{};
  for (const KnownName& entry : kNames) starts[entry.name.size()] |= 1U << (entry.name[0] - 'a');
  return starts;
}
constexpr std::array<std::uint32_t, kLongestName + 1> kStarts = make_starts();

bool all_digits(std::string_view text) {
  for (char c : text) {
    if (!is_digit(c)) return false;
  }
  return true;
}

bool is_ip_literal(std::string_view inside) {
  if (inside.empty()) return false;
  bool colon = false;
  for (char c : inside) {
    colon = colon || c == ':';
    if (!is_hex_char(c) && c != ':' && c != '.') return false;
  }
  return colon;
}

}  // namespace

Known known_header(std::string_view name) {
  if (name.size() > kLongestName) return Known::Other;
  const char first = to_lower(name[0]);
  if (first < 'a' || first > 'z' || (kStarts[name.size()] >> (first - 'a') & 1U) == 0)
    return Known::Other;
  for (const KnownName& entry : kNames) {
    if (equals_ignoring_case(name, entry.name)) return entry.known;
  }
  return Known::Other;
}

bool is_host(std::string_view text) {
  std::string_view port;
  if (!text.empty() && text[0] == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ip_literal(text.substr(1, end - 1))) return false;
    port = text.substr(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    if (name.empty()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if (!is_host_char(name[i])) return false;
      if (name[i] == '%' &&
          (i + 2 >= name.size() || !is_hex_char(name[i + 1]) || !is_hex_char(name[i + 2])))
        return false;
    }
    port = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (port.empty()) return true;
  constexpr std::size_t kMostPortDigits = 5;
  return port[0] == ':' && port.size() - 1 <= kMostPortDigits && all_digits(port.substr(1));
}

}  // namespace slipway::http
