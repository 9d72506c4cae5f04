// K17–K24, K26: drains, pause, stop, maintenance, restart.
#include <gtest/gtest.h>
#include <poll.h>

#include <condition_variable>
#include <fstream>

#include "base/text.h"
#include "io/files.h"
#include "tests/integration/edge/harness.h"

namespace slipway::edge::test {
namespace {

// An upstream that answers when it is told to.
class Gate {
 public:
  App::Serve serve() {
    return [this](int fd, const App::Request&) {
      std::unique_lock<std::mutex> guard(lock_);
      ++waiting_;
      opened_.wait_for(guard, std::chrono::seconds(10), [this] { return open_; });
      return open_ && write_all(fd, ok_response("late"));
    };
  }
  void open() {
    const std::lock_guard<std::mutex> guard(lock_);
    open_ = true;
    opened_.notify_all();
  }
  int waiting() {
    const std::lock_guard<std::mutex> guard(lock_);
    return waiting_;
  }

 private:
  std::mutex lock_;
  std::condition_variable opened_;
  bool open_ = false;
  int waiting_ = 0;
};

class States : public ::testing::Test {
 protected:
  TempDir state_;
  Edge edge_{state_.path()};
  App app_{"app"};

  Json live() { return service("web", "r1", {app_.address()}); }
  void in_state(const std::string& name, Json json) {
    edge_.put("a", list_of({json.set("state", name)}));
  }
};

struct Waiters {
  std::vector<std::unique_ptr<Connection>> connections;
  Waiters(int port, int count, const std::string& bytes) {
    for (int i = 0; i < count; ++i) {
      connections.push_back(std::make_unique<Connection>(port));
      connections.back()->send(bytes);
    }
  }
};
constexpr const char* kGet = "GET /slow HTTP/1.1\r\nHost: any\r\n\r\n";

TEST_F(States, K17_RequestsInFlightFinishAtTheReplacedTarget) {
  Gate gate;
  App old(gate.serve());
  edge_.put("a", list_of({service("web", "old", {old.address()})}));
  Waiters waiters(edge_.port(), 3, kGet);
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 3; }));
  edge_.put("a", list_of({service("web", "new", {app_.address()})}));
  EXPECT_EQ(get(edge_.port(), "/").body, "app /");
  const Json drains = edge_.drains();
  ASSERT_EQ(drains.size(), 1U);
  EXPECT_EQ(drains.items()[0].integer("in_flight"), 3);
  EXPECT_EQ(drains.items()[0].text("release"), "old");
  EXPECT_EQ(drains.items()[0].text("address"), old.address());
  gate.open();
  for (auto& waiter : waiters.connections) EXPECT_EQ(waiter->read().body, "late");
  EXPECT_TRUE(eventually([&] { return edge_.drains().size() == 0; }));
}

TEST_F(States, K18_AtTheDrainDeadlineTheRestGets504) {
  Gate gate;
  App old(gate.serve());
  edge_.put("a", list_of({service("web", "old", {old.address()})}));
  Waiters waiters(edge_.port(), 20, kGet);
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 20; }));
  Json fresh = service("web", "new", {app_.address()});
  edge_.put("a", list_of({fresh.set("drain_ms", 10)}));
  for (auto& waiter : waiters.connections) EXPECT_EQ(waiter->read().status, 504);
  EXPECT_TRUE(eventually([&] { return edge_.drains().size() == 0; }));
  gate.open();
}

TEST_F(States, K19_AnIdleTargetHasNothingToDrain) {
  edge_.put("a", list_of({live()}));
  EXPECT_EQ(get(edge_.port(), "/").status, 200);
  App next("next");
  edge_.put("a", list_of({service("web", "r2", {next.address()})}));
  EXPECT_EQ(edge_.drains().size(), 0U);
}

TEST_F(States, AReleaseWithWeightZeroDrainsWithoutADeadline) {
  Gate gate;
  App old(gate.serve());
  edge_.put("a", list_of({service("web", "old", {old.address()})}));
  Waiters waiters(edge_.port(), 1, kGet);
  ASSERT_TRUE(eventually([&] { return gate.waiting() == 1; }));
  Json both = service("web", "new", {app_.address()});
  Json warm = Json::object();
  warm.set("release", "old").set("weight", 0).set("targets", texts({old.address()}));
  both["pools"].push_back(warm);
  edge_.put("a", list_of({both}));
  const Json drains = edge_.drains();
  ASSERT_EQ(drains.size(), 1U);
  EXPECT_EQ(drains.items()[0].integer("deadline_in_ms"), -1);
  gate.open();
  EXPECT_EQ(waiters.connections[0]->read().body, "late");
}

