// What travels: headers (K27, K28), bodies both ways, interim responses, upgrades (K20), aborts,
// retries.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <future>

#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

App::Serve echo_head() {
  return
      [](int fd, const App::Request& request) { return write_all(fd, ok_response(request.head)); };
}

class Messages : public ::testing::Test {
 protected:
  TempDir state_;
  Edge edge_{state_.path()};
  void serve(const App& app, Json extra = Json::object()) {
    Json json = service("web", "r1", {app.address()});
    for (const Json::Member& member : extra.members()) json.set(member.first, member.second);
    edge_.put("a", list_of({json}));
  }
  std::int64_t count(const std::string& name, const std::string& release = "r1") {
    const Json stats = edge_.call("GET", "/v1/stats");
    for (const Json& entry : stats.at("services").items()) {
      if (entry.text("release") == release) return entry.integer(name);
    }
    return -1;
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Messages, K27_ForwardedHeadersAreReplacedForStrangersAndAppendedForTrustedProxies) {
  App app(echo_head());
  serve(app);
  const std::string fields =
      "X-Forwarded-For: 10.10.10.10\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: "
      "evil\r\nX_Forwarded_For: 1.1.1.1\r\n";
  const std::string stranger = get(edge_.port(), "/", "h.example:81", fields).body;
  EXPECT_TRUE(has(stranger, "X-Forwarded-For: 127.0.0.1\r\n")) << stranger;
  EXPECT_TRUE(has(stranger, "X-Forwarded-Proto: http\r\n"));
  EXPECT_TRUE(has(stranger, "X-Forwarded-Host: h.example:81\r\n"));
  EXPECT_FALSE(has(stranger, "evil"));
  EXPECT_FALSE(has(stranger, "1.1.1.1"));
  Json trusted = Json::object();
  serve(app, trusted.set("forward_headers", true));
  const std::string friendly = get(edge_.port(), "/", "h", fields).body;
  EXPECT_TRUE(has(friendly, "X-Forwarded-For: 10.10.10.10, 127.0.0.1\r\n")) << friendly;
  EXPECT_TRUE(has(friendly, "X-Forwarded-Proto: https\r\n"));
  EXPECT_TRUE(has(friendly, "X-Forwarded-Host: evil\r\n"));
}

TEST_F(Messages, K28_QueryHostAndRequestIdPassExactly) {
  App app(echo_head());
  serve(app);
  const std::string plain = get(edge_.port(), "/x?p1=a;b;c&p2=%x&p3=ok", "Shop.example").body;
  EXPECT_EQ(plain.substr(0, plain.find("\r\n")), "GET /x?p1=a;b;c&p2=%x&p3=ok HTTP/1.1");
  EXPECT_TRUE(has(plain, "Host: Shop.example\r\n"));
  EXPECT_TRUE(has(plain, "X-Request-ID: "));
  EXPECT_TRUE(has(plain, "X-Request-Start: t=1"));
  const std::string own =
      get(edge_.port(), "/", "h", "X-Request-Id: mine\r\nX-Request-Start: t=5\r\n").body;
  EXPECT_TRUE(has(own, "X-Request-ID: mine\r\n"));
  EXPECT_TRUE(has(own, "X-Request-Start: t=5\r\n"));
}

TEST_F(Messages, HopByHopHeadersStayOnTheirHop) {
  App app([](int fd, const App::Request& request) {
    return write_all(fd,
                     "HTTP/1.1 200 OK\r\nConnection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: "
                     "timeout=5\r\nX-End: 1\r\nContent-Length: " +
                         std::to_string(request.head.size()) + "\r\n\r\n" + request.head);
  });
  serve(app);
  const Reply reply = get(edge_.port(), "/", "h",
                          "Connection: X-Secret\r\nX-Secret: 1\r\nTE: trailers\r\nAccept: a\r\n");
  EXPECT_FALSE(has(reply.body, "X-Secret")) << reply.body;
  EXPECT_FALSE(has(reply.body, "TE:"));
  EXPECT_TRUE(has(reply.body, "Accept: a\r\n"));
  EXPECT_FALSE(reply.has("X-Mine"));
  EXPECT_FALSE(reply.has("Keep-Alive"));
  EXPECT_TRUE(reply.has("X-End: 1"));
}

TEST_F(Messages, BigBodiesPassBothWaysOverKeptConnections) {
  App app(
      [](int fd, const App::Request& request) { return write_all(fd, ok_response(request.body)); });
  serve(app);
  std::string big(3'000'000, 'x');
  for (std::size_t i = 0; i < big.size(); i += 7) big[i] = static_cast<char>('a' + i % 26);
  Connection connection(edge_.port());
  for (int i = 0; i < 3; ++i) {
    std::thread sender([&] {
      connection.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n" + big);
    });
    const Reply reply = connection.read("POST");
    sender.join();
    EXPECT_TRUE(reply.complete);
    EXPECT_EQ(reply.body == big, true);
  }
  std::thread sender([&] {
    connection.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (std::size_t at = 0; at < big.size(); at += 100'000)
      connection.send("186a0\r\n" + big.substr(at, 100'000) + "\r\n");
    connection.send("0\r\nX-Trailer: dropped\r\n\r\n");
  });
  const Reply reply = connection.read("POST");
  sender.join();
  EXPECT_EQ(reply.body == big, true);
  EXPECT_EQ(app.connections(), 1);
}

TEST_F(Messages, PipelinedRequestsAreAnsweredInOrder) {
  App app("app");
  serve(app);
  Connection connection(edge_.port());
  std::string bytes;
  for (int i = 0; i < 20; ++i)
    bytes += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  connection.send(bytes);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(connection.read().body, "app /" + std::to_string(i));
}

TEST_F(Messages, ResponsesOfEveryFramingArrive) {
  App app([](int fd, const App::Request& request) {
    if (request.target == "/chunked")
      return write_all(fd,
                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: "
                       "chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: x\r\n\r\n");
    if (request.target == "/close") {
      write_all(fd, "HTTP/1.0 200 OK\r\n\r\nabcde");
      return false;
    }
    if (request.target == "/204") return write_all(fd, "HTTP/1.1 204 No Content\r\n\r\n");
    if (request.target == "/304")
      return write_all(fd, "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n");
    return write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" +
                             std::string(request.method == "HEAD" ? "" : "abcde"));
  });
  serve(app);
  Connection connection(edge_.port());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(connection.get("/chunked").body, "abcde");
    EXPECT_EQ(connection.get("/close").body, "abcde");
    EXPECT_EQ(connection.get("/204").status, 204);
    EXPECT_TRUE(connection.get("/304").has("Content-Length: 99"));
    connection.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(connection.read("HEAD").has("Content-Length: 5"));
    EXPECT_EQ(connection.get("/").body, "abcde");
  }
  const Reply old = request(edge_.port(), "GET /chunked HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.body, "abcde");
  EXPECT_FALSE(old.has("Transfer-Encoding"));
}

TEST_F(Messages, InterimResponsesPassAndTheBodyWaitsForContinue) {
  App careful([&](int fd, const App::Request& request) {
    return write_all(fd,
                     "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok_response(request.head));
  });
  serve(careful);
  Connection connection(edge_.port());
  connection.send(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
  const Reply hints = connection.read_any("POST");
  EXPECT_EQ(hints.status, 103);
  EXPECT_TRUE(hints.has("Link: </a>"));
  const Reply final = connection.read_any("POST");
  EXPECT_EQ(final.status, 200);
  EXPECT_TRUE(has(final.body, "Expect: 100-continue"));
  EXPECT_EQ(request(edge_.port(), "GET / HTTP/1.0\r\nHost: h\r\n\r\n").status, 200)
      << "103 is not for HTTP/1.0";
}

TEST_F(Messages, EventsArriveBeforeTheResponseEnds) {
  std::promise<void> go_on;
  auto gone_on = go_on.get_future().share();
  App app([gone_on](int fd, const App::Request&) {
    write_all(fd,
              "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: "
              "chunked\r\n\r\n8\r\ndata: 1\n\r\n");
    gone_on.wait_for(std::chrono::seconds(5));
    return write_all(fd, "8\r\ndata: 2\n\r\n0\r\n\r\n");
  });
  serve(app);
  Connection connection(edge_.port());
  connection.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  std::string early;
  while (!has(early, "data: 1")) early += connection.read_bytes(1);
  go_on.set_value();
  EXPECT_TRUE(has(connection.read_bytes(20), "data: 2"));
}

TEST_F(Messages, ATruncatedResponseNeverLooksComplete) {
  App app([](int fd, const App::Request& request) {
    if (request.target == "/chunked")
      write_all(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
    if (request.target == "/length")
      write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabcde");
    if (request.target == "/garbled")
      write_all(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    return false;
  });
  serve(app);
  for (const char* target : {"/chunked", "/length", "/garbled"}) {
    const Reply reply = get(edge_.port(), target);
    EXPECT_FALSE(reply.complete) << target;
  }
  EXPECT_EQ(count("upstream_failures"), 3);
}

TEST_F(Messages, BytesBehindAResponsePoisonItsConnection) {
  App app([](int fd, const App::Request&) {
    return write_all(fd, ok_response("good") + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  });
  serve(app);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get(edge_.port(), "/").body, "good");
  EXPECT_EQ(app.connections(), 5);
}

TEST_F(Messages, AClientThatLeavesEndsTheUpstreamRequest) {
  std::promise<bool> ended;
  App app([&](int fd, const App::Request&) {
    char byte = 0;
    ended.set_value(::recv(fd, &byte, 1, 0) <= 0);
    return false;
  });
  serve(app);
  {
    Connection connection(edge_.port());
    connection.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return app.requests() == 1; }));
  }
  auto future = ended.get_future();
  ASSERT_EQ(future.wait_for(std::chrono::seconds(5)), std::future_status::ready);
  EXPECT_TRUE(future.get());
}

TEST_F(Messages, AStaleKeptConnectionCostsNoRequest) {
  std::atomic<bool> close_with_answer{false};
  App app([&](int fd, const App::Request& request) {
    if (request.nth < 2) return write_all(fd, ok_response("ok"));
    // The second answer is the last, without saying so. Held back until the close, it and the end
    // arrive together; else the end comes a little later.
    const std::string answer = ok_response("ok");
    ::send(fd, answer.data(), answer.size(), close_with_answer ? MSG_MORE : 0);
    return false;
  });
  serve(app);
  Connection connection(edge_.port());
  for (int i = 0; i < 50; ++i) ASSERT_EQ(connection.get("/").status, 200) << i;
  close_with_answer = true;
  connection.get("/");  // what was kept before is used up
  for (int i = 0; i < 50; ++i) {
    connection.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
    ASSERT_EQ(connection.read("POST").status, 200) << i;
  }
}

TEST_F(Messages, ARefusedCanaryIsAnsweredByTheStableReleaseAndStillCounted) {
  App stable("stable");
  int dead_port = 0;
  {
    App dead("dead");
    dead_port = dead.port();
  }
  Json json = service("web", "stable", {stable.address()});
  json["pools"] = list_of({});
  for (const auto& [release, address] :
       {std::pair<std::string, std::string>{"stable", stable.address()},
        {"canary", "127.0.0.1:" + std::to_string(dead_port)}}) {
    Json pool = Json::object();
    json["pools"].push_back(
        pool.set("release", release).set("weight", 5000).set("targets", texts({address})));
  }
  edge_.put("a", list_of({json}));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(get(edge_.port(), "/").body, "stable /");
  EXPECT_NEAR(static_cast<double>(count("upstream_failures", "canary")), 10, 2);
  EXPECT_EQ(count("server_error", "canary"), count("upstream_failures", "canary"));
  EXPECT_EQ(count("requests", "stable"), 20);
}

TEST_F(Messages, AnswersBadGatewayAndGatewayTimeout) {
  App silent([](int fd, const App::Request& request) {
    if (request.target == "/close") return false;
    if (request.target == "/garbage") return write_all(fd, "hello\r\n\r\n");
    char byte = 0;
    return ::recv(fd, &byte, 1, 0) > 0;
  });
  Json extra = Json::object();
  Json timeouts = Json::object();
  serve(silent, extra.set("timeouts", timeouts.set("response_ms", 50)));
  EXPECT_EQ(get(edge_.port(), "/close").status, 502);
  EXPECT_EQ(get(edge_.port(), "/garbage").status, 502);
  EXPECT_EQ(get(edge_.port(), "/silent").status, 504);
  silent.stop();
  EXPECT_EQ(get(edge_.port(), "/").status, 502);
  EXPECT_EQ(count("upstream_failures"), 4);
  EXPECT_EQ(count("server_error"), 4);
}

// A WebSocket echo without the frames' meaning.
App::Serve websocket() {
  return [](int fd, const App::Request& request) {
    if (request.head.find("Upgrade: websocket") == std::string::npos)
      return write_all(fd, ok_response("plain"));
    write_all(
        fd,
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    char bytes[4096];
    for (;;) {
      const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0) return false;
      write_all(fd, std::string(bytes, static_cast<std::size_t>(got)));
    }
  };
}
constexpr const char* kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n";
const std::string kFrame(
    "\x82\x03"
    "abc");

TEST_F(Messages, K20_AWebSocketStaysUntilTheDrainDeadlineThenGets1012) {
  App old(websocket());
  App fresh("fresh");
  Json drain = Json::object();
  serve(old, drain.set("drain_ms", 300));
  Connection socket(edge_.port());
  socket.send(kUpgrade);
  EXPECT_EQ(socket.read().status, 101);
  socket.send(kFrame);
  EXPECT_EQ(socket.read_bytes(kFrame.size()), kFrame);
  Json next = service("web", "r2", {fresh.address()});
  edge_.put("a", list_of({next.set("drain_ms", 300)}));
  socket.send(kFrame);
  EXPECT_EQ(socket.read_bytes(kFrame.size()), kFrame) << "still open after the switch";
  EXPECT_EQ(socket.read_to_end(), std::string("\x88\x02\x03\xf4", 4));
}

TEST_F(Messages, K20_CutEndsAWebSocketAtOnce) {
  App old(websocket());
  App fresh("fresh");
  serve(old);
  Connection socket(edge_.port());
  socket.send(kUpgrade);
  EXPECT_EQ(socket.read().status, 101);
  edge_.put("a", list_of({service("web", "r2", {fresh.address()})}));
  EXPECT_EQ(edge_.call("POST", "/v1/drain?app=a").integer("cut"), 1);
  EXPECT_EQ(socket.read_to_end(), std::string("\x88\x02\x03\xf4", 4));
}

TEST_F(Messages, ARefusedUpgradeIsAnOrdinaryResponse) {
  App app("app");
  serve(app);
  Connection connection(edge_.port());
  connection.send(kUpgrade);
  EXPECT_EQ(connection.read().body, "app /ws");
  EXPECT_EQ(connection.get("/next").body, "app /next");
}

}  // namespace
}  // namespace slipway::edge::test
