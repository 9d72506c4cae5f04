// A PROXY header comes before TLS: exactly its bytes are taken, the handshake finds all of its own.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstdlib>

#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

// Speaks TLS over a connection that has begun already.
class TlsOver {
 public:
  explicit TlsOver(Connection& connection)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        session_(SSL_new(context_.get()), SSL_free) {
    SSL_set_fd(session_.get(), connection.fd());
    SSL_set_tlsext_host_name(session_.get(), "t");
  }
  bool shake_hands() { return SSL_connect(session_.get()) == 1; }
  std::string ask(const std::string& request) {
    SSL_write(session_.get(), request.data(), static_cast<int>(request.size()));
    std::string answer;
    char bytes[4096];
    for (int got = 0; (got = SSL_read(session_.get(), bytes, sizeof bytes)) > 0;)
      answer.append(bytes, static_cast<std::size_t>(got));
    return answer;
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> session_;
};

TEST(ProxyProtocolAndTls, TheHeaderNamesTheClientOfATlsConnection) {
  TempDir state;
  const std::string pem = state.path() + "/t";
  const std::string make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=t -days 2 "
      "-addext subjectAltName=DNS:t -keyout " +
      pem + ".key -out " + pem + ".crt 2>/dev/null";
  if (std::system(make.c_str()) != 0) GTEST_SKIP() << "there is no openssl to make a certificate";
  App app(
      [](int fd, const App::Request& request) { return write_all(fd, ok_response(request.head)); });
  Edge edge(state.path(), {"--proxy-protocol", "--listen-tls", "127.0.0.1:0"});
  Json web = service("web", "r1", {app.address()});
  Json tls = Json::object();
  tls.set("certificate", pem + ".crt").set("key", pem + ".key").set("redirect", false);
  edge.put("a", list_of({web.set("tls", tls)}));
  int port = 0;
  for (const std::string& at : edge.call("GET", "/v1/edge").strings("listen")) {
    if (at.starts_with("tls ")) port = std::atoi(at.substr(at.rfind(':') + 1).c_str());
  }
  ASSERT_GT(port, 0);
  const std::string get = "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
  for (const std::string& header :
       {std::string("PROXY TCP4 10.1.2.3 127.0.0.1 1 80\r\n"),
        std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11\x0a\1\2\3\x7f\0\0\1\1\1\0\x50\x04\0\2ab",
                    33)}) {
    Connection connection(port);
    connection.send(header);
    TlsOver session(connection);
    ASSERT_TRUE(session.shake_hands());
    EXPECT_NE(session.ask(get).find("X-Forwarded-For: 10.1.2.3\r\n"), std::string::npos);
  }
  Connection bare(port);
  TlsOver session(bare);
  EXPECT_FALSE(session.shake_hands()) << "no header, no handshake";
}

}  // namespace
}  // namespace slipway::edge::test
