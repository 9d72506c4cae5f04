// TLS as a client sees it: versions, certificates by name, resumption, ends.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include "io/files.h"
#include "tests/integration/edge/harness.h"
#include "tests/integration/edge/tls_client.h"

namespace slipway::edge::test {
namespace {

const std::vector<std::string> kTlsFlags = {"--listen-tls", "127.0.0.1:0"};

std::vector<std::string> and_tls(std::vector<std::string> flags) {
  flags.insert(flags.end(), kTlsFlags.begin(), kTlsFlags.end());
  return flags;
}

class Tls : public testing::Test {
 protected:
  Tls() : edge_(state_.path(), kTlsFlags) {
    write_certificate(state_.path(), "a", {"a.test"});
    edge_.put("a", list_of({secured("web", "a.test", "a")}));
  }
  Json secured(const std::string& name, const std::string& host, const std::string& stem) {
    Json json = service(name, "r1", {app_.address()});
    if (!host.empty()) json.set("hosts", texts({host}));
    return json.set("tls", tls_of(state_.path(), stem));
  }
  // The common name of the certificate that `name` gets; empty: refused.
  std::string shown(const std::string& name) {
    TlsConnection client(edge_.tls_port(), {name, {}, 0, {}});
    return client.is_open() ? client.certificate() : "";
  }
  TempDir state_;
  App app_{"app"};
  Edge edge_;
};

TEST_F(Tls, Versions12And13AreServedAndOlderOnesRefused) {
  for (const int version : {12, 13}) {
    TlsConnection client(edge_.tls_port(), {"a.test", {}, version, {}});
    ASSERT_TRUE(client.is_open()) << client.problem();
    EXPECT_EQ(client.version(), version == 12 ? "TLSv1.2" : "TLSv1.3");
    EXPECT_EQ(client.get("/x", "Host: a.test\r\n").body, "app /x");
    EXPECT_EQ(client.get("/y", "Host: a.test\r\n").body, "app /y");
  }
  for (const int version : {10, 11}) {
    TlsConnection client(edge_.tls_port(), {"a.test", {}, version, {}});
    EXPECT_FALSE(client.is_open());
    EXPECT_NE(client.problem().find("alert protocol version"), std::string::npos)
        << client.problem();
  }
}

TEST_F(Tls, TheCertificateIsChosenByTheNameTheClientAsksFor) {
  write_certificate(state_.path(), "wild", {"*.w.test"});
  write_certificate(state_.path(), "first", {"one.test"});
  write_certificate(state_.path(), "second", {"two.test"});
  Json several = secured("several", "one.test", "first");
  several.set("hosts", texts({"one.test", "two.test"}));
  several["tls"].set("more", list_of({tls_of(state_.path(), "second")}));
  edge_.put("b", list_of({secured("wild", "*.w.test", "wild"), several}));
  EXPECT_EQ(shown("a.test"), "a.test");
  EXPECT_EQ(shown("A.Test"), "a.test");
  EXPECT_EQ(shown("x.w.test"), "*.w.test");
  EXPECT_EQ(shown("one.test"), "one.test");
  EXPECT_EQ(shown("two.test"), "two.test");
}

TEST_F(Tls, ANameNobodyHasIsRefusedUntilAServiceStandsForEveryHost) {
  TlsConnection stranger(edge_.tls_port(), {"b.test", {}, 0, {}});
  EXPECT_FALSE(stranger.is_open());
  EXPECT_NE(stranger.problem().find("unrecognized name"), std::string::npos) << stranger.problem();
  EXPECT_EQ(shown(""), "a.test") << "there is only one";
  write_certificate(state_.path(), "any", {"any.test"});
  edge_.put("b", list_of({secured("any", "", "any")}));
  EXPECT_EQ(shown("b.test"), "any.test");
  EXPECT_EQ(shown(""), "any.test");
  EXPECT_EQ(shown("a.test"), "a.test");
}

TEST_F(Tls, AlpnAgreesOnWhatBothSpeak) {
  const auto agreed = [&](std::vector<std::string> wanted) {
    return TlsConnection(edge_.tls_port(), {"a.test", std::move(wanted), 0, {}}).protocol();
  };
  EXPECT_EQ(agreed({"http/1.1"}), "http/1.1");
  EXPECT_EQ(agreed({"http/1.1", "h2"}), "h2");
  EXPECT_EQ(agreed({}), "");
  TlsConnection stranger(edge_.tls_port(), {"a.test", {"imap"}, 0, {}});
  EXPECT_FALSE(stranger.is_open());
  EXPECT_NE(stranger.problem().find("no application protocol"), std::string::npos);
}

TEST_F(Tls, TheAppIsToldThatTheClientCameByHttps) {
  App echo(
      [](int fd, const App::Request& request) { return write_all(fd, ok_response(request.head)); });
  Json json = secured("web", "a.test", "a");
  json.set("pools", service("web", "r2", {echo.address()}).at("pools"));
  edge_.put("a", list_of({json}));
  TlsConnection client(edge_.tls_port(), {"a.test", {}, 0, {}});
  EXPECT_NE(client.get("/", "Host: a.test\r\n").body.find("X-Forwarded-Proto: https\r\n"),
            std::string::npos);
}

TEST_F(Tls, BigBodiesPassWholeBothWays) {
  App mirror(
      [](int fd, const App::Request& request) { return write_all(fd, ok_response(request.body)); });
  Json json = secured("web", "a.test", "a");
  json.set("pools", service("web", "r2", {mirror.address()}).at("pools"));
  edge_.put("a", list_of({json}));
  std::string body;
  for (std::uint32_t i = 0; body.size() < 6'000'001; ++i) body += static_cast<char>(i * i >> 5);
  TlsConnection client(edge_.tls_port(), {"a.test", {}, 0, {}});
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " +
                            std::to_string(body.size()) + "\r\n\r\n" + body));
    const Reply reply = client.read();
    EXPECT_TRUE(reply.complete);
    EXPECT_TRUE(reply.body == body) << reply.body.size();
  }
}

