// What the edge lets in: access lists, rates, counts, connections, the PROXY protocol.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

std::string from(const std::string& ip) {
  const bool v6 = ip.find(':') != std::string::npos;
  return (v6 ? "PROXY TCP6 " + ip + " ::1 " : "PROXY TCP4 " + ip + " 127.0.0.1 ") + "1234 80\r\n";
}
std::string ask(const std::string& method, const std::string& target,
                const std::string& fields = {}) {
  return method + " " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

// Answers when it is told to, and tells how many wait.
class Door {
 public:
  App::Serve serve() {
    return [this](int fd, const App::Request& request) {
      if (request.target == "/free") return write_all(fd, ok_response("free"));
      ++waiting_;
      while (!open_) {
        char byte = 0;
        pollfd gone{fd, POLLIN, 0};
        if (::poll(&gone, 1, 5) > 0 && ::recv(fd, &byte, 1, MSG_PEEK) <= 0) break;
      }
      --waiting_;
      return write_all(fd, ok_response("late"));
    };
  }
  void open() { open_ = true; }
  int waiting() const { return waiting_; }

 private:
  std::atomic<bool> open_{false};
  std::atomic<int> waiting_{0};
};

class Admission : public ::testing::Test {
 protected:
  TempDir state_;
  Edge edge_{state_.path(), {"--proxy-protocol"}};
  App app_{[](int fd, const App::Request& request) {
    const std::size_t at = request.head.find("X-Forwarded-For: ");
    const std::size_t end = request.head.find("\r\n", at);
    return write_all(fd, ok_response(request.head.substr(at + 17, end - at - 17)));
  }};

  void serve(const std::string& target, const std::string& shield) {
    Json web = service("web", "r1", {target});
    edge_.put("a", list_of({web.set("shield", Json::parse(shield).value())}));
  }
  Reply request_from(const std::string& ip, const std::string& bytes) {
    return request(edge_.port(), from(ip) + bytes);
  }
  int status_from(const std::string& ip, const std::string& bytes = ask("GET", "/")) {
    return request_from(ip, bytes).status;
  }
  std::string metrics() { return edge_.call("GET", "/metrics").as_string(); }
  bool counted(const std::string& reason, int times) {
    const std::string line = "{reason=\"" + reason + "\"} " + std::to_string(times) + "\n";
    return eventually([&] { return metrics().find(line) != std::string::npos; });
  }
};

TEST_F(Admission, TheProxyHeaderNamesTheClient) {
  serve(app_.address(), "{}");
  EXPECT_EQ(request_from("10.1.2.3", ask("GET", "/")).body, "10.1.2.3");
  EXPECT_EQ(request_from("2001:db8::5", ask("GET", "/")).body, "2001:db8::5");
  EXPECT_EQ(request(edge_.port(), "PROXY UNKNOWN\r\n" + ask("GET", "/")).body, "127.0.0.1");
  const std::string binary("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x0a\1\2\4\x7f\0\0\1\1\1\0\x50", 28);
  Connection connection(edge_.port());
  for (char byte : binary) connection.send(std::string(1, byte));
  EXPECT_EQ(connection.get("/").body, "10.1.2.4");
  EXPECT_EQ(connection.get("/").body, "10.1.2.4") << "once for the connection";
}

TEST_F(Admission, AConnectionWithoutAProxyHeaderIsClosedAndCounted) {
  serve(app_.address(), "{}");
  Connection plain(edge_.port());
  plain.send(ask("GET", "/"));
  EXPECT_EQ(plain.read_to_end(), "");
  Connection half(edge_.port());
  half.send("PROXY TCP4 10.");
  half.shut_down_sending();
  EXPECT_TRUE(half.ended());
  EXPECT_EQ(app_.requests(), 0);
  EXPECT_TRUE(counted("proxy_header", 2)) << metrics();
}

TEST_F(Admission, AccessListsAnswer403) {
  serve(app_.address(),
        R"({"access": {"allow": ["10.0.0.0/8", "2001:db8::/32"], "deny": ["10.9.0.0/16"]}})");
  EXPECT_EQ(status_from("10.1.0.1"), 200);
  EXPECT_EQ(status_from("10.9.0.1"), 403);
  EXPECT_EQ(status_from("11.0.0.1"), 403);
  EXPECT_EQ(status_from("2001:db8::1"), 200);
  EXPECT_EQ(status_from("2001:db9::1"), 403);
  EXPECT_EQ(status_from("::ffff:10.1.0.1"), 200) << "IPv4 mapped into IPv6 is IPv4";
  EXPECT_EQ(status_from("::ffff:10.9.0.1"), 403);
  EXPECT_EQ(app_.requests(), 3);
  EXPECT_TRUE(counted("access", 4)) << metrics();
}

TEST_F(Admission, ARateIsOfOneClientWhateverWorkerItMeets) {
  serve(app_.address(), R"({"rate": {"requests": 3, "per_s": 3600, "burst": 4}})");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(status_from("10.0.0.1"), 200) << i;
  const Reply refused = request_from("10.0.0.1", ask("GET", "/"));
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.has("Retry-After: 1200\r\n") || refused.has("Retry-After: 1199\r\n"))
      << refused.head;
  EXPECT_TRUE(refused.has("RateLimit-Limit: 3\r\n"));
  EXPECT_TRUE(refused.has("RateLimit-Remaining: 0\r\n"));
  EXPECT_TRUE(refused.has("RateLimit-Reset: 4800\r\n") || refused.has("RateLimit-Reset: 4799\r\n"))
      << refused.head;
  EXPECT_TRUE(refused.has("RateLimit-Policy: 3;w=3600;burst=4\r\n"));
  EXPECT_EQ(status_from("10.0.0.2"), 200) << "another client";
  for (int i = 0; i < 4; ++i) status_from("2001:db8::" + std::to_string(i));
  EXPECT_EQ(status_from("2001:db8::ffff"), 429) << "all of a /64 are one client";
  EXPECT_EQ(status_from("2001:db8:0:1::1"), 200);
  EXPECT_TRUE(counted("rate", 2)) << metrics();
}

