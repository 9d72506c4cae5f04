// K29, K30: limits of bodies, buffering, and clients that send or read too slowly.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <future>

#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

std::string length(std::size_t size) {
  return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
}
const std::string kChunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& content) {
  char size[20];
  std::snprintf(size, sizeof size, "%zx\r\n", content.size());
  return size + content + "\r\n";
}

App::Serve echo() {
  return [](int fd, const App::Request& request) {
    return write_all(fd, ok_response(std::to_string(request.body.size())));
  };
}

class Bodies : public ::testing::Test {
 protected:
  TempDir state_;
  Edge edge_{state_.path()};

  void serve(App& app, const Json& shield, const Json& timeouts = Json::object()) {
    Json web = service("web", "r1", {app.address()});
    edge_.put("a", list_of({web.set("shield", shield).set("timeouts", timeouts)}));
  }
  static Json with(const char* key, const Json& value) {
    Json json = Json::object();
    return json.set(key, value);
  }
  std::int64_t count(const std::string& what) {
    const Json stats = edge_.call("GET", "/v1/stats");
    return stats.at("services").items().empty() ? 0 : stats.at("services").items()[0].integer(what);
  }
};

TEST_F(Bodies, K30_ARequestThatSaysItIsTooLargeIs413AndReachesNobody) {
  App app(echo());
  serve(app, with("max_request_body", 10));
  EXPECT_EQ(request(edge_.port(), length(10) + "0123456789", "POST").body, "10");
  Connection connection(edge_.port());
  connection.send(length(11));
  EXPECT_EQ(connection.read("POST").status, 413) << "at once, without its body";
  EXPECT_EQ(connection.read_to_end(), "");
  EXPECT_EQ(app.requests(), 1);
}

TEST_F(Bodies, K30_AChunkedRequestIs413AsSoonAsItIsTooLarge) {
  App app(echo());
  serve(app, with("max_request_body", 10));
  EXPECT_EQ(request(edge_.port(), kChunked + chunk("0123456789") + "0\r\n\r\n", "POST").body, "10");
  EXPECT_EQ(request(edge_.port(), kChunked + chunk("0123456789a"), "POST").status, 413);
  Connection later(edge_.port());
  later.send(kChunked + chunk("01234"));
  ASSERT_TRUE(eventually([&] { return app.connections() >= 1; }));
  later.send(chunk("567890"));
  EXPECT_EQ(later.read("POST").status, 413);
  EXPECT_EQ(app.requests(), 1) << "the target saw the end of a request that was refused";
}

// kamal-proxy enforces its limits only where it buffers; here they hold without and with.
TEST_F(Bodies, K30_LimitsHoldWithAndWithoutBuffering) {
  App app([](int fd, const App::Request&) { return write_all(fd, ok_response("0123456789a")); });
  for (const bool buffered : {false, true}) {
    Json shield = with("max_request_body", 10).set("max_response_body", 10);
    shield.set("buffer_requests", buffered).set("buffer_responses", buffered);
    serve(app, shield);
    EXPECT_EQ(request(edge_.port(), length(11) + "0123456789a", "POST").status, 413);
    EXPECT_EQ(request(edge_.port(), kChunked + chunk("0123456789a") + "0\r\n\r\n", "POST").status,
              413);
    const Reply reply = get(edge_.port(), "/");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body.find("0123"), std::string::npos) << "nothing of it may be given";
    EXPECT_EQ(request(edge_.port(), "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD").status, 200)
        << "a HEAD has no body";
  }
}

TEST_F(Bodies, K30_AResponseOfUnknownLengthIsCutWhenItIsTooLarge) {
  App app([](int fd, const App::Request&) {
    write_all(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("01234"));
    return write_all(fd, chunk("567890") + "0\r\n\r\n");
  });
  serve(app, with("max_response_body", 10));
  const Reply reply = get(edge_.port(), "/");
  EXPECT_FALSE(reply.complete);
  EXPECT_LE(reply.body.size(), 10U);
  EXPECT_EQ(count("upstream_failures"), 1);
}

