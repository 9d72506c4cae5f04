#include "edge/proxy_protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

namespace slipway::edge {
namespace {

using Kind = ProxyHeader::Kind;
constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view kLineStart = "PROXY ";
constexpr std::size_t kMostLine = 107;  // with its CRLF: section 2.1
constexpr std::size_t kFixed = 16;
constexpr ProxyHeader kRefused{Kind::Refused, 0, {}};

bool starts_alike(std::string_view bytes, std::string_view wanted) {
  const std::size_t size = std::min(bytes.size(), wanted.size());
  return bytes.substr(0, size) == wanted.substr(0, size);
}

template <class Raw>
bool read_ip(int family, std::string_view text, Raw& out) {
  char zero_ended[INET6_ADDRSTRLEN] = {};
  if (text.empty() || text.size() >= sizeof zero_ended) return false;
  std::memcpy(zero_ended, text.data(), text.size());
  return inet_pton(family, zero_ended, &out) == 1;
}

// Decimal, 0 to 65535, without zeros in front.
bool read_port(std::string_view text, in_port_t& out) {
  unsigned port = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool good = err == std::errc() && end == text.data() + text.size() && port <= 65535 &&
                    (text.size() == 1 || text[0] != '0');
  out = htons(static_cast<std::uint16_t>(port));
  return good;
}

bool take_word(std::string_view& rest, std::string_view& word) {
  const std::size_t space = std::min(rest.find(' '), rest.size());
  word = rest.substr(0, space);
  rest.remove_prefix(std::min(space + 1, rest.size()));
  return !word.empty();
}

Address address_of(const in_addr& ip, in_port_t port) {
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
  v4->sin_family = AF_INET;
  v4->sin_addr = ip;
  v4->sin_port = port;
  address.size = sizeof *v4;
  return address;
}

Address address_of(const in6_addr& ip, in_port_t port) {
  Address address;
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
  v6->sin6_family = AF_INET6;
  v6->sin6_addr = ip;
  v6->sin6_port = port;
  address.size = sizeof *v6;
  return address;
}

template <class Ip>
bool read_pair(int family, std::string_view rest, Address& client) {
  std::string_view from;
  std::string_view to;
  std::string_view from_port;
  std::string_view to_port;
  Ip ip{};
  Ip other{};
  in_port_t port = 0;
  in_port_t other_port = 0;
  const std::size_t spaces = static_cast<std::size_t>(std::count(rest.begin(), rest.end(), ' '));
  const bool words = take_word(rest, from) && take_word(rest, to) && take_word(rest, from_port) &&
                     take_word(rest, to_port) && rest.empty() && spaces == 3;
  if (!words || !read_ip(family, from, ip) || !read_ip(family, to, other) ||
      !read_port(from_port, port) || !read_port(to_port, other_port))
    return false;
  client = address_of(ip, port);
  return true;
}

ProxyHeader parse_line(std::string_view bytes) {
  const std::size_t end = bytes.substr(0, kMostLine).find("\r\n");
  if (end == std::string_view::npos) {
    // Neither of the two may come alone; only the last byte may be a CR that waits for its LF.
    const std::string_view before = bytes.substr(0, bytes.size() - 1);
    const bool may_end = bytes.size() < kMostLine && before.find('\r') == std::string_view::npos &&
                         bytes.find('\n') == std::string_view::npos;
    return may_end ? ProxyHeader() : kRefused;
  }
  ProxyHeader header{Kind::Named, end + 2, {}};
  std::string_view rest = bytes.substr(0, end);
  rest.remove_prefix(std::min(kLineStart.size(), rest.size()));
  if (rest.find_first_of("\r\n") != std::string_view::npos) return kRefused;
  std::string_view family;
  take_word(rest, family);
  // Whatever follows UNKNOWN is to be ignored.
  if (family == "UNKNOWN") {
    header.kind = Kind::Unnamed;
    return header;
  }
  const bool good = (family == "TCP4" && read_pair<in_addr>(AF_INET, rest, header.client)) ||
                    (family == "TCP6" && read_pair<in6_addr>(AF_INET6, rest, header.client));
  return good ? header : kRefused;
}

// Ip, Ip, port, port.
template <class Ip>
bool read_binary(std::string_view body, Address& client) {
  Ip ip{};
  in_port_t port = 0;
  if (body.size() < 2 * sizeof ip + 2 * sizeof port) return false;
  std::memcpy(&ip, body.data(), sizeof ip);
  std::memcpy(&port, body.data() + 2 * sizeof ip, sizeof port);
  client = address_of(ip, port);
  return true;
}

ProxyHeader parse_binary(std::string_view bytes) {
  if (bytes.size() < kFixed) return {};
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  const std::size_t length = std::size_t{byte(14)} << 8 | byte(15);
  const int version = byte(12) >> 4;
  const int command = byte(12) & 15;
  const int family = byte(13) >> 4;
  const int transport = byte(13) & 15;
  if (version != 2 || command > 1 || family > 3 || transport > 2 ||
      kFixed + length > kMostProxyHeader)
    return kRefused;
  if (bytes.size() < kFixed + length) return {};
  ProxyHeader header{Kind::Unnamed, kFixed + length, {}};
  // What is no stream of the internet does not name our client; section 2.2 lets it be ignored.
  if (command == 0 || transport != 1 || family == 0 || family == 3) return header;
  const std::string_view body = bytes.substr(kFixed, length);
  header.kind = Kind::Named;
  const bool good = family == 1 ? read_binary<in_addr>(body, header.client)
                                : read_binary<in6_addr>(body, header.client);
  return good ? header : kRefused;
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  if (starts_alike(bytes, kSignature))
    return bytes.size() < kSignature.size() ? ProxyHeader() : parse_binary(bytes);
  if (starts_alike(bytes, kLineStart))
    return bytes.size() < kLineStart.size() ? ProxyHeader() : parse_line(bytes);
  return kRefused;
}

}  // namespace slipway::edge