TEST_F(Admission, ARefusedRequestLeavesItsConnectionOpen) {
  serve(app_.address(), R"({"rate": {"requests": 1, "per_s": 3600}})");
  Connection connection(edge_.port());
  connection.send(from("10.0.0.1"));
  EXPECT_EQ(connection.get("/", "Host: h\r\n").status, 200);
  EXPECT_EQ(connection.get("/", "Host: h\r\n").status, 429);
  EXPECT_EQ(connection.get("/", "Host: h\r\n").status, 429);
}

TEST_F(Admission, ANewTableDoesNotFillTheBuckets) {
  serve(app_.address(), R"({"rate": {"requests": 1, "per_s": 3600}})");
  EXPECT_EQ(status_from("10.0.0.1"), 200);
  serve(app_.address(), R"({"rate": {"requests": 1, "per_s": 3600}, "concurrent": 100})");
  EXPECT_EQ(status_from("10.0.0.1"), 429);
}

TEST_F(Admission, ARouteHasARateOfItsOwn) {
  serve(app_.address(), R"({"routes": [
    {"path": "/login", "methods": ["POST"], "rate": {"requests": 2, "per_s": 3600}}]})");
  const std::string login = ask("POST", "/login", "Content-Length: 0\r\n");
  EXPECT_EQ(status_from("10.0.0.1", login), 200);
  EXPECT_EQ(status_from("10.0.0.1", ask("POST", "//x/../log%69n/", "Content-Length: 0\r\n")), 200);
  EXPECT_EQ(status_from("10.0.0.1", login), 429);
  EXPECT_EQ(status_from("10.0.0.1", ask("GET", "/login")), 200);
  EXPECT_EQ(status_from("10.0.0.1", ask("POST", "/other", "Content-Length: 0\r\n")), 200);
  EXPECT_EQ(status_from("10.0.0.2", login), 200);
}

TEST_F(Admission, AHeaderCanSayWhoTheClientIs) {
  serve(app_.address(), R"({"client_header": "X-Key", "rate": {"requests": 1, "per_s": 3600}})");
  EXPECT_EQ(status_from("10.0.0.1", ask("GET", "/", "X-Key: a\r\n")), 200);
  EXPECT_EQ(status_from("10.0.0.2", ask("GET", "/", "X-Key: a\r\n")), 429);
  EXPECT_EQ(status_from("10.0.0.1", ask("GET", "/", "X-Key: b\r\n")), 200);
  EXPECT_EQ(status_from("10.0.0.1"), 200) << "without it, the address";
  EXPECT_EQ(status_from("10.0.0.1"), 429);
}