TEST_F(Tls, PipelinedRequestsAreAnsweredInTurn) {
  TlsConnection client(edge_.tls_port(), {"a.test", {}, 0, {}});
  std::string requests;
  for (int i = 0; i < 20; ++i)
    requests += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a.test\r\n\r\n";
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(client.read().body, "app /" + std::to_string(i));
}

TEST_F(Tls, NewKeysInTheMiddleChangeNothingAndRenegotiationIsRefused) {
  TlsConnection client(edge_.tls_port(), {"a.test", {}, 13, {}});
  for (int i = 0; i < 5; ++i) {
    client.ask_for_new_keys();
    EXPECT_EQ(client.get("/" + std::to_string(i), "Host: a.test\r\n").body,
              "app /" + std::to_string(i));
  }
  TlsConnection older(edge_.tls_port(), {"a.test", {}, 12, {}});
  EXPECT_EQ(older.get("/", "Host: a.test\r\n").body, "app /");
  older.renegotiate();
  EXPECT_NE(older.get("/", "Host: a.test\r\n").status, 200);
  EXPECT_NE(older.problem().find("no renegotiation"), std::string::npos) << older.problem();
}

TEST_F(Tls, ManySmallPiecesOfABodyArrive) {
  App counting([](int fd, const App::Request& request) {
    return write_all(fd, ok_response(std::to_string(request.body.size())));
  });
  Json json = secured("web", "a.test", "a");
  json.set("pools", service("web", "r2", {counting.address()}).at("pools"));
  edge_.put("a", list_of({json}));
  TlsConnection client(edge_.tls_port(), {"a.test", {}, 0, {}});
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"));
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(client.send("3\r\nabc\r\n"));
  ASSERT_TRUE(client.send("0\r\n\r\n"));
  EXPECT_EQ(client.read().body, "600");
}

TEST_F(Tls, AnOrderlyEndIsSaidAndACutResponseIsNot) {
  TlsConnection orderly(edge_.tls_port(), {"a.test", {}, 0, {}});
  EXPECT_EQ(orderly.get("/", "Host: a.test\r\nConnection: close\r\n").body, "app /");
  orderly.read_to_end();
  EXPECT_TRUE(orderly.heard_close());
  App cutting([](int fd, const App::Request&) {
    write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    return false;
  });
  Json json = secured("web", "a.test", "a");
  json.set("pools", service("web", "r2", {cutting.address()}).at("pools"));
  edge_.put("a", list_of({json}));
  TlsConnection cut(edge_.tls_port(), {"a.test", {}, 0, {}});
  EXPECT_FALSE(cut.get("/", "Host: a.test\r\n").complete);
  EXPECT_FALSE(cut.heard_close());
}

TEST_F(Tls, AClientThatHasSaidItsLastStillGetsItsAnswer) {
  TlsConnection client(edge_.tls_port(), {"a.test", {}, 0, {}});
  ASSERT_TRUE(client.send("GET /last HTTP/1.1\r\nHost: a.test\r\n\r\n"));
  client.say_close();
  EXPECT_EQ(client.read().body, "app /last");
}