TEST_F(States, K21_PausedRequestsWaitThenGet504AndARedeployKeepsThePause) {
  in_state("paused", live().set("max_pause_ms", 10));
  const std::string post = "POST / HTTP/1.1\r\nHost: any\r\nContent-Length: 2\r\n\r\nhi";
  EXPECT_EQ(request(edge_.port(), post).status, 504);
  App next("next");
  in_state("paused", service("web", "r2", {next.address()}).set("max_pause_ms", 10));
  EXPECT_EQ(request(edge_.port(), post).status, 504);
  in_state("live", service("web", "r2", {next.address()}));
  EXPECT_EQ(request(edge_.port(), post).body, "next /");
}

TEST_F(States, K22_ResumeLetsWaitingRequestsThrough) {
  in_state("paused", live().set("max_pause_ms", 20000));
  Waiters waiters(edge_.port(), 5, "POST /x HTTP/1.1\r\nHost: any\r\nContent-Length: 2\r\n\r\nhi");
  Connection silent(edge_.port());
  ASSERT_TRUE(silent.send(kGet));
  pollfd wait{silent.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 50), 0);
  in_state("live", live());
  for (auto& waiter : waiters.connections) EXPECT_EQ(waiter->read().body, "app /x");
  EXPECT_EQ(silent.read().body, "app /slow");
}

TEST_F(States, K23_StopFailsWaitingRequestsAtOnceWithItsMessage) {
  in_state("paused", live().set("max_pause_ms", 20000));
  Waiters waiters(edge_.port(), 3, kGet);
  EXPECT_EQ(get(edge_.port(), "/up").status, 200);
  in_state("stopped", live().set("message", "Back in 15 mins!"));
  for (auto& waiter : waiters.connections) {
    const Reply reply = waiter->read();
    EXPECT_EQ(reply.status, 503);
    EXPECT_NE(reply.body.find("Back in 15 mins!"), std::string::npos);
  }
}

TEST_F(States, K24_HealthAnswersWhileNotLive) {
  for (const char* name : {"paused", "stopped", "maintenance"}) {
    Json root = live().set("max_pause_ms", 10).set("state", name);
    Json api = service("api", "r1", {app_.address()});
    api.set("paths", texts({"/api"})).set("max_pause_ms", 10).set("state", name);
    edge_.put("a", list_of({root, api}));
    for (const char* target : {"/up", "/api/up", "/up?one=two"}) {
      EXPECT_EQ(get(edge_.port(), target).status, 200) << name << target;
      const Reply head = request(
          edge_.port(), std::string("HEAD ") + target + " HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD");
      EXPECT_EQ(head.status, 200) << name << target;
    }
    EXPECT_GE(get(edge_.port(), "/up/other").status, 503) << name;
    EXPECT_GE(
        request(edge_.port(), "POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").status,
        503);
  }
}

TEST_F(States, MaintenanceSaysWhenToComeBackAndLetsTheAllowedThrough) {
  in_state("maintenance", live().set("retry_after_s", 120).set("message", "moving house"));
  const Reply reply = get(edge_.port(), "/");
  EXPECT_EQ(reply.status, 503);
  EXPECT_TRUE(reply.has("Retry-After: 120\r\n"));
  EXPECT_NE(reply.body.find("moving house"), std::string::npos);
  in_state("maintenance", live().set("allow", texts({"10.0.0.0/8", "127.0.0.0/8"})));
  EXPECT_EQ(get(edge_.port(), "/").body, "app /");
}

Json certified(Json json, const std::string& folder) {
  Json tls = Json::object();
  tls.set("certificate", folder + "/c.pem").set("key", folder + "/k.pem");
  return json.set("tls", tls);
}

bool make_certificate(const std::string& folder) {
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=t -days 2 "
      "-keyout " +
      folder + "/k.pem -out " + folder + "/c.pem >/dev/null 2>&1";
  return std::system(command.c_str()) == 0;
}

TEST_F(States, K16_ABadCertificateChangesNothing) {
  edge_.put("a", list_of({live()}));
  const std::string before = io::read_file(state_.path() + "/edge-table.json").value();
  std::ofstream(state_.path() + "/c.pem") << "no certificate";
  std::ofstream(state_.path() + "/k.pem") << "no key";
  Json body = Json::object();
  body.set("expected_version", 0).set("epoch", 1);
  body.set("services",
           list_of({certified(live().set("hosts", texts({"x.example.com"})), state_.path())}));
  int status = 0;
  const Json answer = edge_.call("PUT", "/v1/apps/b/test", body, &status);
  EXPECT_EQ(status, 422) << answer.dump();
  EXPECT_EQ(get(edge_.port(), "/").body, "app /");
  EXPECT_EQ(io::read_file(state_.path() + "/edge-table.json").value(), before);
}

