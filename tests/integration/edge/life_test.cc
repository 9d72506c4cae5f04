// The process itself: whose it is, how it starts, reloads and ends.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "io/files.h"
#include "io/socket.h"
#include "tests/integration/edge/load.h"

namespace slipway::edge::test {
namespace {

constexpr unsigned kNobody = 65534;

std::string status_line(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name + ":")) continue;
    std::istringstream words(line.substr(name.size() + 1));
    std::string out;
    for (std::string word; words >> word;) out += (out.empty() ? "" : " ") + word;
    return out;
  }
  return "";
}

void expect_without_rights(pid_t pid) {
  EXPECT_EQ(status_line(pid, "Uid"), "65534 65534 65534 65534");
  EXPECT_EQ(status_line(pid, "Gid"), "65534 65534 65534 65534");
  for (const char* set : {"CapEff", "CapPrm", "CapInh", "CapAmb"})
    EXPECT_EQ(status_line(pid, set), "0000000000000000") << set;
}

unsigned owner_of(const std::string& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_uid : 0;
}

// A port that only root may bind and that nobody has.
int privileged_port() {
  for (int port = 1023; port > 600; --port) {
    if (io::listen_tcp({"127.0.0.1", port})) return port;
  }
  return 0;
}

class AsUser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
  }
  TempDir state_;
  App app_{"app"};
};

