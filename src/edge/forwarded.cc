#include "edge/forwarded.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "http/bytes.h"

namespace slipway::edge {
namespace {

constexpr int kMostRounds = 8;

bool is_trusted_hop(const RouteService& service, const Address& hop) {
  return std::any_of(service.trusted_proxies.begin(), service.trusted_proxies.end(),
                     [&](const Cidr& range) { return range.contains(hop); });
}

bool read_port(std::string_view text, std::uint16_t& port) {
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), port);
  return err == std::errc() && end == text.data() + text.size();
}

// "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:80". False for
// anything else, such as "unknown".
bool read_hop(std::string_view text, Address& hop) {
  std::string_view host = text;
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return false;
    host = text.substr(1, end - 1);
    if (end + 1 < text.size() && text[end + 1] != ':') return false;
    port = text.substr(std::min(end + 2, text.size()));
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos && text.find(':', colon + 1) == text.npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  std::array<char, INET6_ADDRSTRLEN> name{};
  if (host.empty() || host.size() >= name.size()) return false;
  std::copy(host.begin(), host.end(), name.begin());
  std::uint16_t number = 0;
  if (!port.empty() && !read_port(port, number)) return false;
  hop = Address();
  auto* v4 = reinterpret_cast<sockaddr_in*>(&hop.bytes);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&hop.bytes);
  if (inet_pton(AF_INET, name.data(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(number);
    hop.size = sizeof(sockaddr_in);
    return true;
  }
  if (inet_pton(AF_INET6, name.data(), &v6->sin6_addr) != 1) return false;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(number);
  hop.size = sizeof(sockaddr_in6);
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && http::is_ows(text.front())) text.remove_prefix(1);
  while (!text.empty() && http::is_ows(text.back())) text.remove_suffix(1);
  return text;
}

// The last member of the comma list, taken off it. Empty members are passed over.
bool take_last(std::string_view& list, std::string_view& member) {
  while (!list.empty()) {
    const std::size_t comma = list.rfind(',');
    const bool only = comma == std::string_view::npos;
    member = trimmed(only ? list : list.substr(comma + 1));
    list = only ? std::string_view() : list.substr(0, comma);
    if (!member.empty()) return true;
  }
  return false;
}

}  // namespace

bool trusts(const RouteService& service, const Address& peer) {
  return service.config.forward_headers || is_trusted_hop(service, peer);
}

Address client_address(const http::Headers& headers, const Address& peer,
                       const RouteService& service) {
  if (!trusts(service, peer)) return peer;
  Address client = peer;
  for (std::size_t i = headers.size(); i-- > 0;) {
    const http::Header& header = headers.begin()[i];
    if (header.known != http::Known::XForwardedFor) continue;
    std::string_view list = header.value();
    for (std::string_view member; take_last(list, member);) {
      Address hop;
      if (!read_hop(member, hop)) return client;
      client = hop;
      if (!is_trusted_hop(service, client)) return client;
    }
  }
  return client;
}

bool runs_in_circles(const http::Headers& headers) {
  int rounds = 0;
  for (const http::Header& header : headers) {
    if (header.known != http::Known::Via) continue;
    std::string_view list = header.value();
    for (std::string_view member; take_last(list, member);) {
      const std::size_t space = member.find(' ');
      if (space != std::string_view::npos && trimmed(member.substr(space)) == kViaName) ++rounds;
    }
  }
  return rounds >= kMostRounds;
}

std::int64_t max_forwards(const http::Headers& headers) {
  const http::Header* header = headers.find(http::Known::MaxForwards);
  if (header == nullptr) return -1;
  const std::string_view text = header->value();
  std::int64_t number = -1;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = err == std::errc() && end == text.data() + text.size() && number >= 0;
  return whole ? number : -1;
}

}  // namespace slipway::edge
