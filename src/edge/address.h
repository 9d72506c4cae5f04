#pragma once
// Numeric socket addresses and CIDR ranges, IPv4 and IPv6. Names are never resolved here: the data
// path must not wait for a resolver.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <string_view>

#include "base/result.h"

namespace slipway::edge {

struct Address {
  sockaddr_in6 bytes{};  // or a sockaddr_in: 28 bytes hold both, where sockaddr_storage takes 128
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
  int family() const { return bytes.sin6_family; }
};

// "127.0.0.1:80", "[::1]:80", ":80" (any IPv4 address).
Result<Address> parse_address(std::string_view text);
std::string to_text(const Address& address);  // with the port
std::string ip_text(const Address& address);  // without; an IPv4 address mapped into IPv6 as IPv4
int port_of(const Address& address);

// 16 bytes for both families: IPv4 is mapped into IPv6 (::ffff:a.b.c.d).
using AddressBits = std::array<std::uint8_t, 16>;
AddressBits bits_of(const Address& address);
bool is_mapped(const AddressBits& bits);
bool is_loopback(const Address& address);  // 127.0.0.0/8, ::1

// For a socket that connects to `address`, or listens there (what is accepted inherits it): a
// message leaves when it is written, and within one machine nothing watches for congestion. Where
// the system's choice is BBR, that would time every segment.
void tune_socket(int fd, const Address& address);

class Cidr {
 public:
  // "10.0.0.0/8", "::1/128", or a single address.
  static Result<Cidr> parse(std::string_view text);
  bool contains(const Address& address) const;

 private:
  AddressBits bits_{};
  int prefix_ = 128;
};

}  // namespace slipway::edge
