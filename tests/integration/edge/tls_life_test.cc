// TLS over time: tickets that rotate and outlive a replacement, certificates that change.
#include <gtest/gtest.h>
#include <signal.h>

#include <fstream>

#include "io/files.h"
#include "tests/integration/edge/harness.h"
#include "tests/integration/edge/tls_client.h"

namespace slipway::edge::test {
namespace {

const std::vector<std::string> kTlsFlags = {"--listen-tls", "127.0.0.1:0"};

struct World {
  explicit World(std::vector<std::string> flags = {}) {
    flags.insert(flags.end(), kTlsFlags.begin(), kTlsFlags.end());
    write_certificate(state.path(), "a", {"a.test"});
    edge = std::make_unique<Edge>(state.path(), flags);
    edge->put("a", list_of({web()}));
  }
  Json web() {
    Json json = service("web", "r1", {app.address()});
    return json.set("hosts", texts({"a.test"})).set("tls", tls_of(state.path(), "a"));
  }
  std::string shown() {
    return TlsConnection(edge->tls_port(), {"a.test", {}, 0, {}}).certificate();
  }
  TempDir state;
  App app{"app"};
  std::unique_ptr<Edge> edge;
};

// A connection's ticket, after it was served once.
TlsTicket fresh_ticket(int port, int version = 13) {
  TlsConnection client(port, {"a.test", {}, version, {}});
  EXPECT_EQ(client.get("/", "Host: a.test\r\n").body, "app /");
  return client.ticket();
}

bool resumes(int port, const TlsTicket& ticket, int version = 13) {
  TlsConnection client(port, {"a.test", {}, version, ticket});
  return client.resumed() && client.get("/", "Host: a.test\r\n").body == "app /";
}

TEST(TlsTickets, ResumeOnEveryWorkerAndInASuccessor) {
  World world;
  for (const int version : {12, 13}) {
    const TlsTicket ticket = fresh_ticket(world.edge->tls_port(), version);
    for (int i = 0; i < 10; ++i)
      EXPECT_TRUE(resumes(world.edge->tls_port(), ticket, version)) << version;
  }
  const TlsTicket before = fresh_ticket(world.edge->tls_port());
  const int port = world.edge->tls_port();
  Edge next(world.state.path(), {"--take-over", kTlsFlags[0], "127.0.0.1:" + std::to_string(port)});
  ASSERT_TRUE(next.ready()) << next.said();
  EXPECT_EQ(next.tls_port(), port);
  EXPECT_EQ(world.edge->wait_for_exit(), 0);
  EXPECT_TRUE(resumes(port, before));
}

TEST(TlsTickets, AnOlderKeyOpensForTwoTurnsAndThenNoMore) {
  World world({"--ticket-turn-ms", "1000"});
  const int port = world.edge->tls_port();
  const TlsTicket first = fresh_ticket(port);
  EXPECT_TRUE(resumes(port, first));
  std::string now;
  ASSERT_TRUE(eventually([&] {
    now = key_name_of(fresh_ticket(port));
    return now != key_name_of(first);
  }));
  EXPECT_TRUE(resumes(port, first)) << "one turn later";
  EXPECT_TRUE(eventually([&] { return !resumes(port, first); }));
  EXPECT_EQ(fresh_ticket(port) == nullptr, false);
}

TEST(TlsReload, EachWayOfAskingBringsTheNewCertificate) {
  World world;
  EXPECT_EQ(world.shown(), "a.test");
  write_certificate(world.state.path(), "a", {"second", "a.test"});
  EXPECT_EQ(world.shown(), "a.test") << "nobody asked";
  int status = 0;
  const Json done = world.edge->call("POST", "/v1/certificates/reload", {}, &status);
  EXPECT_EQ(status, 200);
  EXPECT_EQ(done.strings("changed"), std::vector<std::string>{world.state.path() + "/a.pem"});
  EXPECT_EQ(world.shown(), "second");
  write_certificate(world.state.path(), "a", {"third", "a.test"});
  world.edge->put("a", list_of({world.web()}));
  EXPECT_EQ(world.shown(), "third");
  write_certificate(world.state.path(), "a", {"fourth", "a.test"});
  ::kill(world.edge->pid(), SIGHUP);
  EXPECT_TRUE(eventually([&] { return world.shown() == "fourth"; }));
  EXPECT_EQ(world.edge->call("POST", "/v1/certificates/reload").integer("unchanged"), 1);
}

TEST(TlsReload, ABrokenNewPairIsRefusedWithTheReasonAndTheOldOneStays) {
  World world;
  const std::string key = io::read_file(world.state.path() + "/a.key").value();
  write_certificate(world.state.path(), "a", {"new", "a.test"});
  std::ofstream(world.state.path() + "/a.key") << key;
  int status = 0;
  const Json refused = world.edge->call("POST", "/v1/certificates/reload", {}, &status);
  EXPECT_EQ(status, 422);
  EXPECT_NE(refused.at("error").text("what").find("does not belong"), std::string::npos);
  EXPECT_EQ(world.shown(), "a.test");
  const Json entry = world.edge->call("GET", "/v1/edge").at("certificates").items().front();
  EXPECT_NE(entry.text("problem").find("does not belong"), std::string::npos);
  App other("other");
  world.edge->put("b", list_of({service("web", "r1", {other.address()})}));
  EXPECT_EQ(get(world.edge->port(), "/", "other.test").body, "other /")
      << "somebody else's certificate is not in the way";
  EXPECT_EQ(world.shown(), "a.test");
}

TEST(TlsReload, K16_AnExpiredOrMismatchedPairIsRefusedAndTheLiveAppStays) {
  World world;
  write_certificate(world.state.path(), "old", {"b.test"}, -1);
  write_certificate(world.state.path(), "b", {"b.test"});
  Json mixed = tls_of(world.state.path(), "b");
  mixed.set("key", world.state.path() + "/a.key");
  const std::string before = io::read_file(world.state.path() + "/edge-table.json").value();
  for (const Json& tls : {tls_of(world.state.path(), "old"), mixed}) {
    Json body = Json::object();
    body.set("expected_version", 1).set("epoch", 1);
    body.set("services", list_of({world.web().set("tls", tls)}));
    int status = 0;
    const Json answer = world.edge->call("PUT", "/v1/apps/a/test", body, &status);
    EXPECT_EQ(status, 422) << answer.dump();
  }
  EXPECT_EQ(io::read_file(world.state.path() + "/edge-table.json").value(), before);
  TlsConnection client(world.edge->tls_port(), {"a.test", {}, 0, {}});
  EXPECT_EQ(client.get("/", "Host: a.test\r\n").body, "app /");
  EXPECT_EQ(client.certificate(), "a.test");
}

TEST(TlsReload, TheExpiryOfEachCertificateIsTold) {
  World world;
  const Json entry = world.edge->call("GET", "/v1/edge").at("certificates").items().front();
  EXPECT_EQ(entry.strings("names"), std::vector<std::string>{"a.test"});
  EXPECT_NEAR(static_cast<double>(entry.integer("expires_in_s")), 30 * 86'400, 600);
  const Json metrics = world.edge->call("GET", "/metrics");
  EXPECT_NE(metrics.as_string().find("slipway_edge_certificate_expiry_seconds{certificate=\"" +
                                     world.state.path() + "/a.pem\"} 2"),
            std::string::npos);
}

TEST(TlsRestart, K26_TlsIsServedAgainAlsoWhenOneCertificateWentMissing) {
  World world;
  write_certificate(world.state.path(), "b", {"b.test"});
  Json api = world.web().set("name", "api").set("paths", texts({"/api"}));
  api["tls"].set("redirect", false).set("hsts_s", 7);
  Json gone = service("web", "r1", {world.app.address()});
  gone.set("hosts", texts({"b.test"})).set("tls", tls_of(world.state.path(), "b"));
  world.edge->put("a", list_of({world.web(), api}));
  world.edge->put("b", list_of({gone}));
  EXPECT_EQ(world.edge->stop(), 0);
  ASSERT_TRUE(io::remove_file(world.state.path() + "/b.key"));
  Edge again(world.state.path(), kTlsFlags);
  ASSERT_TRUE(again.ready()) << again.said();
  EXPECT_NE(again.said().find("WARNING"), std::string::npos);
  EXPECT_EQ(get(again.port(), "/", "a.test").status, 301);
  EXPECT_EQ(get(again.port(), "/api/x", "a.test").body, "app /x");
  TlsConnection client(again.tls_port(), {"a.test", {}, 0, {}});
  EXPECT_EQ(client.get("/", "Host: a.test\r\n").body, "app /");
  EXPECT_TRUE(client.get("/api/x", "Host: a.test\r\n").has("max-age=7"));
  EXPECT_FALSE(TlsConnection(again.tls_port(), {"b.test", {}, 0, {}}).is_open());
}

// Clients that ask again and again, on kept and on new connections, resumed and not.
class TlsLoad {
 public:
  TlsLoad(int port, int clients) {
    for (int i = 0; i < clients; ++i) threads_.emplace_back([this, port, i] { run(port, i); });
  }
  ~TlsLoad() { stop(); }
  void stop() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  bool reaches(int more) {
    const int wanted = requests_ + more;
    return eventually([&] { return requests_ >= wanted; });
  }
  int requests() const { return requests_; }
  int failed() const { return failed_; }

 private:
  void run(int port, int nth) {
    std::unique_ptr<TlsConnection> client;
    TlsTicket ticket;
    for (int n = 0; !stop_; ++n) {
      if (!client || (nth % 2 == 0 && n % 4 == 0)) {
        const TlsTicket use = n % 8 == 0 ? ticket : TlsTicket();
        client = std::make_unique<TlsConnection>(port, TlsWish{"a.test", {}, 0, use});
      }
      const Reply reply = client->get("/", "Host: a.test\r\n");
      ++requests_;
      if (reply.status != 200 || !reply.complete || reply.body != "app /") ++failed_;
      ticket = client->ticket();
      if (reply.has("Connection: close") || reply.status == 0) client.reset();
    }
  }
  std::vector<std::thread> threads_;
  std::atomic<bool> stop_{false};
  std::atomic<int> requests_{0};
  std::atomic<int> failed_{0};
};

TEST(TlsUnderLoad, FiftyReloadsLoseNothing) {
  World world;
  TlsLoad load(world.edge->tls_port(), 4);
  for (int i = 0; i < 50; ++i) {
    const std::string name = "n" + std::to_string(i);
    write_certificate(world.state.path(), "a", {name, "a.test"});
    int status = 0;
    const Json answer = world.edge->call("POST", "/v1/certificates/reload", {}, &status);
    ASSERT_EQ(status, 200) << answer.dump();
    EXPECT_EQ(world.shown(), name);
    ASSERT_TRUE(load.reaches(10));
  }
  load.stop();
  EXPECT_EQ(load.failed(), 0) << "of " << load.requests();
}

TEST(TlsUnderLoad, ReplacementsLoseNothingAndTicketsGoOn) {
  World world;
  const int port = world.edge->tls_port();
  TlsLoad load(port, 4);
  const TlsTicket ticket = fresh_ticket(port);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(load.reaches(40));
    auto next = std::make_unique<Edge>(
        world.state.path(),
        std::vector<std::string>{"--take-over", kTlsFlags[0], "127.0.0.1:" + std::to_string(port)});
    ASSERT_TRUE(next->ready()) << next->said();
    EXPECT_EQ(world.edge->wait_for_exit(), 0) << world.edge->said();
    world.edge = std::move(next);
    EXPECT_TRUE(resumes(port, ticket)) << i;
  }
  load.stop();
  EXPECT_EQ(load.failed(), 0) << "of " << load.requests();
}

TEST(Acme, AChallengeIsAnsweredInPlainWhateverTheServiceDoes) {
  World world;
  const std::string folder = world.state.path() + "/acme-webroot/.well-known/acme-challenge";
  ASSERT_TRUE(io::make_dirs(folder, 0755));
  std::ofstream(folder + "/tok_en-1") << "tok_en-1.thumb";
  std::ofstream(world.state.path() + "/acme-webroot/secret") << "secret";
  const std::string path = "/.well-known/acme-challenge/";
  for (const char* state : {"live", "paused", "stopped"}) {
    world.edge->put("a", list_of({world.web().set("state", state)}));
    const Reply reply = get(world.edge->port(), path + "tok_en-1", "a.test");
    EXPECT_EQ(reply.status, 200) << state;
    EXPECT_EQ(reply.body, "tok_en-1.thumb");
  }
  EXPECT_EQ(get(world.edge->port(), path + "tok_en-1", "nobody.test").body, "tok_en-1.thumb");
  world.edge->put("a", list_of({world.web()}));
  for (const char* name : {"../../secret", "%2e%2e/secret", ".", "", "unknown", "tok.en", "a/b"}) {
    const Reply reply = get(world.edge->port(), path + name, "a.test");
    EXPECT_EQ(reply.status, 301) << name << ": a request like any other";
  }
}

}  // namespace
}  // namespace slipway::edge::test
