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
  const auto text_of = [](const std::array<std::uint64_t, 3>& random) {
    const NewTraceparent begun = new_traceparent(random);
    return std::string(begun.data(), begun.size());
  };
  EXPECT_TRUE(is_traceparent(text_of({0, 0, 0}))) << "even of zeros: " << text_of({0, 0, 0});
  EXPECT_EQ(text_of({0x0123456789abcdef, 0xfedcba9876543211, 0x90ab}),
            "00-0123456789abcdeffedcba9876543211-00000000000090ab-01");
}

// What goes on of a request with these header lines, without the edge's own.
std::string passed_on(const std::string& lines) {
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
  const auto parsed = http::parse_request_head(text);
  EXPECT_EQ(parsed.parsed, http::Parsed::Complete) << lines;
  std::string out;
  write_request_head(parsed.head, RequestRewrite(), out);
  const std::string begin = "GET / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_TRUE(out.starts_with(begin)) << out;
  const std::size_t own = out.find("X-Forwarded-For: ");
  return out.substr(begin.size(), own - begin.size());
}

TEST(RequestHead, LinesGoOnAsTheyCameAndUnusualWhiteSpaceIsMadeUsual) {
  EXPECT_EQ(passed_on("A: 1\r\nB: 2\r\n"), "A: 1\r\nB: 2\r\n");
  EXPECT_EQ(passed_on("A:1\r\nB:  2 \r\nC:\t3\r\nD: 4 \r\nE: 5\r\n"),
            "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n");
  EXPECT_EQ(passed_on("A:\r\nB: \r\nC: 3\r\n"), "A: \r\nB: \r\nC: 3\r\n");
}

TEST(RequestHead, WhatIsLeftOutLeavesNoGapAndNoRemains) {
  EXPECT_EQ(passed_on("A: 1\r\nTE: trailers\r\nB: 2\r\nX-Forwarded-Proto: gopher\r\nC: 3\r\n"),
            "A: 1\r\nB: 2\r\nC: 3\r\n");
  EXPECT_EQ(passed_on("Connection: b\r\nA: 1\r\nB: 2\r\nC: 3\r\n"), "A: 1\r\nC: 3\r\n");
}

TEST(RequestHead, OneLargerThanExpectedIsWholeAllTheSame) {
  RequestRewrite rewrite;
  const std::string client(4000, '1');
  rewrite.client_ip = client;
  const auto parsed = http::parse_request_head("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\n\r\n");
  std::string out = "before";
  write_request_head(parsed.head, rewrite, out);
  EXPECT_TRUE(out.starts_with("beforeGET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nX-Forwarded-For: 1"));
  EXPECT_NE(out.find(client + "\r\nX-Forwarded-Proto: http\r\n"), std::string::npos);
  EXPECT_TRUE(out.ends_with("\r\nVia: 1.1 slipway\r\n\r\n"));
}

}  // namespace
}  // namespace slipway::edge
