// How the driver reads an edge's answers, against a stub on a socket. The real edge:
// contract_test.cc.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>

#include "drivers/edge/drivers.h"
#include "io/fd.h"
#include "tests/contract/test_server.h"

namespace slipway::drivers::edge {
namespace {
using Kind = ports::Outcome::Kind;
using ResponderPtr = std::shared_ptr<http::Responder>;
const ports::AppRef kApp{"shop", "production"};
const OpId kOp{"r-0002", "shift-10", 1};

class EdgeDriver : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = "/tmp/slipway-edge-driver-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    socket_ = folder_ + "/edge.sock";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  ports::Outcome set_split(const ports::Split& split = {}, const std::string& expected = "7") {
    return make_router(socket_)->set_split(kApp, split, expected, 3, kOp);
  }
  // The outcome of a write that the stub answers so.
  ports::Outcome outcome_when(int status, const std::string& body) {
    TestServer server([&](const http::Request&,
                          const ResponderPtr& responder) { responder->respond(status, body); },
                      socket_);
    return set_split();
  }

  std::string folder_;
  std::string socket_;
};

TEST_F(EdgeDriver, SendsTheWholeSplitWithVersionEpochAndOp) {
  std::mutex mutex;
  http::Request seen;
  TestServer server(
      [&](const http::Request& request, const ResponderPtr& responder) {
        const std::lock_guard hold(mutex);
        seen = request;
        responder->respond(200, "{}");
      },
      socket_);
  ports::Split split;
  split.shares = {{"web", "r-0001", 90, {"127.0.0.1:1"}}, {"web", "r-0002", 10, {"127.0.0.1:2"}}};
  EXPECT_EQ(set_split(split).kind, Kind::Applied);
  const std::lock_guard hold(mutex);
  EXPECT_EQ(seen.method, "PUT");
  EXPECT_EQ(seen.path, "/v1/apps/shop/production");
  const auto body = Json::parse(seen.body);
  ASSERT_TRUE(body);
  EXPECT_EQ(body->integer("expected_version"), 7);
  EXPECT_EQ(body->integer("epoch"), 3);
  EXPECT_EQ(body->text("op"), "r-0002/shift-10/1");
  ASSERT_EQ(body->at("services").size(), 1U);
  EXPECT_EQ(body->at("services").items()[0].at("pools").items()[1].integer("weight"), 1000);
}

TEST_F(EdgeDriver, ARefusalIsNotAppliedWithTheEdgesOwnWords) {
  const auto outcome = outcome_when(
      409,
      R"({"error":{"code":"Fenced","what":"epoch 3 is older than 4","next":"n"},"actual_epoch":4})");
  EXPECT_EQ(outcome.kind, Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::Fenced);
  EXPECT_EQ(outcome.why.what, "epoch 3 is older than 4");
  EXPECT_EQ(outcome_when(409, R"({"error":{"code":"Conflict","what":"w"}})").why.code,
            Code::Conflict);
  EXPECT_EQ(outcome_when(422, R"({"error":{"code":"HostTaken","what":"w"}})").kind,
            Kind::NotApplied);
}

TEST_F(EdgeDriver, AFailureInsideTheEdgeIsUnknown) {
  const auto outcome = outcome_when(500, R"({"error":{"code":"DiskFull","what":"no space"}})");
  EXPECT_EQ(outcome.kind, Kind::Unknown);
  EXPECT_EQ(outcome.why.code, Code::DiskFull);
}

TEST_F(EdgeDriver, AnAnswerThatIsNoEdgesIsUnknownAndNamed) {
  const auto outcome = outcome_when(404, "<h1>Not Found</h1>");
  EXPECT_EQ(outcome.kind, Kind::Unknown);
  EXPECT_EQ(outcome.why.code, Code::EdgeUnreachable);
  EXPECT_NE(outcome.why.what.find(socket_), std::string::npos);
}

TEST_F(EdgeDriver, WithoutAnEdgeNothingIsAppliedAndTheNextStepIsToStartOne) {
  const auto outcome = set_split();
  EXPECT_EQ(outcome.kind, Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::EdgeUnreachable);
  EXPECT_NE(outcome.why.what.find(socket_), std::string::npos);
  EXPECT_NE(outcome.why.next.find("slipway edge"), std::string::npos);
  const auto findings = make_router(socket_)->preflight({});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].why.code, Code::EdgeUnreachable);
}

