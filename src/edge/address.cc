#include "edge/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>

#include <charconv>
#include <cstring>

namespace slipway::edge {
namespace {

using Bits = AddressBits;
constexpr int kMappedPrefix = 96;

Bits mapped(const in_addr& v4) {
  Bits bits{};
  bits[10] = bits[11] = 0xff;
  std::memcpy(bits.data() + 12, &v4, 4);
  return bits;
}

bool parse_number(std::string_view text, int least, int most, int& out) {
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), out);
  return err == std::errc() && end == text.data() + text.size() && out >= least && out <= most;
}

Error bad_address(std::string_view text) {
  return Error(Code::Malformed, fmt::format("\"{}\" is not a numeric address with a port", text),
               "write it as 127.0.0.1:3000 or [::1]:3000");
}

}  // namespace

AddressBits bits_of(const Address& address) {
  Bits bits{};
  if (address.family() == AF_INET)
    return mapped(reinterpret_cast<const sockaddr_in*>(&address.bytes)->sin_addr);
  std::memcpy(bits.data(), &reinterpret_cast<const sockaddr_in6*>(&address.bytes)->sin6_addr,
              bits.size());
  return bits;
}

bool is_mapped(const AddressBits& bits) {
  const Bits zero = mapped(in_addr{});
  return std::memcmp(bits.data(), zero.data(), 12) == 0;
}

bool is_loopback(const Address& address) {
  const AddressBits bits = bits_of(address);
  if (is_mapped(bits)) return bits[12] == 127;
  return bits == Bits{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
}

void tune_socket(int fd, const Address& address) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  constexpr std::string_view kPlain = "reno";  // always there, and allowed to everybody
  if (is_loopback(address))
    setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kPlain.data(), kPlain.size());
}

Result<Address> parse_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  int port = 0;
  if (colon == std::string_view::npos || !parse_number(text.substr(colon + 1), 0, 65535, port))
    return bad_address(text);
  std::string host(text.substr(0, colon));
  if (host.empty()) host = "0.0.0.0";
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.bytes);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.bytes);
  const auto net_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = net_port;
    address.size = sizeof(sockaddr_in);
    return address;
  }
  if (host.size() < 2 || host.front() != '[' || host.back() != ']') return bad_address(text);
  host = host.substr(1, host.size() - 2);
  if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) != 1) return bad_address(text);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = net_port;
  address.size = sizeof(sockaddr_in6);
  return address;
}

int port_of(const Address& address) {
  if (address.family() == AF_INET)
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address.bytes)->sin_port);
  return ntohs(reinterpret_cast<const sockaddr_in6*>(&address.bytes)->sin6_port);
}

std::string ip_text(const Address& address) {
  const Bits bits = bits_of(address);
  char text[INET6_ADDRSTRLEN] = {};
  if (!is_mapped(bits)) {
    inet_ntop(AF_INET6, bits.data(), text, sizeof text);
    return text;
  }
  // By hand, because every request needs it and inet_ntop goes through printf.
  char* at = text;
  for (std::size_t i = 12; i < bits.size(); ++i) {
    if (i > 12) *at++ = '.';
    at = std::to_chars(at, text + sizeof text, bits[i]).ptr;
  }
  return {text, at};
}

std::string to_text(const Address& address) {
  if (address.family() == AF_INET) return fmt::format("{}:{}", ip_text(address), port_of(address));
  return fmt::format("[{}]:{}", ip_text(address), port_of(address));
}

Result<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string host(text.substr(0, slash));
  Cidr cidr;
  in_addr v4{};
  const bool is_v4 = inet_pton(AF_INET, host.c_str(), &v4) == 1;
  if (is_v4) cidr.bits_ = mapped(v4);
  const int most = is_v4 ? 32 : 128;
  int prefix = most;
  const bool good_host = is_v4 || inet_pton(AF_INET6, host.c_str(), cidr.bits_.data()) == 1;
  if (!good_host ||
      (slash != std::string_view::npos && !parse_number(text.substr(slash + 1), 0, most, prefix)))
    return Error(Code::Malformed, fmt::format("\"{}\" is not an address range", text),
                 "write it as 10.0.0.0/8 or 2001:db8::/32");
  cidr.prefix_ = is_v4 ? kMappedPrefix + prefix : prefix;
  return cidr;
}

bool Cidr::contains(const Address& address) const {
  const Bits other = bits_of(address);
  const auto whole = static_cast<std::size_t>(prefix_ / 8);
  if (std::memcmp(bits_.data(), other.data(), whole) != 0) return false;
  const int rest = prefix_ % 8;
  return rest == 0 || (bits_[whole] ^ other[whole]) >> (8 - rest) == 0;
}

}  // namespace slipway::edge
