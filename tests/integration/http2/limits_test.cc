// The limits of a service hold for the streams of an HTTP/2 client as for anybody.
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "tests/integration/edge/harness.h"
#include "tests/integration/http2/frames.h"

namespace slipway::edge::test {
namespace {

class Http2Limits : public ::testing::Test {
 protected:
  TempDir state_;
  Edge edge_{state_.path(), {"--h2c"}};
  App app_{[](int fd, const App::Request& request) {
    if (request.target == "/large") return write_all(fd, ok_response(std::string(300'000, 'x')));
    return write_all(fd, ok_response(std::to_string(request.body.size())));
  }};

  void serve(const std::string& shield, const std::string& timeouts = "{}") {
    Json web = service("web", "r1", {app_.address()});
    web.set("shield", Json::parse(shield).value());
    edge_.put("a", list_of({web.set("timeouts", Json::parse(timeouts).value())}));
  }
  FieldList post() { return with(get_fields("/x"), {{":method", "POST"}}); }
};

TEST_F(Http2Limits, StreamsAreCountedByRouteLikeAnyRequest) {
  serve("{}");
  Http2Client client(edge_.port());
  client.hello();
  for (std::uint32_t stream = 1; stream < 61; stream += 2) {
    client.send(headers(stream, get_fields("/checkout/7?x=1")));
    EXPECT_EQ(client.answer(stream).status, 200);
  }
  Json found;
  EXPECT_TRUE(eventually([&] {
    const Json stats = edge_.call("GET", "/v1/stats").at("services").items()[0];
    for (const Json& route : stats.at("routes").items()) {
      if (route.text("route") == "/checkout") found = route;
    }
    return found.integer("requests") == 14;
  })) << found.dump();
}

TEST_F(Http2Limits, ARateAndAnAccessListAnswerTheirStatus) {
  serve(R"({"rate": {"requests": 1, "per_s": 3600}})");
  Http2Client client(edge_.port());
  client.hello();
  client.send(headers(1, get_fields("/x")));
  EXPECT_EQ(client.answer(1).status, 200);
  client.send(headers(3, get_fields("/x")));
  EXPECT_EQ(client.answer(3).status, 429);
  serve(R"({"access": {"deny": ["127.0.0.0/8"]}})");
  client.send(headers(5, get_fields("/x")));
  EXPECT_EQ(client.answer(5).status, 403);
}

TEST_F(Http2Limits, ABodyOfUnknownLengthIs413WhenItIsTooLarge) {
  for (const char* shield :
       {R"({"max_request_body": 10})", R"({"max_request_body": 10, "buffer_requests": true})"}) {
    serve(shield);
    Http2Client client(edge_.port());
    client.hello();
    client.send(open_headers(1, post()) + frame(kBody, kEndStream, 1, "0123456789"));
    EXPECT_EQ(client.answer(1).body, "10");
    client.send(open_headers(3, post()) + frame(kBody, 0, 3, "01234"));
    client.send(frame(kBody, 0, 3, "567890"));
    EXPECT_EQ(client.answer(3).status, 413);
  }
}

TEST_F(Http2Limits, ABodyIsGatheredBeforeItsTargetIsAsked) {
  serve(R"({"buffer_requests": true, "buffer_memory": 100000})");
  Http2Client client(edge_.port());
  client.hello();
  client.send(open_headers(1, with(post(), {{"expect", "100-continue"}})));
  const auto interim = client.read_until(kHeaders, 1);
  ASSERT_TRUE(interim);
  EXPECT_EQ(client.decode(*interim)[0].second, "100");
  client.send(frame(kBody, 0, 1, "ab"));
  client.send(headers(3, get_fields("/x")));
  EXPECT_EQ(client.answer(3).status, 200);
  EXPECT_EQ(app_.requests(), 1) << "the other one is not complete";
  client.send(frame(kBody, kEndStream, 1, "cde"));
  EXPECT_EQ(client.answer(1).body, "5");
}

TEST_F(Http2Limits, AStreamThatIsNotReadIsReset) {
  serve("{}", R"({"client_write_ms": 1200})");
  Http2Client client(edge_.port());
  client.hello({{4, 100}});
  client.send(headers(1, get_fields("/large")));
  const auto reset = client.read_until(kReset, 1);
  ASSERT_TRUE(reset) << "it would have waited for ever";
  client.send(headers(3, get_fields("/x")));
  EXPECT_EQ(client.answer(3).status, 200) << "the connection goes on";
}

TEST_F(Http2Limits, PlacesOfStreamsAreGivenBackHoweverTheyEnd) {
  App silent([](int fd, const App::Request&) {
    char byte = 0;
    pollfd gone{fd, POLLIN, 0};
    ::poll(&gone, 1, 5'000);
    return ::read(fd, &byte, 1) > 0;
  });
  Json web = service("web", "r1", {silent.address()});
  edge_.put("a", list_of({web.set("shield", Json::parse(R"({"concurrent": 2})").value())}));
  std::uint32_t id = 1;
  Http2Client client(edge_.port());
  client.hello();
  for (int round = 0; round < 5; ++round, id += 6) {
    const int before = silent.requests();
    client.send(headers(id, get_fields("/x")) + headers(id + 2, get_fields("/x")));
    ASSERT_TRUE(eventually([&] { return silent.requests() == before + 2; })) << round;
    client.send(headers(id + 4, get_fields("/x")));
    EXPECT_EQ(client.answer(id + 4).status, 503);
    client.send(frame(kReset, 0, id, number32(kCancel)) +
                frame(kReset, 0, id + 2, number32(kCancel)));
  }
}

}  // namespace
}  // namespace slipway::edge::test
