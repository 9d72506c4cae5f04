// The edge as an HTTP/2 server, asked from outside: each row of the tables names its rule.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <iostream>

#include "edge/http2.h"
#include "tests/integration/edge/harness.h"
#include "tests/integration/http2/cases.h"

namespace slipway::edge::test {

Outcome connection_error(std::vector<int> codes) {
  return {Outcome::Kind::Connection, std::move(codes), 0, 0};
}
Outcome stream_error(std::uint32_t stream, std::vector<int> codes) {
  return {Outcome::Kind::Stream, std::move(codes), stream, 0};
}
Outcome answered(std::uint32_t stream, int status) {
  return {Outcome::Kind::Answer, {}, stream, status};
}
Outcome alive() { return {}; }

namespace {

bool one_of(const std::vector<int>& codes, int code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// One edge for all cases: what one connection does must not be seen on another.
class Http2 : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    state_ = new TempDir();
    edge_ = new Edge(state_->path(), {"--h2c", "--head-ms", "700"});
    app_ = new App([](int fd, const App::Request& request) { return serve(fd, request); });
    Json paused = service("paused", "r1", {app_->address()});
    paused.set("hosts", texts({"paused.example"})).set("state", "paused");
    edge_->put("a", list_of({service("web", "r1", {app_->address()}), paused}));
  }
  static void TearDownTestSuite() {
    delete app_;
    delete edge_;
    delete state_;
  }

