// Raw bytes that two parsers could read differently: each must be refused with its status and the
// connection closed, and nothing of it may reach an upstream. The rule is the section of RFC 9112
// unless it says otherwise.
#include <gtest/gtest.h>

#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

struct Case {
  const char* rule;
  int status;
  std::string bytes;
};

std::string with(const std::string& fields, const std::string& body = {}) {
  return "POST /x HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n" + body;
}
const std::string kSmuggled = "GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

std::vector<Case> framing_cases() {
  return {
      {"6.1 CL.TE", 400,
       with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + kSmuggled)},
      {"6.1 TE.CL", 400,
       with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + kSmuggled)},
      {"6.3 two lengths", 400, with("Content-Length: 0\r\nContent-Length: 36\r\n", kSmuggled)},
      {"6.3 the same length twice", 400, with("Content-Length: 1\r\nContent-Length: 1\r\n", "x")},
      {"6.3 list of lengths", 400, with("Content-Length: 1, 1\r\n", "x")},
      {"6.3 plus sign", 400, with("Content-Length: +1\r\n", "x")},
      {"6.3 minus sign", 400, with("Content-Length: -1\r\n", "x")},
      {"6.3 hexadecimal", 400, with("Content-Length: 0x1\r\n", "x")},
      {"6.3 underscore", 400, with("Content-Length: 1_0\r\n", "x")},
      {"6.3 inner space", 400, with("Content-Length: 1 0\r\n", "x")},
      {"6.3 fraction", 400, with("Content-Length: 1.0\r\n", "x")},
      {"6.3 empty", 400, with("Content-Length:\r\n", "x")},
      {"6.3 letters", 400, with("Content-Length: one\r\n", "x")},
      {"6.3 overflow", 400, with("Content-Length: 18446744073709551617\r\n", "x")},
      {"6.3 overflow by much", 400, with("Content-Length: " + std::string(100, '9') + "\r\n", "x")},
      {"6.1 unknown coding", 501, with("Transfer-Encoding: gzip\r\n", kSmuggled)},
      {"6.1 identity", 501, with("Transfer-Encoding: identity\r\n", kSmuggled)},
      {"6.1 xchunked", 501, with("Transfer-Encoding: xchunked\r\n", kSmuggled)},
      {"6.1 chunked not alone", 400, with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
      {"6.1 chunked not last", 400, with("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")},
      {"6.1 chunked twice", 400, with("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")},
      {"6.1 two fields", 400,
       with("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n")},
      {"6.1 quoted", 400, with("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n")},
      {"6.1 parameter", 400, with("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n")},
      {"6.1 leading comma", 400, with("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n")},
      {"6.1 empty", 400, with("Transfer-Encoding:\r\n", "0\r\n\r\n")},
      {"6.1 vertical tab", 400, with("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n")},
      {"6.1 NUL", 400, with(std::string("Transfer-Encoding: chunked\0\r\n", 29), "0\r\n\r\n")},
      {"5.1 space before the colon", 400, with("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")},
      {"5.2 folded", 400, with("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")},
      {"6.1 in HTTP/1.0", 400,
       "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
  };
}