TEST_F(AsUser, GivesUpEveryRightAfterBindingAndKeepsItsFolder) {
  const int port = privileged_port();
  Edge edge(state_.path(), {"--user", "nobody"}, "127.0.0.1:" + std::to_string(port));
  ASSERT_TRUE(edge.ready()) << edge.said();
  ASSERT_EQ(edge.port(), port);
  expect_without_rights(edge.pid());
  EXPECT_EQ(status_line(edge.pid(), "NoNewPrivs"), "1");
  EXPECT_EQ(owner_of(state_.path()), kNobody);
  edge.put("a", list_of({service("web", "v1", {app_.address()})}));
  EXPECT_EQ(get(port, "/").body, "app /");
  EXPECT_EQ(owner_of(state_.path() + "/edge-table.json"), kNobody);
  EXPECT_EQ(owner_of(edge.socket()), kNobody);
  struct stat facts {};
  ASSERT_EQ(::stat(edge.socket().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U) << "the control socket is its user's alone";
}

TEST_F(AsUser, IsReplacedWithItsPrivilegedPortByRootAndByItsOwnUser) {
  const int port = privileged_port();
  const std::string listen = "127.0.0.1:" + std::to_string(port);
  auto edge =
      std::make_unique<Edge>(state_.path(), std::vector<std::string>{"--user", "nobody"}, listen);
  ASSERT_TRUE(edge->ready()) << edge->said();
  edge->put("a", list_of({service("web", "v1", {app_.address()})}));
  Load load(port, 4);
  const std::vector<std::vector<std::string>> successors{{"--user", "nobody"},
                                                         {"--begin-as", std::to_string(kNobody)}};
  for (const auto& flags : successors) {
    ASSERT_TRUE(load.reaches(50));
    auto next = std::make_unique<Edge>(state_.path(), flags, listen);
    ASSERT_TRUE(next->ready()) << flags[0] << ": " << next->said();
    EXPECT_EQ(next->port(), port);
    expect_without_rights(next->pid());
    EXPECT_EQ(edge->wait_for_exit(), 0) << edge->said();
    edge = std::move(next);
  }
  ASSERT_TRUE(load.reaches(50));
  load.stop();
  EXPECT_EQ(load.failed(), 0) << "of " << load.requests() << ": " << load.first_failure();
}

TEST_F(AsUser, TakesOverTheFilesThatRootLeft) {
  {
    Edge root(state_.path());
    root.put("a", list_of({service("web", "v1", {app_.address()})}));
    root.put("b", list_of({service("web", "v1", {app_.address()}).set("hosts", texts({"b.x"}))}));
    ASSERT_EQ(root.stop(), 0);
  }
  Edge edge(state_.path(), {"--user", "nobody"});
  ASSERT_TRUE(edge.ready()) << edge.said();
  App other("other");
  edge.put("a", list_of({service("web", "v2", {other.address()})}));
  EXPECT_EQ(get(edge.port(), "/").body, "other /");
}

TEST_F(AsUser, WithoutTheRightToAskTheRunningEdgeNothingIsReplaced) {
  ASSERT_EQ(::chmod(state_.path().c_str(), 0777), 0);
  Edge root(state_.path());
  ASSERT_TRUE(root.ready());
  Edge other(state_.path(), {"--begin-as", std::to_string(kNobody)});
  EXPECT_FALSE(other.ready());
  EXPECT_NE(other.wait_for_exit(), 0);
  EXPECT_NE(other.said().find("next: start as the user that it runs as"), std::string::npos)
      << other.said();
  EXPECT_EQ(root.call("GET", "/v1/edge").integer("pid"), root.pid()) << "it still answers";
}

TEST(Places, WhatSomebodyElseListensOnIsLeftAlone) {
  for (const char* name : {"/edge-handover.sock", "/edge.sock"}) {
    TempDir state;
    const std::string path = state.path() + name;
    const auto foreign = io::listen_unix(path);
    ASSERT_TRUE(foreign);
    Edge edge(state.path());
    EXPECT_FALSE(edge.ready()) << name;
    EXPECT_NE(edge.wait_for_exit(), 0);
    EXPECT_NE(edge.said().find(path), std::string::npos) << edge.said();
    EXPECT_NE(edge.said().find("next: stop it"), std::string::npos) << edge.said();
    EXPECT_TRUE(io::connect_unix(path, Millis(1000))) << name << " is no longer theirs";
  }
}

TEST(Places, AFileInTheWayIsNotOverwritten) {
  TempDir state;
  const std::string path = state.path() + "/edge.sock";
  ASSERT_TRUE(io::write_file_atomically(path, "precious"));
  Edge edge(state.path());
  EXPECT_FALSE(edge.ready());
  EXPECT_NE(edge.wait_for_exit(), 0);
  EXPECT_NE(edge.said().find("next: move that file away"), std::string::npos) << edge.said();
  EXPECT_EQ(io::read_file(path).value_or(""), "precious");
}

TEST(Places, WhatADeadEdgeLeftIsReplaced) {
  TempDir state;
  {
    Edge edge(state.path());
    ASSERT_TRUE(edge.ready());
    edge.kill();
  }
  ASSERT_TRUE(io::exists(state.path() + "/edge.sock"));
  Edge edge(state.path());
  EXPECT_TRUE(edge.ready()) << edge.said();
}

// What a start that fails says.
std::string refusal(const std::string& state, const std::vector<std::string>& flags,
                    const std::string& listen = "127.0.0.1:0") {
  Edge edge(state, flags, listen);
  EXPECT_FALSE(edge.ready()) << edge.said();
  EXPECT_GT(edge.wait_for_exit(), 0);
  return edge.said();
}

TEST(Start, EveryErrorNamesWhatItWasAboutAndWhatToDoNext) {
  TempDir state;
  const auto taken = io::listen_tcp({"127.0.0.1", 0});
  ASSERT_TRUE(taken);
  const std::string busy = "127.0.0.1:" + std::to_string(io::local_port(taken->get()));
  ASSERT_TRUE(io::write_file_atomically(state.path() + "/file", "x"));
  TempDir damaged;
  ASSERT_TRUE(io::write_file_atomically(damaged.path() + "/edge-table.json", "{\"format\": 1"));
  const struct {
    std::string said;
    std::string about;
  } cases[] = {
      {refusal(state.path(), {}, busy), busy},
      {refusal(state.path(), {}, "127.0.0.1:99999"), "99999"},
      {refusal(state.path(), {}, "no-such-host.invalid:80"), "no-such-host.invalid"},
      {refusal(state.path(), {"--user", "no-such-user"}), "no-such-user"},
      {refusal(state.path() + "/file", {}), state.path() + "/file"},
      {refusal(damaged.path(), {}), "edge-table.json"},
      {refusal(state.path(), {"--take-over"}), state.path()},
      {refusal(state.path(), {"--access-log", state.path() + "/none/a.log"}), "/none/a.log"},
  };
  for (const auto& one : cases) {
    EXPECT_NE(one.said.find(one.about), std::string::npos) << one.said;
    EXPECT_NE(one.said.find("next: "), std::string::npos) << one.said;
    EXPECT_EQ(one.said.find("json.exception"), std::string::npos) << one.said;
  }
}

TEST(Counters, AreStreamedOneDocumentPerLine) {
  TempDir state;
  App app("app");
  auto edge = std::make_unique<Edge>(state.path());
  edge->put("a", list_of({service("web", "v1", {app.address()})}));
  auto stream = io::connect_unix(edge->socket(), Millis(5'000));
  ASSERT_TRUE(stream);
  ASSERT_TRUE(
      write_all(stream->get(), "GET /v1/stats/stream?every_ms=20 HTTP/1.1\r\nHost: edge\r\n\r\n"));
  std::string in;
  // The newest document whose line has come whole.
  const auto newest = [&] {
    const auto end = in.rfind("}\n");
    if (end == std::string::npos) return Json();
    const auto begin = in.rfind("{\"at_ms\"", end);
    return Json::parse(in.substr(begin, end + 1 - begin)).value_or(Json("not a document"));
  };
  const auto more = [&] {
    char bytes[65536];
    const ssize_t got = ::recv(stream->get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) in.append(bytes, static_cast<std::size_t>(got));
    return got;
  };
  for (int n = 1; n <= 3; ++n) {
    EXPECT_EQ(get(edge->port(), "/").status, 200);
    EXPECT_TRUE(eventually([&] {
      more();
      const Json document = newest();
      const auto& services = document.at("services").items();
      return services.size() == 1 && services[0].integer("requests") == n;
    })) << newest().dump();
  }
  EXPECT_NE(in.find("application/x-ndjson"), std::string::npos);
  Edge next(state.path(), {"--take-over"});
  ASSERT_TRUE(next.ready()) << next.said();
  EXPECT_TRUE(eventually([&] { return more() == 0; }))
      << "the stream of a replaced edge ends, so that its reader asks the newer one";
}

// An app whose answers wait until they are let go, and then say which of them came first.
class Gate {
 public:
  App::Serve serve() {
    return [this](int fd, const App::Request&) {
      std::unique_lock<std::mutex> hold(lock_);
      ++waiting_;
      const bool passed =
          changed_.wait_for(hold, std::chrono::seconds(10), [this] { return passes_ > 0; });
      passes_ -= passed ? 1 : 0;
      --waiting_;
      hold.unlock();
      if (!passed) return false;
      return write_all(fd, ok_response("late"));
    };
  }
  void let(int count) {
    {
      const std::lock_guard<std::mutex> hold(lock_);
      passes_ += count;
    }
    changed_.notify_all();
  }
  int waiting() {
    const std::lock_guard<std::mutex> hold(lock_);
    return waiting_;
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  int passes_ = 0;
  int waiting_ = 0;
};

TEST(Stop, SigtermLetsLongRequestsFinishAndTakesNoNewOnes) {
  TempDir state;
  Gate gate;
  App slow(gate.serve());
  Edge edge(state.path());
  edge.put("a", list_of({service("web", "v1", {slow.address()})}));
  const int port = edge.port();
  Connection idle(port);
  std::vector<std::unique_ptr<Connection>> busy;
  for (int i = 0; i < 6; ++i) {
    busy.push_back(std::make_unique<Connection>(port));
    busy.back()->send(i % 2 == 0 ? "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
                                 : "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
  }
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 6; }));
  ::kill(edge.pid(), SIGTERM);
  EXPECT_TRUE(idle.ended()) << "who waits for nothing is let go";
  EXPECT_TRUE(eventually([&] { return !io::connect_tcp({"127.0.0.1", port}, Millis(500)); }));
  gate.let(6);
  for (auto& one : busy) {
    const Reply reply = one->read();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "late");
    EXPECT_TRUE(reply.has("Connection: close"));
  }
  EXPECT_EQ(edge.wait_for_exit(), 0) << edge.said();
}

TEST(Stop, AtTheStopTimeItEndsAllTheSame) {
  TempDir state;
  Gate gate;
  App slow(gate.serve());
  Edge edge(state.path(), {"--stop-ms", "50"});
  edge.put("a", list_of({service("web", "v1", {slow.address()})}));
  Connection client(edge.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  EXPECT_EQ(edge.stop(), 0) << edge.said();
  gate.let(1);
}

std::int64_t sum_of(const Json& list, const char* member) {
  std::int64_t sum = 0;
  for (const Json& entry : list.items()) sum += entry.integer(member);
  return sum;
}

TEST(FourWorkers, CountEveryRequestOnceWhileTheTableChanges) {
  TempDir state;
  App one("one");
  App two("two");
  Edge edge(state.path(), {"--workers", "4"});
  edge.put("a", list_of({service("web", "v1", {one.address()})}));
  EXPECT_EQ(edge.call("GET", "/v1/edge").integer("workers"), 4);
  Load load(edge.port(), 16);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(load.reaches(100));
    edge.put("a", list_of({service("web", i % 2 == 0 ? "v2" : "v1",
                                   {i % 2 == 0 ? two.address() : one.address()})}));
  }
  load.stop();
  EXPECT_EQ(load.failed(), 0) << load.first_failure();
  const auto stats = [&] { return edge.call("GET", "/v1/stats").at("services"); };
  EXPECT_TRUE(eventually([&] { return sum_of(stats(), "success") == load.requests(); }))
      << stats().dump() << " of " << load.requests();
  EXPECT_EQ(sum_of(stats(), "requests"), one.requests() + two.requests());
  EXPECT_TRUE(eventually([&] { return sum_of(stats(), "in_flight") == 0; }));
}

TEST(FourWorkers, DrainToTheLastRequest) {
  TempDir state;
  Gate gate;
  App slow(gate.serve());
  App next("next");
  Edge edge(state.path(), {"--workers", "4"});
  edge.put("a", list_of({service("web", "v1", {slow.address()})}));
  constexpr int kRequests = 40;
  std::vector<std::unique_ptr<Connection>> clients;
  for (int i = 0; i < kRequests; ++i) {
    clients.push_back(std::make_unique<Connection>(edge.port()));
    clients.back()->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  ASSERT_TRUE(eventually([&] { return gate.waiting() == kRequests; }));
  edge.put("a", list_of({service("web", "v2", {next.address()})}));
  for (const int left : {40, 27, 1, 0}) {
    gate.let(gate.waiting() - left);
    EXPECT_TRUE(eventually([&] { return sum_of(edge.drains(), "in_flight") == left; }))
        << edge.drains().dump() << " instead of " << left;
    EXPECT_EQ(get(edge.port(), "/").body, "next /");
  }
  for (auto& client : clients) EXPECT_EQ(client->read().body, "late");
}

TEST(Reload, TablesAndSignalsLoseNoConnection) {
  TempDir state;
  App app("app");
  Edge edge(state.path(), {"--workers", "4"});
  edge.put("a", list_of({service("web", "v1", {app.address()})}));
  std::vector<std::unique_ptr<Connection>> kept;
  for (int i = 0; i < 8; ++i) kept.push_back(std::make_unique<Connection>(edge.port()));
  for (int i = 0; i < 40; ++i) {
    Json timeouts = Json::object();
    timeouts.set("response_ms", 20'000 + i);
    edge.put("a", list_of({service("web", "v1", {app.address()})
                               .set("timeouts", timeouts)
                               .set("release_header", i % 2 == 0)}));
    ASSERT_EQ(::kill(edge.pid(), SIGHUP), 0);
    for (auto& client : kept) {
      const Reply reply = client->get("/");
      ASSERT_EQ(reply.status, 200) << "after reload " << i;
      ASSERT_FALSE(reply.has("Connection: close"));
      ASSERT_EQ(reply.has("X-Slipway-Release: v1"), i % 2 == 0);
    }
  }
  EXPECT_EQ(edge.call("GET", "/v1/edge").integer("clients"), 8);
}

}  // namespace
}  // namespace slipway::edge::test
