#pragma once
// What other proxies in front of the edge say about a request, and which of them is believed.
#include "edge/address.h"
#include "edge/routes.h"
#include "http/parser.h"

namespace slipway::edge {

// Are this peer's X-Forwarded-*, Forwarded and the addresses in them believed? Yes when the service
// has `forward_headers`, or the peer is in its `trusted_proxies`.
bool trusts(const RouteService& service, const Address& peer);

// The client as limits and logs should know it: the right-most address of X-Forwarded-For that is
// no trusted proxy; the peer itself when it is not trusted. What stands left of that address, the
// client may have made up. The port is 0 when the header gives none.
Address client_address(const http::Headers& headers, const Address& peer,
                       const RouteService& service);

// The name the edge signs with in Via (RFC 9110 section 7.6.3).
inline constexpr std::string_view kViaName = "slipway";
// Has a request been through edges so often that a target must lead back to one?
bool runs_in_circles(const http::Headers& headers);

// Max-Forwards of a request, -1 when it has none (RFC 9110 section 7.6.2).
std::int64_t max_forwards(const http::Headers& headers);

}  // namespace slipway::edge