TEST_F(Admission, OnlySoManyRequestsOfAClientRunAtOnce) {
  Door door;
  App app(door.serve());
  serve(app.address(), R"({"concurrent": 3, "concurrent_per_client": 2})");
  std::vector<std::unique_ptr<Connection>> running;
  const auto start = [&](const std::string& ip) {
    running.push_back(std::make_unique<Connection>(edge_.port()));
    running.back()->send(from(ip) + ask("GET", "/"));
  };
  start("10.0.0.1");
  start("10.0.0.1");
  ASSERT_TRUE(eventually([&] { return door.waiting() == 2; }));
  const Reply of_client = request_from("10.0.0.1", ask("GET", "/free"));
  EXPECT_EQ(of_client.status, 429);
  EXPECT_TRUE(of_client.has("Retry-After: 1\r\n"));
  start("10.0.0.2");
  ASSERT_TRUE(eventually([&] { return door.waiting() == 3; }));
  const Reply of_all = request_from("10.0.0.3", ask("GET", "/free"));
  EXPECT_EQ(of_all.status, 503);
  EXPECT_TRUE(of_all.has("Retry-After: 1\r\n"));
  EXPECT_TRUE(counted("concurrency", 2)) << metrics();
  running.pop_back();  // a client that leaves frees its place
  EXPECT_TRUE(eventually([&] { return status_from("10.0.0.3", ask("GET", "/free")) == 200; }));
  door.open();
  EXPECT_EQ(running[0]->read().body, "late");
  EXPECT_EQ(running[1]->read().body, "late");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(status_from("10.0.0.1", ask("GET", "/free")), 200);
}

TEST(AdmissionInAPause, ARequestThatWasHeldPaysOnceAndCountsWhenItRuns) {
  TempDir state;
  Edge edge(state.path(),
            {"--proxy-protocol", "--workers", "1"});  // one: requests keep their order
  App app("app");
  const auto status_from = [&](const std::string& ip) {
    return request(edge.port(), from(ip) + ask("GET", "/")).status;
  };
  Json web = service("web", "r1", {app.address()});
  web.set("shield",
          Json::parse(R"({"rate": {"requests": 1, "per_s": 3600}, "concurrent": 1})").value());
  edge.put("a", list_of({web.set("state", "paused")}));
  Connection held(edge.port());
  held.send(from("10.0.0.1") + ask("GET", "/"));
  EXPECT_EQ(status_from("10.0.0.1"), 429) << "its token is spent";
  edge.put("a", list_of({web.set("state", "live")}));
  EXPECT_EQ(held.read().status, 200);
  EXPECT_EQ(status_from("10.0.0.2"), 200) << "the place is free again";
}

TEST(Connections, OfOneAddressAreLimitedOverAllWorkers) {
  TempDir state;
  Edge edge(state.path(), {"--proxy-protocol", "--connections-per-client", "3"});
  App app("app");
  edge.put("a", list_of({service("web", "r1", {app.address()})}));
  std::vector<std::unique_ptr<Connection>> open;
  const auto connect = [&](const std::string& ip) {
    open.push_back(std::make_unique<Connection>(edge.port()));
    open.back()->send(from(ip) + ask("GET", "/"));
    return open.back()->read().status;
  };
  for (int i = 0; i < 3; ++i) EXPECT_EQ(connect("10.0.0.1"), 200);
  EXPECT_EQ(connect("10.0.0.1"), 0) << "closed without a word";
  EXPECT_EQ(connect("10.0.0.2"), 200);
  EXPECT_EQ(open[0]->get("/").status, 200) << "those that are there go on";
  open.erase(open.begin());
  EXPECT_TRUE(eventually([&] { return connect("10.0.0.1") == 200; }));
  open.clear();
  // However they end, every one is given back.
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 3; ++i)
      ASSERT_TRUE(eventually([&] { return connect("10.0.0.1") == 200; })) << round;
    open.front()->reset();
    open.clear();
  }
}

}  // namespace
}  // namespace slipway::edge::test
