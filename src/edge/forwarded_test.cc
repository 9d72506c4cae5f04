#include "edge/forwarded.h"

#include <gtest/gtest.h>

#include "edge/rewrite.h"
#include "edge/trace.h"

namespace slipway::edge {
namespace {

// The client of a request with these X-Forwarded-For lines, from this peer.
std::string client_of(const RouteService& service, const std::string& peer,
                      const std::vector<std::string>& lines) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (const std::string& line : lines) bytes += "X-Forwarded-For: " + line + "\r\n";
  bytes += "\r\n";
  const auto parsed = http::parse_request_head(bytes);
  return ip_text(client_address(parsed.head.headers, parse_address(peer).value(), service));
}

RouteService trusting(const std::vector<std::string>& ranges) {
  RouteService service;
  for (const std::string& range : ranges)
    service.trusted_proxies.push_back(Cidr::parse(range).value());
  return service;
}

TEST(ClientAddress, IsTheRightMostHopThatIsNotTrusted) {
  const RouteService service = trusting({"10.0.0.0/8", "2001:db8::/32"});
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"1.1.1.1, 2.2.2.2"}), "2.2.2.2");
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"1.1.1.1, 2.2.2.2, 10.0.0.2"}), "2.2.2.2");
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"6.6.6.6", "2.2.2.2", "10.0.0.2"}), "2.2.2.2");
  EXPECT_EQ(client_of(service, "[2001:db8::1]:5", {"2001:4860::8, 2001:db8::2"}), "2001:4860::8");
}

TEST(ClientAddress, OfAStrangerIsTheStranger) {
  const RouteService service = trusting({"10.0.0.0/8"});
  EXPECT_EQ(client_of(service, "3.3.3.3:5", {"1.1.1.1"}), "3.3.3.3");
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {}), "10.0.0.1");
}

TEST(ClientAddress, StopsAtWhatIsNoAddress) {
  const RouteService service = trusting({"10.0.0.0/8"});
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"1.1.1.1, unknown"}), "10.0.0.1");
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"1.1.1.1, x, 10.0.0.3"}), "10.0.0.3");
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"1.1.1.1:x"}), "10.0.0.1");
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"[1.1.1.1"}), "10.0.0.1");
}

TEST(ClientAddress, ReadsPortsBracketsAndEmptyMembers) {
  const RouteService service = trusting({"10.0.0.0/8"});
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"1.1.1.1:81"}), "1.1.1.1");
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"[2001:4860::8]:81"}), "2001:4860::8");
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"2001:4860::8"}), "2001:4860::8");
  EXPECT_EQ(client_of(service, "10.0.0.1:5", {"1.1.1.1, ,"}), "1.1.1.1");
}

TEST(ClientAddress, OfAServiceThatTrustsItsPeerIsTheLastHop) {
  RouteService service;
  service.config.forward_headers = true;
  EXPECT_EQ(client_of(service, "3.3.3.3:5", {"1.1.1.1, 2.2.2.2"}), "2.2.2.2");
}

TEST(Via, NamesWhatTheClientSpoke) {
  const auto parsed = http::parse_request_head("GET / HTTP/1.0\r\nHost: h\r\n\r\n");
  std::string out;
  write_request_head(parsed.head, RequestRewrite(), out);
  EXPECT_NE(out.find("\r\nVia: 1.0 slipway\r\n"), std::string::npos) << out;
}

TEST(Trace, WhatIsBegunIsValidAndRepeatsNoTrace) {
  std::string one;
  std::string two;
  append_traceparent({0, 0, 0}, one);
  append_traceparent({1, 2, 3}, two);
  EXPECT_TRUE(is_traceparent(one)) << "even of zeros: " << one;
  EXPECT_TRUE(is_traceparent(two));
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace slipway::edge