TEST_F(Tls, WhatIsNoHandshakeIsEndedAndCounted) {
  Connection plain(edge_.tls_port());
  ASSERT_TRUE(plain.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"));
  plain.read_to_end();
  EXPECT_TRUE(
      eventually([&] { return edge_.call("GET", "/v1/edge").at("tls").integer("failed") == 1; }));
  EXPECT_EQ(shown("a.test"), "a.test");
  EXPECT_TRUE(eventually(
      [&] { return edge_.call("GET", "/v1/edge").at("tls").integer("handshakes") == 1; }));
}

TEST(TlsSlow, AHandshakeThatDoesNotComeToItsEndIsEnded) {
  TempDir state;
  write_certificate(state.path(), "a", {"a.test"});
  Edge edge(state.path(), and_tls({"--head-ms", "200"}));
  App app("app");
  edge.put("a",
           list_of({service("web", "r1", {app.address()}).set("tls", tls_of(state.path(), "a"))}));
  Connection slow(edge.tls_port());
  ASSERT_TRUE(slow.send(std::string("\x16\x03\x01\x02\x00\x01", 6)));
  EXPECT_TRUE(slow.ended());
  EXPECT_TRUE(
      eventually([&] { return edge.call("GET", "/v1/edge").at("tls").integer("failed") == 1; }));
}

TEST_F(Tls, AWebSocketPassesAndIsToldWhenItHasToGo) {
  App echo([](int fd, const App::Request&) {
    if (!write_all(fd,
                   "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: "
                   "websocket\r\n\r\n"))
      return false;
    char bytes[4096];
    for (;;) {
      const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
      if (got <= 0 || !write_all(fd, {bytes, static_cast<std::size_t>(got)})) return false;
    }
  });
  Json json = secured("web", "a.test", "a");
  json.set("pools", service("web", "r2", {echo.address()}).at("pools"));
  edge_.put("a", list_of({json}));
  TlsConnection client(edge_.tls_port(), {"a.test", {"http/1.1"}, 0, {}});
  ASSERT_TRUE(
      client.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: "
                  "websocket\r\n\r\n"));
  EXPECT_EQ(client.read().status, 101);
  const std::string frame(
      "\x82\x03"
      "abc",
      5);
  ASSERT_TRUE(client.send(frame));
  EXPECT_EQ(client.read_bytes(5), frame);
  edge_.put("a", list_of({secured("web", "a.test", "a")}));
  edge_.call("POST", "/v1/drain?app=a&environment=test");
  EXPECT_EQ(client.read_to_end(), std::string("\x88\x02\x03\xf4", 4));
  EXPECT_TRUE(client.heard_close());
}

TEST_F(Tls, HstsIsSentOverTlsOnceAndByTheEdgeToo) {
  App own([](int fd, const App::Request& request) {
    const bool says = request.target == "/own";
    return write_all(fd, std::string("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n") +
                             (says ? "strict-transport-security: max-age=5\r\n\r\n" : "\r\n"));
  });
  Json json = secured("web", "a.test", "a");
  json.set("pools", service("web", "r2", {own.address()}).at("pools"));
  json["tls"].set("hsts_s", 1000).set("redirect", false);
  edge_.put("a", list_of({json}));
  const std::string line = "Strict-Transport-Security: max-age=1000\r\n";
  TlsConnection client(edge_.tls_port(), {"a.test", {}, 0, {}});
  EXPECT_TRUE(client.get("/", "Host: a.test\r\n").has(line));
  const Reply said = client.get("/own", "Host: a.test\r\n");
  EXPECT_FALSE(said.has(line));
  EXPECT_TRUE(said.has("max-age=5"));
  EXPECT_FALSE(get(edge_.port(), "/", "a.test").has("max-age")) << "not in plain: RFC 6797 7.2";
  edge_.put("a", list_of({json.set("state", "stopped")}));
  const Reply stopped = client.get("/", "Host: a.test\r\n");
  EXPECT_EQ(stopped.status, 503);
  EXPECT_TRUE(stopped.has(line));
}

TEST_F(Tls, PlainHttpIsSentToHttps) {
  const Reply moved = get(edge_.port(), "/p?q=1", "a.test:80");
  EXPECT_EQ(moved.status, 301);
  EXPECT_TRUE(moved.has("Location: https://a.test/p?q=1\r\n"));
}

}  // namespace
}  // namespace slipway::edge::test