  static bool serve(int fd, const App::Request& request) {
    if (request.target == "/slow") {
      pollfd gone{fd, POLLIN | POLLRDHUP, 0};
      poll(&gone, 1, 1'000);  // until the edge gives up on it
    }
    if (request.target == "/large") return write_all(fd, ok_response(std::string(300'000, 'x')));
    if (request.target == "/none") return write_all(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    if (request.target == "/length") return write_all(fd, ok_response("12345"));
    if (request.target == "/early") {
      write_all(fd,
                "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      return false;
    }
    if (request.head.find("100-continue") != std::string::npos)
      write_all(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    return write_all(fd, ok_response(request.head + "|" + request.body));
  }

  // Empty: as it must be.
  static std::string check(const Http2Case& each) {
    Http2Client client(edge_->port());
    client.hello();
    client.send(frame(kSettings, kAck, 0) + each.sends);
    switch (each.must.kind) {
      case Outcome::Kind::Connection:
        return check_connection_error(client, each.must);
      case Outcome::Kind::Stream:
        return check_stream_error(client, each.must);
      case Outcome::Kind::Answer: {
        const auto got = client.answer(each.must.stream);
        if (got.status == each.must.status && got.ended) return {};
        return "status " + std::to_string(got.status) + ", reset " + std::to_string(got.reset);
      }
      case Outcome::Kind::Alive:
        return check_alive(client);
    }
    return "unknown";
  }

  static std::string check_connection_error(Http2Client& client, const Outcome& must) {
    while (auto got = client.read()) {
      if (got->type != kGoAway) continue;
      if (!one_of(must.codes, got->code())) return "GOAWAY " + std::to_string(got->code());
      while (client.read()) {
      }
      return client.timed_out() ? "the connection stays open after GOAWAY" : "";
    }
    return client.timed_out() ? "nothing happens" : "";  // ended without a word: allowed
  }

  static std::string check_stream_error(Http2Client& client, const Outcome& must) {
    while (auto got = client.read()) {
      const bool about =
          (got->type == kReset && got->stream == must.stream) || got->type == kGoAway;
      if (about)
        return one_of(must.codes, got->code()) ? "" : "code " + std::to_string(got->code());
      if (got->type == kHeaders && got->stream == must.stream) {
        const FieldList fields = client.decode(*got);
        return "answered " + (fields.empty() ? "" : fields[0].second);
      }
    }
    return client.timed_out() ? "nothing happens" : "the connection ended";
  }

  static std::string check_alive(Http2Client& client) {
    client.send(frame(kPing, 0, 0, "stillup?"));
    while (auto got = client.read()) {
      if (got->type == kGoAway) return "GOAWAY " + std::to_string(got->code());
      if (got->type != kPing || got->payload != "stillup?") continue;
      if ((got->flags & kAck) == 0) return "a PING that is no ACK";
      client.send(headers(101, get_fields()));
      return client.answer(101).status == 200 ? "" : "no answer afterwards";
    }
    return "no PING ACK";
  }

  static void run(const std::vector<Http2Case>& cases) {
    for (const Http2Case& each : cases) {
      const std::string wrong = check(each);
      EXPECT_EQ(wrong, "") << "RFC " << (each.rule.starts_with("7541") ? "" : "9113 section ")
                           << each.rule << ": " << each.what;
    }
    std::cout << "http2: " << cases.size() << " cases\n";
  }

  static TempDir* state_;
  static Edge* edge_;
  static App* app_;
};
TempDir* Http2::state_ = nullptr;
Edge* Http2::edge_ = nullptr;
App* Http2::app_ = nullptr;

TEST_F(Http2, FramesStreamsAndSettingsAreTakenByTheirRules) { run(frame_cases()); }
TEST_F(Http2, RequestsAreTakenByTheirRules) { run(message_cases()); }

TEST_F(Http2, Section3_4_TheFirstFrameIsSettings) {
  Http2Client client(edge_->port());
  client.hello();
  const auto first = client.read();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->type, kSettings);
  EXPECT_EQ(first->flags & kAck, 0);
}

TEST_F(Http2, Section3_4_AnythingButThePrefaceIsNotHttp2) {
  Http2Client client(edge_->port());
  client.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
  EXPECT_TRUE(client.raw().starts_with("HTTP/1.1 "));
}

TEST_F(Http2, Section3_4_ThePrefaceMayComeInPieces) {
  Http2Client client(edge_->port());
  client.send(std::string(kHttp2Preface.substr(0, 9)));
  client.send(std::string(kHttp2Preface.substr(9)) + settings({}) + headers(1, get_fields()));
  EXPECT_EQ(client.answer(1).status, 200);
}

TEST_F(Http2, Section3_4_AFirstFrameThatIsNotSettingsIsAnError) {
  Http2Client client(edge_->port());
  client.send(std::string(kHttp2Preface) + frame(kPing, 0, 0, "12345678"));
  const auto away = client.read_until(kGoAway);
  EXPECT_TRUE(away ? away->code() == kProtocolError : !client.timed_out());
}

TEST_F(Http2, Section5_4_1_GoAwayNamesTheLastStreamAndTheConnectionEnds) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(headers(1, get_fields()));
  EXPECT_EQ(client.answer(1).status, 200);
  client.send(frame(kBody, 0, 0, "x"));
  const auto away = client.read_until(kGoAway);
  ASSERT_TRUE(away);
  EXPECT_EQ(away->payload.substr(0, 4), number32(1));
  EXPECT_FALSE(client.read());
  EXPECT_FALSE(client.timed_out());
}

TEST_F(Http2, Section6_5_3_SettingsAreAcknowledged) {
  Http2Client client(edge_->port());
  client.hello({{4, 70'000}});
  auto got = client.read_until(kSettings);
  while (got && (got->flags & kAck) == 0) got = client.read_until(kSettings);
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->payload.empty());
}

TEST_F(Http2, Section6_7_APingComesBackAsItWas) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(frame(kPing, 0, 0, "ab\r\ncdef"));
  const auto pong = client.read_until(kPing);
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->payload, "ab\r\ncdef");
  EXPECT_EQ(pong->flags, kAck);
}

TEST_F(Http2, Section6_9_1_NoMoreIsSentThanTheWindowAllows) {
  Http2Client client(edge_->port());
  client.hello({{4, 1}});
  client.send(headers(1, get_fields("/length")));
  auto first = client.read_until(kBody, 1);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->payload, "1");
  client.send(frame(kWindowUpdate, 0, 1, number32(2)));
  auto second = client.read_until(kBody, 1);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->payload, "23");
}

TEST_F(Http2, Section6_9_2_ASmallerWindowHoldsUntilItIsPositive) {
  Http2Client client(edge_->port());
  client.hello({{4, 3}});
  client.send(headers(1, get_fields("/length")));
  ASSERT_EQ(client.read_until(kBody, 1)->payload, "123");
  client.send(settings({{4, 2}}));                       // now -1
  client.send(frame(kWindowUpdate, 0, 1, number32(2)));  // now 1
  const auto next = client.read_until(kBody, 1);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->payload, "4");
}

TEST_F(Http2, Section6_5_3_TheLastOfTwoValuesCounts) {
  Http2Client client(edge_->port());
  client.hello({{4, 100}, {4, 2}});
  client.send(headers(1, get_fields("/length")));
  EXPECT_EQ(client.read_until(kBody, 1)->payload, "12");
}

TEST_F(Http2, Section6_5_2_NoFrameIsLargerThanTheClientTakes) {
  Http2Client client(edge_->port());
  client.hello({{4, 1'000'000}});
  client.send(frame(kWindowUpdate, 0, 0, number32(1'000'000)) + headers(1, get_fields("/large")));
  std::size_t got = 0;
  while (const auto piece = client.read_until(kBody, 1)) {
    EXPECT_LE(piece->payload.size(), 16'384U);
    got += piece->payload.size();
    if ((piece->flags & kEndStream) != 0) break;
  }
  EXPECT_EQ(got, 300'000U);
}

TEST_F(Http2, Section8_1_AnInterimAnswerComesBeforeTheFinalOne) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(
      open_headers(1, with(get_fields("/x"), {{":method", "POST"}, {"expect", "100-continue"}})));
  client.send(frame(kBody, kEndStream, 1, "abc"));
  const auto interim = client.read_until(kHeaders, 1);
  ASSERT_TRUE(interim);
  EXPECT_EQ(interim->flags & kEndStream, 0);
  EXPECT_EQ(client.decode(*interim)[0].second, "100");
  EXPECT_EQ(client.answer(1).status, 200);
}

TEST_F(Http2, Section8_1_AnAnswerBeforeTheRequestsEndStopsIt) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(open_headers(1, with(get_fields("/early"), {{":method", "POST"}})));
  client.send(frame(kBody, kEndStream, 1, "abc"));
  EXPECT_EQ(client.answer(1).status, 413);
  client.send(
      open_headers(3, with(get_fields(), {{":authority", "user@bad"}, {":method", "POST"}})));
  EXPECT_EQ(client.answer(3).status, 400);
  const auto reset = client.read_until(kReset, 3);
  ASSERT_TRUE(reset);
  EXPECT_EQ(reset->code(), kNoError);
}

TEST_F(Http2, Section8_1_HeadAndNoContentHaveNoData) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(headers(1, with(get_fields("/length"), {{":method", "HEAD"}})));
  const auto head = client.read_until(kHeaders, 1);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->flags & kEndStream, kEndStream);
  client.decode(*head);
  client.send(headers(3, get_fields("/none")));
  const auto none = client.read_until(kHeaders, 3);
  ASSERT_TRUE(none);
  EXPECT_EQ(none->flags & kEndStream, kEndStream);
}

TEST_F(Http2, Section8_2_2_AnswersCarryNoFieldsOfAConnection) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(headers(1, get_fields("/x")));
  for (const auto& [name, value] : client.answer(1).fields) {
    EXPECT_NE(name, "connection");
    EXPECT_NE(name, "transfer-encoding");
    EXPECT_EQ(name.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), std::string::npos) << name;
  }
}