std::vector<Case> line_cases() {
  const std::string end = "\r\nHost: h\r\n\r\n";
  return {
      {"2.2 bare LF", 400, "GET / HTTP/1.1\nHost: h\n\n"},
      {"2.2 bare LF between fields", 400, "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"},
      {"2.2 bare CR in a value", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n"},
      {"2.2 CR CR LF", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\r\n\r\n"},
      {"2.2 white space before the first field", 400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"},
      {"3 two spaces", 400, "GET  / HTTP/1.1" + end},
      {"3 tab", 400, "GET\t/ HTTP/1.1" + end},
      {"3 trailing space", 400, "GET / HTTP/1.1 " + end},
      {"3 leading space", 400, " GET / HTTP/1.1" + end},
      {"3 no version", 400, "GET /" + end},
      {"3 a space in the target", 400, "GET /a b HTTP/1.1" + end},
      {"2.3 lower case version", 400, "GET / http/1.1" + end},
      {"2.3 one digit", 400, "GET / HTTP/1" + end},
      {"9110 15.6.6 version 2", 505, "GET / HTTP/2.0" + end},
      {"9110 15.6.6 version 1.9", 505, "GET / HTTP/1.9" + end},
      {"9113 3.4 preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"3.1 method is no token", 400, "G@T / HTTP/1.1" + end},
      {"3.1 a TLS hello", 400, std::string("\x16\x03\x01\x00\xa5\x01", 6)},
      {"3.2 NUL in the target", 400, std::string("GET /\0 HTTP/1.1", 15) + end},
      {"3.2 eight bit target", 400, "GET /\xff HTTP/1.1" + end},
      {"3.2 fragment", 400, "GET /#a HTTP/1.1" + end},
      {"3.2.2 relative target", 400, "GET x HTTP/1.1" + end},
      {"3.2.2 another scheme", 400, "GET ftp://h/ HTTP/1.1" + end},
      {"3.2.2 userinfo", 400, "GET http://u:p@h/ HTTP/1.1" + end},
      {"3.2.3 CONNECT", 501, "CONNECT h:443 HTTP/1.1" + end},
      {"3.2.4 asterisk with GET", 400, "GET * HTTP/1.1" + end},
      {"9110 9.3.8 TRACE", 405, "TRACE / HTTP/1.1" + end},
      {"3 a method longer than any", 501, std::string(40, 'M') + " / HTTP/1.1" + end},
      {"3 target too long", 414, "GET /" + std::string(9000, 'a') + " HTTP/1.1" + end},
  };
}

std::vector<Case> field_cases() {
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 101; ++i) many += "X: y\r\n";
  return {
      {"3.2 no Host", 400, "GET / HTTP/1.1\r\n\r\n"},
      {"3.2 two Hosts", 400, "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"},
      {"3.2 empty Host", 400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {"3.2 a path in Host", 400, "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n"},
      {"3.2 userinfo in Host", 400, "GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"},
      {"3.2 space in Host", 400, "GET / HTTP/1.1\r\nHost: h x\r\n\r\n"},
      {"3.2 port of letters", 400, "GET / HTTP/1.1\r\nHost: h:x\r\n\r\n"},
      {"5.1 no colon", 400, "GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n"},
      {"5.1 empty name", 400, "GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n"},
      {"5.1 name with a space", 400, "GET / HTTP/1.1\r\nHost: h\r\nA B: x\r\n\r\n"},
      {"5.1 name with eight bits", 400, "GET / HTTP/1.1\r\nHost: h\r\nA\xe4: x\r\n\r\n"},
      {"9110 5.5 NUL in a value", 400,
       std::string("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 36)},
      {"9110 5.5 control in a value", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\x02\r\n\r\n"},
      {"9110 5.5 DEL in a value", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\x7f\r\n\r\n"},
      {"5.2 folded value", 400, "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n"},
      {"6585 5 too many fields", 431, many + "\r\n"},
      {"6585 5 too large a head", 431,
       "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n"},
  };
}

std::vector<Case> chunk_cases() {
  const auto chunked = [](const std::string& body) {
    return with("Transfer-Encoding: chunked\r\n", body);
  };
  return {
      {"7.1 prefix", 400, chunked("0x1\r\na\r\n0\r\n\r\n")},
      {"7.1 sign", 400, chunked("+1\r\na\r\n0\r\n\r\n")},
      {"7.1 underscore", 400, chunked("1_1\r\na\r\n0\r\n\r\n")},
      {"7.1 space in front", 400, chunked(" 1\r\na\r\n0\r\n\r\n")},
      {"7.1 space behind", 400, chunked("1 \r\na\r\n0\r\n\r\n")},
      {"7.1 no size", 400, chunked("\r\na\r\n0\r\n\r\n")},
      {"7.1 overflow", 400, chunked("ffffffffffffffff1\r\na\r\n0\r\n\r\n")},
      {"7.1 bare LF", 400, chunked("1\na\n0\n\n")},
      {"7.1 longer than it says", 400, chunked("1\r\nab\r\n0\r\n\r\n")},
      {"7.1 no CRLF behind a chunk", 400, chunked("1\r\na0\r\n\r\n")},
      {"7.1.1 control in an extension", 400, chunked("1;a=\x01\r\na\r\n0\r\n\r\n")},
      {"7.1.1 LF in an extension", 400, chunked("1;a\nb\r\na\r\n0\r\n\r\n")},
      {"7.1.1 endless extension", 400,
       chunked("1;" + std::string(5000, 'x') + "\r\na\r\n0\r\n\r\n")},
      {"7.1.2 trailer without a name", 400, chunked("0\r\n: x\r\n\r\n")},
      {"7.1.2 folded trailer", 400, chunked("0\r\n x\r\n\r\n")},
  };
}

class Refusals : public ::testing::Test {
 protected:
  TempDir state_;
  Edge edge_{state_.path()};
  App app_{"app"};
  void SetUp() override { edge_.put("a", list_of({service("web", "r1", {app_.address()})})); }
  void check(const std::vector<Case>& cases) {
    for (const Case& c : cases) {
      Connection connection(edge_.port());
      connection.send(c.bytes + kSmuggled);
      const Reply reply = connection.read("POST");
      EXPECT_EQ(reply.status, c.status) << c.rule;
      if (c.status == 405) continue;
      EXPECT_EQ(connection.read_to_end(), "")
          << c.rule << ": something was answered after a refusal";
    }
    EXPECT_LE(app_.requests(), 1) << "only the request behind TRACE may reach the upstream";
  }
};

TEST_F(Refusals, AmbiguousFraming) { check(framing_cases()); }
TEST_F(Refusals, MalformedRequestLines) { check(line_cases()); }
TEST_F(Refusals, MalformedFields) { check(field_cases()); }
TEST_F(Refusals, MalformedChunks) { check(chunk_cases()); }

TEST_F(Refusals, ResponsesThatCouldBeSplitAreBadGateways) {
  for (const std::string& bytes : {
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n0\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
           std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"),
           std::string("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\nContent-Length: 0\n\n"),
           std::string("HTTP/1.1 200 OK\r\nX : y\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n"),
           std::string("HTTP/1.1 99 OK\r\n\r\n"),
           std::string("HTTP/2 200\r\n\r\n"),
           std::string(
               "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
       }) {
    App app([&bytes](int fd, const App::Request&) {
      write_all(fd, bytes);
      return false;
    });
    edge_.put("a", list_of({service("web", "r1", {app.address()})}));
    EXPECT_EQ(get(edge_.port(), "/").status, 502) << bytes;
  }
}

TEST(SlowClients, AHeadThatNeverEndsIsTimedOut) {
  TempDir state;
  Edge edge(state.path(), {"--head-ms", "60"});
  Connection connection(edge.port());
  connection.send("GET / HTTP/1.1\r\nHost:");
  EXPECT_EQ(connection.read().status, 408);
}

}  // namespace
}  // namespace slipway::edge::test
