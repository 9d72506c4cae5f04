#pragma once
// The PROXY protocol's header, versions 1 and 2 (HAProxy's doc/proxy-protocol.txt): who the client
// is, said by the load balancer in front before the first byte of the connection itself. Strict,
// and pure.
#include <cstdint>
#include <string_view>

#include "edge/address.h"

namespace slipway::edge {

inline constexpr std::size_t kMostProxyHeader = 4096;  // with its TLVs

struct ProxyHeader {
  enum class Kind : std::uint8_t {
    NeedMore,
    Refused,
    Unnamed,  // the balancer's own (LOCAL), UNKNOWN, a unix socket: the peer stays the client
    Named,
  };
  Kind kind = Kind::NeedMore;
  std::size_t size = 0;  // of the header; what follows belongs to the connection
  Address client;        // with Named
};

// From the first bytes of a connection. After NeedMore call again with more of them.
ProxyHeader parse_proxy_header(std::string_view bytes);

}  // namespace slipway::edge