TEST_F(Http2, Section8_2_3_CookieCrumbsReachTheAppAsOneField) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(headers(1, with(get_fields("/x"), {{"cookie", "a=1"}, {"cookie", "b=2"}})));
  EXPECT_NE(client.answer(1).body.find("cookie: a=1; b=2\r\n"), std::string::npos);
}

TEST_F(Http2, Section8_3_1_TheAppSeesAuthorityAsHost) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(headers(1, with(get_fields("/x?y=%20"), {{":authority", "Shop.example:8080"}})));
  const std::string body = client.answer(1).body;
  EXPECT_TRUE(body.starts_with("GET /x?y=%20 HTTP/1.1\r\nHost: Shop.example:8080\r\n")) << body;
}

TEST_F(Http2, ABodyOfUnknownLengthReachesTheAppWhole) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(open_headers(1, with(get_fields("/x"), {{":method", "POST"}})));
  std::string sent;
  for (int i = 0; i < 4; ++i) {
    sent += std::string(5'000, static_cast<char>('a' + i));
    client.send(frame(kBody, i == 3 ? kEndStream : 0, 1, sent.substr(sent.size() - 5'000)));
  }
  const auto got = client.answer(1);
  EXPECT_EQ(got.body.substr(got.body.find('|') + 1), sent);
}

TEST_F(Http2, AHeadThatStopsInTheMiddleEndsTheConnection) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(frame(kHeaders, kEndStream, 1, hpack(get_fields()).substr(0, 10)));
  while (client.read()) {
  }
  EXPECT_FALSE(client.timed_out());
}

TEST_F(Http2, AStreamResetByTheClientEndsItsRequestAtTheApp) {
  Http2Client client(edge_->port());
  client.hello();
  client.send(headers(1, get_fields("/slow")));
  const auto in_flight = [&] {
    const Json stats = edge_->call("GET", "/v1/stats");
    return stats.at("services").items().empty()
               ? 0
               : stats.at("services").items()[0].integer("in_flight");
  };
  EXPECT_TRUE(eventually([&] { return in_flight() > 0; }));
  client.send(frame(kReset, 0, 1, number32(kCancel)));
  EXPECT_TRUE(eventually([&] { return in_flight() == 0; }));
}

TEST_F(Http2, ManyStreamsAtOnceAreAllAnswered) {
  Http2Client client(edge_->port());
  client.hello();
  std::string all;
  for (std::uint32_t i = 0; i < 100; ++i)
    all += headers(2 * i + 1, get_fields("/n" + std::to_string(i)));
  client.send(all);
  int ended = 0;
  while (ended < 100) {
    const auto got = client.read();
    ASSERT_TRUE(got);
    if (got->type == kHeaders) client.decode(*got);
    ended += (got->type == kBody && (got->flags & kEndStream) != 0) ? 1 : 0;
  }
}

TEST(Http2Life, AnEdgeThatStopsAnswersWhatIsUnderWayAndSaysGoAway) {
  TempDir state;
  Edge edge(state.path(), {"--h2c"});
  std::atomic<bool> go{false};
  App app([&](int fd, const App::Request&) {
    eventually([&] { return go.load(); });
    return write_all(fd, ok_response("done"));
  });
  edge.put("a", list_of({service("web", "r1", {app.address()})}));
  Http2Client client(edge.port());
  client.hello();
  client.send(headers(1, get_fields()));
  EXPECT_TRUE(eventually([&] { return app.requests() == 1; }));
  ::kill(edge.pid(), SIGTERM);
  const auto notice = client.read_until(kGoAway);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->code(), kNoError);
  go = true;
  EXPECT_EQ(client.answer(1).body, "done");
  EXPECT_EQ(edge.wait_for_exit(), 0);
}

}  // namespace
}  // namespace slipway::edge::test
