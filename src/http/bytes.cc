#include "http/bytes.h"

#include <algorithm>
#include <cstring>
#include <iterator>

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
static_assert(std::is_sorted(std::begin(kNames), std::end(kNames),
                             [](const KnownName& a, const KnownName& b) {
                               return a.name.size() < b.name.size();
                             }));

// One bit per (length, first letter) that some known name has: most headers of a browser end here.
constexpr std::array<std::uint32_t, kLongestName + 1> make_starts() {
  std::array<std::uint32_t, kLongestName + 1> starts{};
  for (const KnownName& entry : kNames) starts[entry.name.size()] |= 1U << (entry.name[0] - 'a');
  return starts;
}
constexpr std::array<std::uint32_t, kLongestName + 1> kStarts = make_starts();

// Where the known names of each length begin; they are in order of length.
constexpr std::array<std::uint8_t, kLongestName + 1> make_firsts() {
  std::array<std::uint8_t, kLongestName + 1> firsts{};
  for (std::size_t i = std::size(kNames); i-- > 0;)
    firsts[kNames[i].name.size()] = static_cast<std::uint8_t>(i);
  return firsts;
}
constexpr std::array<std::uint8_t, kLongestName + 1> kFirsts = make_firsts();

// Has one of the eight bytes no place in a field value, or is it a tab? Each test is exact as to
// whether there is such a byte: one below 0x20, and DEL.
bool may_be_refused(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kTops = kOnes * 0x80;
  const std::uint64_t low = (eight - kOnes * 0x20) & ~eight;
  const std::uint64_t del = eight ^ kOnes * 0x7f;
  return ((low | ((del - kOnes) & ~del)) & kTops) != 0;
}

bool all_field_chars(std::string_view text) {
  for (char c : text) {
    if (!is_field_char(c)) return false;
  }
  return true;
}

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
  for (std::size_t i = kFirsts[name.size()];
       i < std::size(kNames) && kNames[i].name.size() == name.size(); ++i) {
    if (equals_ignoring_case(name, kNames[i].name)) return kNames[i].known;
  }
  return Known::Other;
}

bool are_field_chars(std::string_view text) {
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t eight = 0;
    std::memcpy(&eight, text.data(), sizeof eight);
    if (may_be_refused(eight)) return all_field_chars(text);
    text.remove_prefix(sizeof eight);
  }
  return all_field_chars(text);
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