TEST_F(Bodies, K30_TheOtherFailuresHaveTheirStatusToo) {
  App slow([](int fd, const App::Request&) {
    char byte = 0;
    ::recv(fd, &byte, 1, 0);
    return false;
  });
  serve(slow, Json::object(), with("response_ms", 100));
  EXPECT_EQ(get(edge_.port(), "/").status, 504) << "the target is silent";
  EXPECT_EQ(request(edge_.port(), kChunked + "zz\r\n", "POST").status, 400) << "malformed chunk";
  EXPECT_EQ(count("client_error"), 0) << "a malformed body is no request of any release";
  serve(slow, Json::object());
  {
    Connection leaving(edge_.port());
    leaving.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return slow.requests() == 2; }));
  }
  EXPECT_TRUE(eventually([&] { return count("client_error") == 1; })) << "499: the client left";
  slow.stop();
  EXPECT_EQ(get(edge_.port(), "/").status, 502) << "the connection is refused";
}

TEST_F(Bodies, ARequestIsGatheredBeforeItsTargetIsAsked) {
  App app(echo());
  serve(app, with("buffer_requests", true).set("buffer_memory", 100'000));
  for (const std::string& head : {length(5), kChunked}) {
    const int before = app.connections();
    const int asked = app.requests();
    Connection connection(edge_.port());
    const bool chunked = head == kChunked;
    connection.send(head + (chunked ? chunk("ab") : "ab"));
    Connection other(edge_.port());
    EXPECT_EQ(other.get("/").status, 200) << "time passes";
    EXPECT_EQ(app.requests(), asked + 1);
    EXPECT_LE(app.connections(), before + 1) << "nobody waits at the target";
    connection.send(chunked ? chunk("cde") + "0\r\n\r\n" : "cde");
    EXPECT_EQ(connection.read("POST").body, "5");
  }
  EXPECT_EQ(request(edge_.port(), length(300'000) + std::string(300'000, 'x'), "POST").body,
            "300000")
      << "a longer one streams";
  const std::string large = kChunked + chunk(std::string(300'000, 'x')) + "0\r\n\r\n";
  EXPECT_EQ(request(edge_.port(), large, "POST").body, "300000");
}

TEST_F(Bodies, AGatheredRequestIsToldToContinueAndGoesToTheTargetOfItsEnd) {
  App old(echo());
  App fresh([](int fd, const App::Request& request) {
    return write_all(fd, ok_response("fresh " + request.body));
  });
  serve(old, with("buffer_requests", true));
  Connection connection(edge_.port());
  connection.send(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(connection.read_any("POST").status, 100);
  serve(fresh, with("buffer_requests", true));
  connection.send("body");
  EXPECT_EQ(connection.read("POST").body, "fresh body");
  EXPECT_EQ(old.requests(), 0);
}

TEST_F(Bodies, K29_EventsArriveBeforeTheResponseEndsWithBufferingOn) {
  for (const char* type : {"text/event-stream", "text/plain"}) {
    std::promise<void> go_on;
    auto gone_on = go_on.get_future().share();
    App app([gone_on, type](int fd, const App::Request&) {
      write_all(fd, std::string("HTTP/1.1 200 OK\r\nContent-Type: ") + type +
                        "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk("data: 1\n"));
      gone_on.wait_for(std::chrono::seconds(5));
      return write_all(fd, chunk("data: 2\n") + "0\r\n\r\n");
    });
    serve(app, with("buffer_requests", true).set("buffer_responses", true));
    Connection connection(edge_.port());
    connection.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    std::string early;
    while (early.find("data: 1") == std::string::npos) {
      const std::string byte = connection.read_bytes(1);
      ASSERT_FALSE(byte.empty()) << early;
      early += byte;
    }
    go_on.set_value();
    EXPECT_NE(connection.read_to_end().find("data: 2"), std::string::npos);
  }
}

TEST_F(Bodies, K29_AWebSocketWorksWithBuffersOfOneByte) {
  App app([](int fd, const App::Request&) {
    write_all(fd,
              "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
              "websocket\r\n\r\n");
    char bytes[4096];
    for (;;) {
      const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0) return false;
      write_all(fd, std::string(bytes, static_cast<std::size_t>(got)));
    }
  });
  serve(app, with("buffer_requests", true).set("buffer_responses", true).set("buffer_memory", 1));
  Connection socket(edge_.port());
  socket.send("GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(socket.read().status, 101);
  const std::string frame(
      "\x82\x03"
      "abc");
  socket.send(frame);
  EXPECT_EQ(socket.read_bytes(frame.size()), frame);
}

constexpr std::size_t kLarge = 24 * 1024 * 1024;

TEST_F(Bodies, ABufferedResponseFreesItsTargetFromASlowClient) {
  App app([](int fd, const App::Request&) {
    return write_all(fd, ok_response(std::string(kLarge, 'x')));
  });
  for (const bool buffered : {true, false}) {
    serve(app, with("buffer_responses", buffered).set("buffer_memory", 32 * 1024 * 1024));
    Connection lazy(edge_.port());
    const int before = app.requests();
    lazy.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto in_flight = [&] { return count("in_flight"); };
    ASSERT_TRUE(eventually([&] { return app.requests() > before; }));
    if (buffered) {
      EXPECT_TRUE(eventually([&] { return in_flight() == 0; }));
    } else {
      EXPECT_EQ(in_flight(), 1);
    }
    EXPECT_EQ(lazy.read().body.size(), kLarge) << "and nothing of it is lost";
  }
}

TEST_F(Bodies, AnUploadOfOneByteAtATimeIsEnded) {
  App app(echo());
  for (const bool gathered : {false, true}) {
    serve(app, with("min_upload_rate", 1'000).set("buffer_requests", gathered),
          with("client_body_ms", 300));
    Connection dripping(edge_.port());
    dripping.send(length(1000));
    int sent = 0;
    // Each byte comes long before the time between two pieces is over.
    while (sent < 200 && dripping.send("x")) {
      ++sent;
      pollfd quiet{dripping.fd(), POLLIN, 0};
      if (::poll(&quiet, 1, 20) > 0) break;
    }
    EXPECT_LT(sent, 200);
    EXPECT_EQ(dripping.read("POST").status, 408);
  }
  serve(app, with("min_upload_rate", 0), with("client_body_ms", 300));
  Connection patient(edge_.port());
  patient.send(length(20));
  for (int i = 0; i < 20; ++i) {
    pollfd quiet{patient.fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&quiet, 1, 20), 0) << "no least rate, no end";
    patient.send("x");
  }
  EXPECT_EQ(patient.read("POST").body, "20");
}

TEST_F(Bodies, AReaderThatTakesNothingIsEndedAndASteadyOneIsNot) {
  App app([](int fd, const App::Request&) {
    return write_all(fd, ok_response(std::string(kLarge, 'x')));
  });
  serve(app, Json::object(), with("client_write_ms", 1'500));
  Connection deaf(edge_.port());
  Connection steady(edge_.port());
  const int little = 65536;
  ::setsockopt(steady.fd(), SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
  for (Connection* connection : {&deaf, &steady})
    connection->send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  std::size_t taken = 0;
  const std::int64_t before = count("in_flight");
  EXPECT_LE(before, 2);
  while (count("in_flight") != 1 || taken < 1'000'000) {
    taken += steady.read_bytes(100'000).size();
    pollfd nothing{-1, 0, 0};
    ::poll(&nothing, 1, 20);
    ASSERT_LT(taken, kLarge) << "the one who takes nothing was never ended";
  }
  const std::size_t rest = steady.read_to_end().size();
  EXPECT_GE(taken + rest, kLarge);
}

}  // namespace
}  // namespace slipway::edge::test
