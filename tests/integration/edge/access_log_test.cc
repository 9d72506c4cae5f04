// The access log as its readers meet it: one line for each request, whatever became of it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include "base/text.h"
#include "io/clock.h"
#include "io/files.h"
#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

class AccessLogs : public ::testing::Test {
 protected:
  TempDir state_;

  std::string path() const { return state_.path() + "/logs/access.log"; }
  static std::vector<Json> lines_of(const std::string& path) {
    std::vector<Json> lines;
    const std::string bytes = io::read_file(path).value_or("");
    for (const std::string_view text : split(bytes, '\n')) {
      if (text.empty()) continue;
      auto json = Json::parse(std::string(text));
      EXPECT_TRUE(json) << text;
      if (json) lines.push_back(std::move(json).value());
    }
    return lines;
  }
  // Once there are `count`, and a moment later still: a line too many is a mistake too.
  std::vector<Json> lines(std::size_t count) {
    eventually([&] { return lines_of(path()).size() >= count; });
    std::vector<Json> found = lines_of(path());
    EXPECT_EQ(found.size(), count) << io::read_file(path()).value_or("no log");
    found.resize(std::max(found.size(), count));
    return found;
  }
  // Lines of requests that different workers served may change places.
  std::vector<Json> lines_by_status(std::size_t count) {
    std::vector<Json> found = lines(count);
    std::stable_sort(found.begin(), found.end(), [](const Json& a, const Json& b) {
      return a.integer("status") < b.integer("status");
    });
    return found;
  }
  static void serve(Edge& edge, const App& app, Json extra = Json::object()) {
    Json json = service("web", "r1", {app.address()});
    for (const Json::Member& member : extra.members()) json.set(member.first, member.second);
    edge.put("shop", list_of({json}));
  }
};

TEST_F(AccessLogs, ALineTellsWhoAskedWhatAndWhichReleaseAnswered) {
  App app("app");
  Edge edge(state_.path());
  serve(edge, app);
  Connection connection(edge.port());
  connection.send(
      "POST /cart?item=7 HTTP/1.1\r\nHost: Shop.example\r\nUser-Agent: tester/1\r\nReferer: "
      "http://a/\r\nX-Request-ID: mine\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(connection.read("POST").status, 200);
  const Json line = lines(1)[0];
  EXPECT_EQ(line.text("request_id"), "mine");
  EXPECT_EQ(line.text("client"), "127.0.0.1");
  EXPECT_EQ(line.text("method"), "POST");
  EXPECT_EQ(line.text("host"), "Shop.example");
  EXPECT_EQ(line.text("path"), "/cart");
  EXPECT_EQ(line.text("query"), "item=7");
  EXPECT_EQ(line.text("protocol"), "HTTP/1.1");
  EXPECT_EQ(line.text("scheme"), "http");
  EXPECT_EQ(line.integer("status"), 200);
  EXPECT_EQ(line.text("end"), "complete");
  EXPECT_EQ(line.integer("bytes_in"), 5);
  EXPECT_EQ(line.integer("bytes_out"), 16);  // "app /cart?item=7"
  EXPECT_GT(line.integer("upstream_us"), 0);
  EXPECT_GE(line.integer("duration_us"), line.integer("upstream_us"));
  EXPECT_EQ(line.text("service"), "web");
  EXPECT_EQ(line.text("app"), "shop");
  EXPECT_EQ(line.text("environment"), "test");
  EXPECT_EQ(line.text("release"), "r1");
  EXPECT_EQ(line.text("target"), app.address());
  EXPECT_EQ(line.integer("attempts"), 1);
  EXPECT_EQ(line.text("user_agent"), "tester/1");
  EXPECT_EQ(line.text("referer"), "http://a/");
}

TEST_F(AccessLogs, TheClientIsTheOneThatATrustedProxyNames) {
  App app("app");
  Edge edge(state_.path());
  Json json = service("web", "r1", {app.address()});
  json.set("trusted_proxies", texts({"127.0.0.0/8"})).set("hosts", texts({"a.example"}));
  Json closed = service("closed", "r1", {app.address()});
  closed.set("hosts", texts({"b.example"})).set("state", "stopped");
  closed.set("trusted_proxies", texts({"127.0.0.0/8"}));
  edge.put("shop", list_of({json, closed}));
  const std::string from = "X-Forwarded-For: 198.51.100.1, 203.0.113.9\r\n";
  EXPECT_EQ(get(edge.port(), "/through", "a.example", from).status, 200);
  EXPECT_EQ(get(edge.port(), "/stopped", "b.example", from).status, 503);
  EXPECT_EQ(get(edge.port(), "/itself", "a.example").status, 200);
  std::map<std::string, std::string> clients;  // lines of several workers come in any order
  for (const Json& line : lines(3)) clients[line.text("path")] = line.text("client");
  EXPECT_EQ(clients["/through"], "203.0.113.9");
  EXPECT_EQ(clients["/stopped"], "203.0.113.9");
  EXPECT_EQ(clients["/itself"], "127.0.0.1");
}

TEST_F(AccessLogs, TheIdInTheLineIsTheOneTheAppGot) {
  App app([](int fd, const App::Request& r) { return write_all(fd, ok_response(r.head)); });
  Edge edge(state_.path());
  serve(edge, app);
  const std::string head = get(edge.port(), "/").body;
  const std::string id = lines(1)[0].text("request_id");
  EXPECT_EQ(id.size(), 24U);
  EXPECT_NE(head.find("X-Request-ID: " + id + "\r\n"), std::string::npos) << head;
}

TEST_F(AccessLogs, KeptConnectionsPipelinesAndHeadHaveALineEach) {
  App app([](int fd, const App::Request& request) {
    return write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" +
                             std::string(request.method == "HEAD" ? "" : "body"));
  });
  Edge edge(state_.path());
  serve(edge, app);
  Connection connection(edge.port());
  std::string bytes;
  for (int i = 0; i < 10; ++i)
    bytes += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  connection.send(bytes);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(connection.read().status, 200);
  connection.send("HEAD /head HTTP/1.1\r\nHost: h\r\n\r\n");
  connection.read("HEAD");
  const std::vector<Json> found = lines(11);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(found[static_cast<std::size_t>(i)].text("path"), "/" + std::to_string(i));
    EXPECT_EQ(found[static_cast<std::size_t>(i)].integer("bytes_out"), 4);
  }
  EXPECT_EQ(found[10].text("method"), "HEAD");
  EXPECT_EQ(found[10].integer("bytes_out"), 0);
}

