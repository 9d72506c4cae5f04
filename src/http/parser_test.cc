#include "http/parser.h"
#include "http/bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace slipway::http {
namespace {

using Kind = BodyFraming::Kind;

std::string get(const std::string& fields) {
  return "GET /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}
std::string post(const std::string& fields) {
  return "POST /a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

TEST(RequestHead, ReadsLineHeadersAndSizeAndLeavesTheRestAlone) {
  const std::string bytes =
      "PATCH /a/b?p1=a;b;c&p2=%x HTTP/1.1\r\nHost: shop.example:80\r\nX-One:  two words "
      "\t\r\n\r\nnext";
  const HeadResult got = parse_request_head(bytes);
  ASSERT_EQ(got.parsed, Parsed::Complete) << got.problem.reason;
  EXPECT_EQ(got.head.method, "PATCH");
  EXPECT_EQ(got.head.target, "/a/b?p1=a;b;c&p2=%x");
  EXPECT_EQ(got.head.path, "/a/b");
  EXPECT_EQ(got.head.query, "?p1=a;b;c&p2=%x");
  EXPECT_EQ(got.head.host, "shop.example:80");
  EXPECT_EQ(got.head.headers.value_of("x-ONE"), "two words");
  EXPECT_EQ(got.head.size, bytes.size() - 4);
  EXPECT_TRUE(got.head.keep_alive);
}

TEST(RequestHead, AsksForMoreUntilTheEmptyLineIsThere) {
  const std::string bytes = post("Content-Length: 3\r\nX: y\r\n");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(parse_request_head(bytes.substr(0, size)).parsed, Parsed::NeedMore) << size;
  EXPECT_EQ(parse_request_head(bytes).parsed, Parsed::Complete);
}

TEST(RequestHead, TakesHostFromAnAbsoluteTargetAndIgnoresTheHeader) {
  const std::string bytes = "GET http://one.example:8080/x?y HTTP/1.1\r\nHost: two.example\r\n\r\n";
  const HeadResult got = parse_request_head(bytes);
  ASSERT_EQ(got.parsed, Parsed::Complete);
  EXPECT_EQ(got.head.host, "one.example:8080");
  EXPECT_EQ(got.head.path, "/x");
  EXPECT_EQ(got.head.query, "?y");
  const std::string bare = "GET http://one.example HTTP/1.1\r\nHost: one.example\r\n\r\n";
  EXPECT_EQ(parse_request_head(bare).head.path, "/");
}

struct FramingCase {
  std::string bytes;
  Kind kind;
  std::uint64_t length;
};

TEST(RequestHead, KnowsHowTheBodyEnds) {
  const FramingCase cases[] = {
      {get(""), Kind::None, 0},
      {post("Content-Length: 0\r\n"), Kind::Length, 0},
      {post("Content-Length: 12\r\n"), Kind::Length, 12},
      {post("content-length:12\r\n"), Kind::Length, 12},
      {get("Content-Length: 7\r\n"), Kind::Length, 7},
      {post("Transfer-Encoding: chunked\r\n"), Kind::Chunked, 0},
      {post("Transfer-Encoding: Chunked\r\n"), Kind::Chunked, 0},
  };
  for (const FramingCase& c : cases) {
    const HeadResult got = parse_request_head(c.bytes);
    ASSERT_EQ(got.parsed, Parsed::Complete) << c.bytes << got.problem.reason;
    EXPECT_EQ(got.head.framing.kind, c.kind) << c.bytes;
    EXPECT_EQ(got.head.framing.length, c.length) << c.bytes;
  }
}

TEST(RequestHead, SaysWhetherTheConnectionStaysOpen) {
  const auto keeps = [](const std::string& bytes) {
    return parse_request_head(bytes).head.keep_alive;
  };
  EXPECT_TRUE(keeps(get("")));
  EXPECT_FALSE(keeps(get("Connection: close\r\n")));
  EXPECT_FALSE(keeps(get("Connection: x, Close\r\n")));
  EXPECT_FALSE(keeps(get("Connection: x\r\nConnection: close\r\n")));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(RequestHead, SeesExpectAndUpgradeOnlyWhereTheyMeanSomething) {
  EXPECT_TRUE(parse_request_head(post("Content-Length: 1\r\nExpect: 100-Continue\r\n"))
                  .head.expect_continue);
  EXPECT_FALSE(parse_request_head(get("Expect: 100-continue\r\n")).head.expect_continue);
  EXPECT_TRUE(
      parse_request_head(get("Connection: Upgrade\r\nUpgrade: websocket\r\n")).head.upgrade);
  EXPECT_FALSE(parse_request_head(get("Upgrade: websocket\r\n")).head.upgrade);
  EXPECT_FALSE(parse_request_head("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
                   .head.upgrade);
}

struct RefusedCase {
  int status;
  std::string bytes;
};

void expect_refused(const RefusedCase& c) {
  const HeadResult got = parse_request_head(c.bytes);
  ASSERT_EQ(got.parsed, Parsed::Refused) << c.bytes;
  EXPECT_EQ(got.problem.status, c.status) << c.bytes << got.problem.reason;
  EXPECT_EQ(got.problem.rule.substr(0, 4), "RFC ") << c.bytes;
  EXPECT_FALSE(got.problem.reason.empty());
}

TEST(RequestHead, RefusesBadRequestLines) {
  const std::string host = "\r\nHost: h\r\n\r\n";
  for (const RefusedCase& c : {
           RefusedCase{400, "GET  / HTTP/1.1" + host},
           {400, "GET / HTTP/1.1 " + host},
           {400, " GET / HTTP/1.1" + host},
           {400, "GET\t/ HTTP/1.1" + host},
           {400, "GET /a b HTTP/1.1" + host},
           {400, "GET /" + host},
           {400, "GET / http/1.1" + host},
           {400, "GET / HTTP/1.1x" + host},
           {400, "GET / HTTP/1" + host},
           {505, "GET / HTTP/2.0" + host},
           {505, "GET / HTTP/1.2" + host},
           {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
           {400, "G(T / HTTP/1.1" + host},
           {400, std::string("GET /\0 HTTP/1.1", 15) + host},
           {400, "GET /\x7f HTTP/1.1" + host},
           {400, "GET /\xc3\xa4 HTTP/1.1" + host},
           {400, "GET /a#b HTTP/1.1" + host},
           {400, "GET a HTTP/1.1" + host},
           {400, "GET * HTTP/1.1" + host},
           {400, "GET ftp://x/ HTTP/1.1" + host},
           {400, "GET http://user@x/ HTTP/1.1" + host},
           {400, "GET http:/// HTTP/1.1" + host},
           {501, "CONNECT a:443 HTTP/1.1" + host},
           {501, std::string(33, 'A') + " / HTTP/1.1" + host},
           {400, "GET / HTTP/1.1\nHost: h\n\n"},
           {400, "GET / HTTP/1.1\r\n\r\n"},
       })
    expect_refused(c);
}

TEST(RequestHead, RefusesBadHeaders) {
  for (const RefusedCase& c : {
           RefusedCase{400, get("X : y\r\n")},
           {400, get(": y\r\n")},
           {400, get("X\r\n")},
           {400, get("X(: y\r\n")},
           {400, get("X: a\r\n folded\r\n")},
           {400, get("X: a\r\n\tfolded\r\n")},
           {400, get("X: a\rb\r\n")},
           {400, get("X: a\nY: b\r\n")},
           {400, get(std::string("X: a\0b\r\n", 8))},
           {400, get("X: a\x01\r\n")},
           {400, get("X: a\x7f\r\n")},
           {400, get("X\xc3: a\r\n")},
           {400, get("Host: h\r\n")},
           {400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
           {400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
           {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
           {400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
           {400, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"},
           {400, "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"},
           {400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
           {400, "GET / HTTP/1.1\r\n Host: h\r\n\r\n"},
       })
    expect_refused(c);
}

TEST(RequestHead, RefusesEveryAmbiguousLength) {
  for (const RefusedCase& c : {
           RefusedCase{400, post("Content-Length: 1\r\nContent-Length: 2\r\n")},
           {400, post("Content-Length: 1\r\nContent-Length: 1\r\n")},
           {400, post("Content-Length: 1, 1\r\n")},
           {400, post("Content-Length: +1\r\n")},
           {400, post("Content-Length: -1\r\n")},
           {400, post("Content-Length: 0x1\r\n")},
           {400, post("Content-Length: 1_0\r\n")},
           {400, post("Content-Length: 1 0\r\n")},
           {400, post("Content-Length: 1.0\r\n")},
           {400, post("Content-Length:\r\n")},
           {400, post("Content-Length: 99999999999999999999\r\n")},
           {400, post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")},
           {400, post("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n")},
           {400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
           {400, post("Transfer-Encoding: chunked, chunked\r\n")},
           {400, post("Transfer-Encoding: chunked, identity\r\n")},
           {400, post("Transfer-Encoding: gzip, chunked\r\n")},
           {501, post("Transfer-Encoding: gzip\r\n")},
           {501, post("Transfer-Encoding: identity\r\n")},
           {501, post("Transfer-Encoding: xchunked\r\n")},
           {400, post("Transfer-Encoding: \"chunked\"\r\n")},
           {400, post("Transfer-Encoding: chunked;q=1\r\n")},
           {400, post("Transfer-Encoding:\r\n")},
           {400, post("Transfer-Encoding: \vchunked\r\n")},
           {400, post("Transfer-Encoding:\r\n chunked\r\n")},
           {400, post("Transfer-Encoding : chunked\r\n")},
           {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
       })
    expect_refused(c);
}

TEST(RequestHead, AnswersTheRightStatusForEachLimit) {
  Limits limits;
  limits.head_bytes = 300;
  limits.headers = 3;
  limits.target_bytes = 50;
  const auto status = [&](const std::string& bytes) {
    const HeadResult got = parse_request_head(bytes, limits);
    return got.parsed == Parsed::Refused ? got.problem.status : 0;
  };
  EXPECT_EQ(status("GET /" + std::string(50, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"), 414);
  EXPECT_EQ(status("GET /" + std::string(400, 'a')), 414);
  EXPECT_EQ(status(get("X: " + std::string(400, 'a'))), 431);
  EXPECT_EQ(status(get("A: a\r\nB: b\r\nC: c\r\n")), 431);
  EXPECT_EQ(status(get("A: a\r\nB: b\r\n")), 0);
}

TEST(RequestHead, RefusesWhatCanNotBecomeARequestLineWithoutWaiting) {
  EXPECT_EQ(parse_request_head("\x16\x03\x01\x02").parsed, Parsed::Refused);
  EXPECT_EQ(parse_request_head("\r\nGET").parsed, Parsed::NeedMore);
  EXPECT_EQ(parse_request_head("\r").parsed, Parsed::NeedMore);
  EXPECT_EQ(parse_request_head("\r\n" + get("")).parsed, Parsed::Complete);
}

TEST(ResponseHead, KnowsHowTheBodyEnds) {
  struct Case {
    std::string bytes;
    std::string method;
    Kind kind;
    bool keep_alive;
  };
  for (const Case& c : {
           Case{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", Kind::Length, true},
           {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", Kind::None, true},
           {"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", Kind::Chunked, true},
           {"HTTP/1.1 200 OK\r\n\r\n", "GET", Kind::UntilClose, false},
           {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", Kind::Length, false},
           {"HTTP/1.1 204 No Content\r\n\r\n", "GET", Kind::None, true},
           {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", Kind::None, true},
           {"HTTP/1.1 100 Continue\r\n\r\n", "POST", Kind::None, true},
           {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", "GET",
            Kind::Length, false},
       }) {
    const ResponseResult got = parse_response_head(c.bytes, c.method);
    ASSERT_EQ(got.parsed, Parsed::Complete) << c.bytes << got.problem.reason;
    EXPECT_EQ(got.head.framing.kind, c.kind) << c.bytes;
    EXPECT_EQ(got.head.keep_alive, c.keep_alive) << c.bytes;
  }
}

TEST(ResponseHead, RefusesWhatCouldSplitAResponse) {
  for (const std::string& bytes : {
           std::string(
               "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
           std::string("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
           std::string("HTTP/1.1 2000 OK\r\n\r\n"),
           std::string("HTTP/1.1 20 OK\r\n\r\n"),
           std::string("HTTP/1.1 099 OK\r\n\r\n"),
           std::string("HTTP/1.1200 OK\r\n\r\n"),
           std::string("HTTP/2.0 200 OK\r\n\r\n"),
           std::string("HTTP/1.1 200 OK\nX: y\n\n"),
           std::string("HTTP/1.1 200 OK\r\nX : y\r\n\r\n"),
           std::string("HTTP/1.1 200 O\x01K\r\n\r\n"),
           std::string("\r\n\r\n"),
       }) {
    const ResponseResult got = parse_response_head(bytes, "GET");
    ASSERT_EQ(got.parsed, Parsed::Refused) << bytes;
    EXPECT_EQ(got.problem.status, 502);
  }
}

// Feeds `body` in pieces of `step` bytes; returns what came out, or "!" and the reason.
std::string decode(const std::string& body, std::size_t step, std::string* rest = nullptr) {
  ChunkedDecoder decoder;
  std::string content;
  for (std::size_t at = 0; at < body.size(); at += step) {
    std::string_view input = std::string_view(body).substr(at, step);
    for (;;) {
      const ChunkedDecoder::Piece piece = decoder.next(input);
      if (piece.got == ChunkedDecoder::Got::Bad) return "!" + std::string(decoder.problem().reason);
      if (piece.got == ChunkedDecoder::Got::Content) content += piece.content;
      if (piece.got == ChunkedDecoder::Got::NeedMore) break;
      if (piece.got == ChunkedDecoder::Got::Done) {
        if (rest != nullptr) *rest = std::string(input);
        return content;
      }
    }
  }
  return content + "...";
}

TEST(ChunkedDecoder, GivesTheContentWhateverThePieces) {
  const std::string body =
      "5\r\nhello\r\n1;a=b;c=\"x;\\\"y\"\r\n \r\nA\r\nworld 1234\r\n00\r\nExpires: x\r\nHost: "
      "evil\r\n\r\n";
  for (std::size_t step = 1; step <= body.size(); ++step)
    EXPECT_EQ(decode(body, step), "hello world 1234");
}

TEST(ChunkedDecoder, LeavesTheNextMessageAlone) {
  std::string rest;
  EXPECT_EQ(decode("1\r\na\r\n0\r\n\r\nGET /", 1000, &rest), "a");
  EXPECT_EQ(rest, "GET /");
}

TEST(ChunkedDecoder, WaitsForTheEnd) {
  EXPECT_EQ(decode("1\r\na\r\n0\r\n", 100), "a...");
  EXPECT_EQ(decode("5\r\nab", 100), "ab...");
}

TEST(ChunkedDecoder, RefusesWhatAnotherParserCouldReadDifferently) {
  const std::string long_extension = "1;" + std::string(2000, 'x') + "\r\na\r\n0\r\n\r\n";
  for (const std::string& body : {
           std::string("0x1\r\na\r\n0\r\n\r\n"),
           std::string("+1\r\na\r\n0\r\n\r\n"),
           std::string("-1\r\na\r\n0\r\n\r\n"),
           std::string("1_0\r\na\r\n0\r\n\r\n"),
           std::string(" 1\r\na\r\n0\r\n\r\n"),
           std::string("1 \r\na\r\n0\r\n\r\n"),
           std::string("\r\na\r\n0\r\n\r\n"),
           std::string("g\r\n"),
           std::string(";a\r\n"),
           std::string("1\na\n0\n\n"),
           std::string("1\r\nab\r\n0\r\n\r\n"),
           std::string("1\r\na0\r\n\r\n"),
           std::string("1\r\na\n0\r\n\r\n"),
           std::string("1\rXa\r\n0\r\n\r\n"),
           std::string("ffffffffffffffff\r\n"),
           std::string("10000000000000000\r\n"),
           std::string("1;a\nb\r\na\r\n0\r\n\r\n"),
           std::string("1;a\x01\r\na\r\n0\r\n\r\n"),
           std::string("0\r\nX y: z\r\n\r\n"),
           std::string("0\r\n: z\r\n\r\n"),
           std::string("0\r\n x: y\r\n\r\n"),
           std::string("0\r\nX: a\nY: b\r\n\r\n"),
           std::string("0\r\n\rX"),
           long_extension,
           "0\r\nX: " + std::string(9000, 'x') + "\r\n\r\n",
       })
    EXPECT_EQ(decode(body, 1)[0], '!') << body.substr(0, 40);
}

TEST(Headers, KnowsWhatBelongsToOneConnectionOnly) {
  const std::string bytes =
      get("Connection: keep-alive, X-Secret\r\nX-Secret: s\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
          "Proxy-Connection: x\r\nAccept: y\r\n");
  const HeadResult got = parse_request_head(bytes);
  ASSERT_EQ(got.parsed, Parsed::Complete);
  const auto goes_on = [&](const char* name) {
    const Header* header = got.head.headers.find(name);
    return !is_hop_by_hop(*header) && !is_nominated(got.head.headers, *header);
  };
  EXPECT_FALSE(goes_on("Connection"));
  EXPECT_FALSE(goes_on("X-Secret"));
  EXPECT_FALSE(goes_on("Keep-Alive"));
  EXPECT_FALSE(goes_on("TE"));
  EXPECT_FALSE(goes_on("Proxy-Connection"));
  EXPECT_TRUE(goes_on("Accept"));
  EXPECT_TRUE(goes_on("Host"));
}

TEST(Headers, HostAndFramingCanNotBeNominatedAway) {
  const std::string bytes = post(
      "Connection: host, content-length, "
      "x-forwarded-for\r\nContent-Length: 1\r\nX-Forwarded-For: a\r\n");
  const HeadResult got = parse_request_head(bytes);
  ASSERT_EQ(got.parsed, Parsed::Complete);
  for (const char* name : {"Host", "Content-Length", "X-Forwarded-For"})
    EXPECT_FALSE(is_nominated(got.head.headers, *got.head.headers.find(name))) << name;
}

TEST(Headers, CarriageReturnIsNoMinusSign) {
  EXPECT_FALSE(equals_ignoring_case("a\r", "a-"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_TRUE(equals_ignoring_case("Content-LENGTH", "content-length"));
}

TEST(FieldChars, EveryByteAtEveryPlaceIsJudgedAsTheTableSays) {
  for (std::size_t size = 1; size <= 19; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        for (const char around : {'a', '\t', ' ', '\xff', '\x80', '~'}) {
          std::string text(size, around);
          text[at] = static_cast<char>(c);
          ASSERT_EQ(are_field_chars(text), is_field_char(static_cast<char>(c)))
              << size << " " << at << " " << c;
        }
      }
    }
  }
  EXPECT_TRUE(are_field_chars(""));
}

TEST(Nominated, OnlyAnOptionWithoutAMeaningOfItsOwnNominates) {
  const auto nominates_in = [](const std::string& lines) {
    const auto got = parse_request_head("GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n");
    EXPECT_EQ(got.parsed, Parsed::Complete) << lines;
    return nominates(got.head.headers);
  };
  EXPECT_FALSE(nominates_in(""));
  EXPECT_FALSE(nominates_in("Connection: keep-alive, Upgrade\r\n"));
  EXPECT_FALSE(nominates_in("Connection:\r\n"));
  EXPECT_TRUE(nominates_in("Connection: keep-alive\r\nConnection: upgrade, x-secret\r\n"));
  EXPECT_TRUE(nominates_in("Connection: close\r\n")) << "a header may be named so";
}

TEST(Headers, ACopyHasWhatIsThereAndWhatIsKnownOfIt) {
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\nDate: today\r\nX-A: 1\r\n\r\n";
  const auto got = parse_request_head(text);
  Headers copy = got.head.headers;
  EXPECT_EQ(copy.size(), 3u);
  EXPECT_EQ(copy.value_of("x-a"), "1");
  ASSERT_TRUE(copy.has(Known::Date));
  EXPECT_EQ(copy.find(Known::Date)->value(), "today");
  copy = Headers();
  EXPECT_EQ(copy.size(), 0u);
  EXPECT_FALSE(copy.has(Known::Date));
  EXPECT_EQ(copy.find(Known::Date), nullptr);
}

}  // namespace
}  // namespace slipway::http