TEST_F(EdgeDriver, AConnectionThatEndsBeforeTheAnswerIsUnknown) {
  io::Fd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::strncpy(name.sun_path, socket_.c_str(), sizeof(name.sun_path) - 1);
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&name), sizeof(name)), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);
  std::thread edge([&] {
    io::Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    char bytes[4096];
    EXPECT_GT(::read(client.get(), bytes, sizeof(bytes)), 0);
  });
  EXPECT_EQ(set_split().kind, Kind::Unknown);
  edge.join();
}

TEST_F(EdgeDriver, AVersionThatIsNoneIsAConflict) {
  const auto outcome = set_split({}, "not a number");
  EXPECT_EQ(outcome.kind, Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::Conflict);
}

TEST_F(EdgeDriver, ObservesVersionEpochOpAndSplit) {
  const std::string body =
      R"({"app":"shop","environment":"production","version":9,"epoch":3,"op":"r-0002/shift-10/1",
    "generation":12,"services":[{"name":"web","app":"shop","environment":"production","health_path":"/health",
    "pools":[{"release":"r-0001","weight":8750,"targets":["127.0.0.1:1"]},
             {"release":"r-0002","weight":1250,"targets":["127.0.0.1:2"]}]}]})";
  TestServer server(
      [&](const http::Request&, const ResponderPtr& responder) { responder->respond(200, body); },
      socket_);
  const auto view = make_router(socket_)->observe_split(kApp);
  ASSERT_TRUE(view) << view.error().sentence();
  EXPECT_EQ(view->version, "9");
  EXPECT_EQ(view->epoch, 3U);
  EXPECT_EQ(view->op, "r-0002/shift-10/1");
  ASSERT_EQ(view->split.shares.size(), 2U);
  EXPECT_DOUBLE_EQ(view->split.shares[1].percent, 12.5);
}

TEST_F(EdgeDriver, WhatWasNeverWrittenHasNoVersion) {
  TestServer server(
      [](const http::Request&, const ResponderPtr& responder) {
        responder->respond(200, R"({"version":0,"epoch":0,"op":"","services":[]})");
      },
      socket_);
  const auto view = make_router(socket_)->observe_split(kApp);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->version, "");
  EXPECT_TRUE(view->split.shares.empty());
}

TEST_F(EdgeDriver, DrainShowsOnlyWhatStillHasRequests) {
  std::string target;
  TestServer server(
      [&](const http::Request& request, const ResponderPtr& responder) {
        target = request.target;
        responder->respond(200, R"({"draining":[
          {"app":"shop","environment":"production","service":"web","release":"r-0001","address":"127.0.0.1:1","in_flight":2},
          {"app":"shop","environment":"production","service":"web","release":"r-0001","address":"127.0.0.1:2","in_flight":0}]})");
      },
      socket_);
  const auto view = make_router(socket_)->observe_drain(kApp);
  ASSERT_TRUE(view);
  ASSERT_EQ(view->draining.size(), 1U);
  EXPECT_EQ(view->draining[0].address, "127.0.0.1:1");
  EXPECT_EQ(target, "/v1/drain?app=shop&environment=production");
}

TEST_F(EdgeDriver, PreflightFindsAHostThatAnotherAppHas) {
  TestServer server(
      [](const http::Request& request, const ResponderPtr& responder) {
        if (request.method == "GET") return responder->respond(200, R"({"version":7,"epoch":3})");
        const auto body = Json::parse(request.body).value_or(Json());
        const Json& service = body.at("services").items()[0];
        EXPECT_TRUE(body.flag("check_only")) << "looking must not change anything";
        EXPECT_EQ(body.integer("expected_version"), 7);
        EXPECT_EQ(body.integer("epoch"), 3);
        EXPECT_EQ(service.at("timeouts").integer("response_ms"), 1500);
        if (service.strings("hosts")[0] == "other.example") return responder->respond(200, "{}");
        responder->respond(409, R"({"error":{"code":"HostTaken","what":"w"}})");
      },
      socket_);
  plan::Plan plan;
  plan.app = "shop";
  plan.environment = "production";
  plan.settings.services.resize(1);
  plan.settings.services[0].name = "web";
  plan.settings.services[0].route.hosts = {"shop.example"};
  plan.settings.services[0].edge =
      Json::parse(R"({"timeouts":{"response_ms":1500}})").value_or(Json());
  const auto findings = make_router(socket_)->preflight(plan);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].why.code, Code::HostTaken);
  plan.settings.services[0].route.hosts = {"other.example"};
  EXPECT_TRUE(make_router(socket_)->preflight(plan).empty());
}