TEST_F(AccessLogs, WhatTheEdgeAnswersByItselfHasALineToo) {
  Edge edge(state_.path(), {"--head-ms", "200"});
  EXPECT_EQ(get(edge.port(), "/nobody").status, 404);
  EXPECT_EQ(request(edge.port(), "BAD\r\n\r\n").status, 400);
  Connection slow(edge.port());
  slow.send("GET / HT");
  EXPECT_EQ(slow.read().status, 408);
  App app("app");
  Json stopped = Json::object();
  serve(edge, app, stopped.set("state", "stopped"));
  EXPECT_EQ(get(edge.port(), "/x").status, 503);
  const std::vector<Json> found = lines_by_status(4);
  EXPECT_EQ(found[0].integer("status"), 400);
  EXPECT_EQ(found[1].integer("status"), 404);
  EXPECT_EQ(found[1].text("path"), "/nobody");
  EXPECT_EQ(found[1].text("end"), "answered");
  EXPECT_EQ(found[1].find("service"), nullptr);
  EXPECT_EQ(found[2].integer("status"), 408);
  EXPECT_EQ(found[2].text("end"), "timeout");
  EXPECT_EQ(found[3].integer("status"), 503);
  EXPECT_EQ(found[3].text("service"), "web");
  EXPECT_EQ(found[3].find("release"), nullptr);
}