TEST(Restart, K26_RoutesStatesAndRedirectsAreThereAgain) {
  TempDir state;
  if (!make_certificate(state.path()))
    GTEST_SKIP() << "the openssl program is not here to make a certificate";
  App one("one");
  App two("two");
  const auto check = [](Edge& edge) {
    EXPECT_EQ(get(edge.port(), "/").body, "one /");
    EXPECT_EQ(get(edge.port(), "/api/x").status, 503);
    EXPECT_NE(get(edge.port(), "/api/x").body.find("later"), std::string::npos);
    const Reply moved = get(edge.port(), "/p?q=1", "tls.example.com:80");
    EXPECT_EQ(moved.status, 301);
    EXPECT_TRUE(moved.has("Location: https://tls.example.com/p?q=1\r\n"));
    EXPECT_EQ(get(edge.port(), "/", "paused.example.com").status, 504);
  };
  {
    Edge edge(state.path());
    edge.put("a", list_of({service("web", "r1", {one.address()})}));
    edge.put("b",
             list_of({certified(
                 service("web", "r1", {two.address()}).set("hosts", texts({"tls.example.com"})),
                 state.path())}));
    Json api = service("web", "r1", {two.address()});
    edge.put(
        "c",
        list_of(
            {api.set("paths", texts({"/api"})).set("state", "stopped").set("message", "later")}));
    Json paused = service("web", "r1", {two.address()});
    edge.put("d", list_of({paused.set("hosts", texts({"paused.example.com"}))
                               .set("state", "paused")
                               .set("max_pause_ms", 10)}));
    check(edge);
    edge.kill();
  }
  Edge again(state.path());
  ASSERT_TRUE(again.ready()) << again.said();
  check(again);
  EXPECT_EQ(again.stop(), 0);
}

TEST(Restart, ADamagedTableFallsBackToTheOneBeforeAndSaysSo) {
  TempDir state;
  App one("one");
  {
    Edge edge(state.path());
    edge.put("a", list_of({service("web", "r1", {one.address()})}));
    edge.put(
        "b",
        list_of({service("web", "r1", {one.address()}).set("hosts", texts({"b.example.com"}))}));
    edge.kill();
  }
  const std::string path = state.path() + "/edge-table.json";
  const std::string whole = io::read_file(path).value();
  // One process for every 97th length: each must serve the committed table before, never an empty
  // one.
  for (std::size_t size = 0; size + 2 < whole.size(); size += 97) {
    std::ofstream(path, std::ios::trunc) << whole.substr(0, size);
    Edge edge(state.path());
    ASSERT_TRUE(edge.ready()) << edge.said();
    EXPECT_NE(edge.said().find("WARNING"), std::string::npos);
    EXPECT_EQ(get(edge.port(), "/").body, "one /");
    edge.kill();
  }
}

TEST(Restart, RefusesToStartWhenBothTablesAreDamaged) {
  TempDir state;
  std::ofstream(state.path() + "/edge-table.json") << "{";
  std::ofstream(state.path() + "/edge-table.json.prev") << "";
  Edge edge(state.path());
  EXPECT_FALSE(edge.ready());
  EXPECT_EQ(edge.wait_for_exit(), 1);
  EXPECT_NE(edge.said().find("edge-table.json.prev"), std::string::npos);
}

TEST(Start, SaysWhichAddressIsInUse) {
  TempDir state;
  App other("other");
  Edge edge(state.path(), {}, other.address());
  EXPECT_FALSE(edge.ready());
  EXPECT_EQ(edge.wait_for_exit(), 1);
  EXPECT_NE(edge.said().find(other.address()), std::string::npos) << edge.said();
}

TEST_F(States, ConcurrentWritersAreToldWhoWasFirst) {
  edge_.put("a", list_of({live()}));
  Json body = Json::object();
  body.set("expected_version", 0)
      .set("epoch", 1)
      .set("op", "r-2/x/1")
      .set("services", list_of({live()}));
  int status = 0;
  Json answer = edge_.call("PUT", "/v1/apps/a/test", body, &status);
  EXPECT_EQ(status, 409);
  EXPECT_EQ(answer.at("error").text("code"), "Conflict");
  EXPECT_EQ(answer.at("error").integer("actual_version"), 1);
  body.set("expected_version", 1).set("epoch", 5);
  EXPECT_EQ(edge_.call("PUT", "/v1/apps/a/test", body, &status).integer("version"), 2);
  EXPECT_EQ(edge_.call("PUT", "/v1/apps/a/test", body, &status).integer("version"), 2)
      << "the same op again";
  EXPECT_EQ(status, 200);
  body.set("expected_version", 2).set("epoch", 4).set("op", "r-3/x/1");
  answer = edge_.call("PUT", "/v1/apps/a/test", body, &status);
  EXPECT_EQ(status, 409);
  EXPECT_EQ(answer.at("error").text("code"), "Fenced");
  EXPECT_EQ(answer.at("error").integer("actual_epoch"), 5);
}

}  // namespace
}  // namespace slipway::edge::test