TEST_F(EdgeDriver, SettingsNoEdgeHasAreRefusedBeforeAnythingIsSent) {
  ports::Split split;
  ports::Front& front = split.fronts.emplace_back();
  front.service = "web";
  front.edge = Json::parse(R"({"timeouts":{"dial_ms":1}})").value_or(Json());
  const auto outcome = set_split(split);
  EXPECT_EQ(outcome.kind, Kind::NotApplied);
  EXPECT_EQ(outcome.why.code, Code::Malformed);
  EXPECT_NE(outcome.why.what.find("dial_ms"), std::string::npos) << outcome.why.what;
  front.edge = Json::parse(R"({"hosts":["shop.example"]})").value_or(Json());
  EXPECT_NE(set_split(split).why.what.find("hosts"), std::string::npos);
}

// A stub edge that answers /v1/stats with `asked` requests and streams the numbers it is given.
class StatsStub {
 public:
  StatsStub(const std::string& socket, int asked, int pushed, int began_ms = 1'000)
      : began_ms_(began_ms),
        asked_(asked),
        pushed_(pushed),
        server_([this](const http::Request& request,
                       const ResponderPtr& responder) { answer(request, responder); },
                socket) {}
  bool was_followed() const { return followed_; }

 private:
  std::string document(int requests) const {
    return R"({"services":[{"app":"shop","environment":"production","service":"web","release":"r-0001","requests":)" +
           std::to_string(requests) +
           R"(,"server_error":1,"upstream_failures":2,"latency_us":[[100,5]]}],"at_ms":)" +
           std::to_string(began_ms_ + requests) + "}\n";
  }
  void answer(const http::Request& request, const ResponderPtr& responder) {
    if (request.path != "/v1/stats/stream") return responder->respond(200, document(asked_));
    responder->begin_stream(200, "application/x-ndjson");
    responder->write_chunk(document(pushed_));
    streams_.push_back(responder);
    followed_ = true;
  }
  int began_ms_;
  int asked_;
  int pushed_;
  std::atomic<bool> followed_{false};
  std::vector<ResponderPtr> streams_;
  TestServer server_;
};

// Reads until the count is there; the deadline makes a wrong one a failure and not a hang.
std::uint64_t read_until(ports::Counters& counters, std::uint64_t wanted) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  std::uint64_t last = 0;
  while (std::chrono::steady_clock::now() < deadline) {
    const auto counts = counters.read(kApp, "r-0001");
    if (counts) last = counts->requests;
    if (last == wanted) break;
    std::this_thread::yield();
  }
  return last;
}

TEST_F(EdgeDriver, CountersAskAtOnceAndThenTakeWhatIsPushed) {
  StatsStub edge(socket_, 10, 25);
  const auto counters = make_counters(socket_);
  const auto first = counters->read(kApp, "r-0001");
  ASSERT_TRUE(first);
  EXPECT_GE(first->requests, 10U);
  EXPECT_EQ(first->errors, 2U);
  EXPECT_EQ(read_until(*counters, 25), 25U);
  EXPECT_EQ(counters->read(kApp, "r-0099")->requests, 0U);
}

TEST_F(EdgeDriver, CountersFollowTheEdgeThatTookTheOldOnesPlace) {
  auto former = std::make_unique<StatsStub>(socket_, 10, 10);
  const auto counters = make_counters(socket_);
  EXPECT_EQ(read_until(*counters, 10), 10U);
  former.reset();
  StatsStub next(socket_, 4, 4, 2'000);
  EXPECT_EQ(read_until(*counters, 14), 14U) << "ten of the former and four of the next";
}

TEST_F(EdgeDriver, CountersWithoutAnEdgeAreAnError) {
  const auto counts = make_counters(socket_)->read(kApp, "r-0001");
  ASSERT_FALSE(counts);
  EXPECT_EQ(counts.error().code, Code::EdgeUnreachable);
}
}  // namespace
}  // namespace slipway::drivers::edge