TEST_F(AccessLogs, TargetsThatFailAreNamed) {
  App refuses("gone");
  const std::string nobody = refuses.address();
  refuses.stop();
  App garbles([](int fd, const App::Request&) {
    write_all(fd, "nonsense\r\n\r\n");
    return false;
  });
  App breaks([](int fd, const App::Request&) {
    write_all(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    return false;
  });
  Edge edge(state_.path());
  edge.put("shop", list_of({service("web", "r1", {nobody})}));
  EXPECT_EQ(get(edge.port(), "/refused").status, 502);
  serve(edge, garbles);
  EXPECT_EQ(get(edge.port(), "/garbled").status, 502);
  serve(edge, breaks);
  EXPECT_FALSE(get(edge.port(), "/broken").complete);
  const std::vector<Json> found = lines_by_status(3);
  EXPECT_EQ(found[0].integer("status"), 200);
  EXPECT_EQ(found[0].text("path"), "/broken");
  for (const Json& line : found) EXPECT_EQ(line.text("end"), "upstream_failed");
  const Json& refused = found[found[1].text("path") == "/refused" ? 1 : 2];
  EXPECT_EQ(refused.text("target"), nobody);
  EXPECT_EQ(refused.text("release"), "r1");
  EXPECT_EQ(found[1].integer("status"), 502);
  EXPECT_EQ(found[2].integer("status"), 502);
}

TEST_F(AccessLogs, AClientThatLeavesIs499) {
  std::atomic<bool> asked{false};
  App app([&asked](int fd, const App::Request&) {
    asked = true;
    char byte = 0;
    return ::recv(fd, &byte, 1, 0) > 0;
  });
  Edge edge(state_.path());
  serve(edge, app);
  {
    Connection connection(edge.port());
    connection.send("GET /left HTTP/1.1\r\nHost: h\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return asked.load(); }));
  }
  const Json line = lines(1)[0];
  EXPECT_EQ(line.integer("status"), 499);
  EXPECT_EQ(line.text("end"), "client_left");
  EXPECT_EQ(line.text("path"), "/left");
}

TEST_F(AccessLogs, WaitingInAPauseIsToldWithItsTime) {
  App app("app");
  Edge edge(state_.path());
  Json paused = Json::object();
  serve(edge, app, paused.set("state", "paused").set("max_pause_ms", 150));
  EXPECT_EQ(get(edge.port(), "/late?x=1").status, 504);
  Json longer = Json::object();
  serve(edge, app, longer.set("state", "paused").set("max_pause_ms", 60'000));
  {
    Connection connection(edge.port());
    connection.send("GET /gone HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  std::vector<Json> found = lines(2);
  std::sort(found.begin(), found.end(),
            [](const Json& a, const Json& b) { return a.text("path") < b.text("path"); });
  EXPECT_EQ(found[0].text("path"), "/gone");
  EXPECT_EQ(found[0].integer("status"), 499);
  EXPECT_EQ(found[0].text("end"), "client_left");
  EXPECT_EQ(found[1].text("path"), "/late");
  EXPECT_EQ(found[1].text("query"), "x=1");
  EXPECT_EQ(found[1].integer("status"), 504);
  EXPECT_EQ(found[1].text("end"), "timeout");
  EXPECT_EQ(found[1].text("service"), "web");
  EXPECT_GE(found[1].integer("duration_us"), 140'000);
}

TEST_F(AccessLogs, AWebSocketHasOneLineWithWhatPassedBothWays) {
  App app([](int fd, const App::Request&) {
    write_all(fd,
              "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: "
              "websocket\r\n\r\nhello");
    char bytes[16];
    std::size_t got = 0;
    while (got < 8) {
      const ssize_t size = ::recv(fd, bytes, sizeof bytes, 0);
      if (size <= 0) return false;
      got += static_cast<std::size_t>(size);
    }
    return false;
  });
  Edge edge(state_.path());
  serve(edge, app);
  Connection connection(edge.port());
  connection.send(
      "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(connection.read().status, 101);
  EXPECT_EQ(connection.read_bytes(5), "hello");
  connection.send("8 bytes.");
  EXPECT_TRUE(connection.ended());
  const Json line = lines(1)[0];
  EXPECT_EQ(line.integer("status"), 101);
  EXPECT_EQ(line.text("end"), "complete");
  EXPECT_EQ(line.integer("bytes_in"), 8);
  EXPECT_EQ(line.integer("bytes_out"), 5);
}

TEST_F(AccessLogs, ADrainThatCutsARequestSaysSo) {
  App app([](int fd, const App::Request&) {
    char byte = 0;
    return ::recv(fd, &byte, 1, 0) > 0;
  });
  App other("other");
  Edge edge(state_.path());
  Json quick = Json::object();
  serve(edge, app, quick.set("drain_ms", 50));
  Connection connection(edge.port());
  connection.send("GET /cut HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return app.requests() == 1; }));
  serve(edge, other, quick);
  EXPECT_EQ(connection.read().status, 504);
  const Json line = lines(1)[0];
  EXPECT_EQ(line.integer("status"), 504);
  EXPECT_EQ(line.text("end"), "cut");
}

TEST_F(AccessLogs, AForgedHeaderCanNotMakeALine) {
  App app("app");
  Edge edge(state_.path());
  serve(edge, app);
  const std::string forged = "x\",\"status\":200,\"path\":\"/admin\"}\\n{\"\xff\t";
  get(edge.port(), "/%0a\"}{", "h", "User-Agent: " + forged + "\r\nReferer: \"}\r\n");
  const Json line = lines(1)[0];
  EXPECT_EQ(line.text("path"), "/%0a\"}{");
  EXPECT_EQ(line.text("user_agent").substr(0, 10), "x\",\"status");
  EXPECT_EQ(line.text("referer"), "\"}");
}

TEST_F(AccessLogs, TheQueryStaysOutWhenToldSo) {
  App app("app");
  Edge edge(state_.path(), {"--access-log-no-query"});
  serve(edge, app);
  get(edge.port(), "/login?token=secret");
  EXPECT_EQ(lines(1)[0].find("query"), nullptr);
  EXPECT_EQ(io::read_file(path())->find("secret"), std::string::npos);
}

TEST_F(AccessLogs, OffWritesNothing) {
  App app("app");
  Edge edge(state_.path(), {"--access-log", "off"});
  serve(edge, app);
  EXPECT_EQ(get(edge.port(), "/").status, 200);
  EXPECT_TRUE(edge.call("GET", "/v1/edge").at("access_log").is_null());
  EXPECT_FALSE(io::exists(path()));
}

TEST_F(AccessLogs, ALogThatNobodyReadsSlowsNoRequestAndIsCounted) {
  App app("app");
  const std::string fifo = state_.path() + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  Edge edge(state_.path(), {"--access-log", fifo});
  serve(edge, app);
  Connection connection(edge.port());
  // Long paths fill the pipe and the rings soon: 1 MiB of records for each worker.
  const std::string target = "/" + std::string(2000, 'p') + "?" + std::string(2000, 'q');
  const auto dropped = [&] {
    return edge.call("GET", "/v1/edge").at("access_log").integer("dropped");
  };
  for (int i = 0; i < 4000 && (i % 200 != 0 || dropped() == 0); ++i)
    ASSERT_EQ(connection.get(target).status, 200) << i;
  ASSERT_GT(dropped(), 0);
  std::int64_t best_us = INT64_MAX;
  for (int i = 0; i < 50; ++i) {
    const std::int64_t began = io::monotonic_us();
    ASSERT_EQ(connection.get("/").status, 200);
    best_us = std::min(best_us, io::monotonic_us() - began);
  }
  EXPECT_LT(best_us, 50'000) << "requests wait for the log";
  const Json metrics = edge.call("GET", "/metrics");
  const std::string name = "\nslipway_edge_access_log_dropped_total ";
  const std::size_t at = metrics.as_string().find(name);
  ASSERT_NE(at, std::string::npos);
  EXPECT_NE(metrics.as_string()[at + name.size()], '0');
}

TEST_F(AccessLogs, ARenamedLogIsOpenedAgainBySignalAndByCall) {
  App app("app");
  Edge edge(state_.path());
  serve(edge, app);
  get(edge.port(), "/one");
  lines(1);
  ASSERT_TRUE(io::rename_path(path(), path() + ".a"));
  int status = 0;
  edge.call("POST", "/v1/logs/reopen", {}, &status);
  EXPECT_EQ(status, 200);
  get(edge.port(), "/two");
  EXPECT_EQ(lines(1)[0].text("path"), "/two");
  ASSERT_TRUE(io::rename_path(path(), path() + ".b"));
  ::kill(edge.pid(), SIGHUP);
  EXPECT_TRUE(eventually([&] { return io::exists(path()); }));
  get(edge.port(), "/three");
  EXPECT_EQ(lines(1)[0].text("path"), "/three");
  EXPECT_EQ(edge.stop(), 0);
}

TEST_F(AccessLogs, AFullFileIsRenamed) {
  App app("app");
  Edge edge(state_.path(), {"--access-log-rotate", "65536", "--access-log-keep", "1"});
  serve(edge, app);
  Connection connection(edge.port());
  const std::string target = "/" + std::string(2000, 'p');
  for (int i = 0; i < 100; ++i) ASSERT_EQ(connection.get(target).status, 200);
  EXPECT_TRUE(eventually([&] { return io::exists(path() + ".1"); }));
  EXPECT_EQ(edge.stop(), 0);
  EXPECT_FALSE(lines_of(path()).empty());
  EXPECT_FALSE(lines_of(path() + ".1").empty());
  EXPECT_FALSE(io::exists(path() + ".2"));
}

TEST_F(AccessLogs, NothingIsLostWhenTheEdgeStopsOrIsReplaced) {
  App app("app");
  Edge first(state_.path());
  serve(first, app);
  Connection kept(first.port());
  EXPECT_EQ(kept.get("/first").status, 200);
  Edge second(state_.path(), {"--take-over"});
  ASSERT_TRUE(second.ready()) << second.said();
  EXPECT_EQ(get(second.port(), "/second").status, 200);
  EXPECT_EQ(kept.get("/first/again").status, 200);
  EXPECT_EQ(first.wait_for_exit(), 0);
  EXPECT_EQ(second.stop(), 0);
  EXPECT_EQ(lines(3).size(), 3U);
}

TEST_F(AccessLogs, StandardOutputCarriesItWhenAsked) {
  App app("app");
  Edge edge(state_.path(), {"--access-log", "-"});
  serve(edge, app);
  EXPECT_EQ(get(edge.port(), "/out").status, 200);
  EXPECT_TRUE(eventually([&] {
    return edge.said().find("\"path\":\"/out\"") != std::string::npos;
  })) << edge.said();
}

}  // namespace
}  // namespace slipway::edge::test
