// slipway's own edge, as a real process, under the router's contract; and its counts.
#include <poll.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "drivers/edge/drivers.h"
#include "tests/contract/edge_process.h"
#include "tests/contract/router_contract.h"
#include "tests/contract/test_server.h"

namespace slipway::contract {
namespace {
using ResponderPtr = std::shared_ptr<http::Responder>;

// An app whose answers wait until they are let go.
class SlowApp {
 public:
  bool wait_until_busy() {
    std::unique_lock hold(mutex_);
    return changed_.wait_for(hold, std::chrono::seconds(10), [&] { return waiting_ != nullptr; });
  }
  void let_go() {
    server_.loop().post([this] {
      const std::lock_guard hold(mutex_);
      if (waiting_) waiting_->respond(200, "done");
      waiting_.reset();
    });
  }
  std::string address() const { return server_.address(); }

 private:
  void take(const http::Request&, const ResponderPtr& responder) {
    {
      const std::lock_guard hold(mutex_);
      waiting_ = responder;
    }
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  ResponderPtr waiting_;
  drivers::TestServer server_{[this](const http::Request& request, const ResponderPtr& responder) {
    take(request, responder);
  }};
};

http::Call request_to(const std::string& host) {
  http::Call call;
  call.fields.push_back({"Host", host});
  return call;
}

class EdgeRouterRig : public RouterRig {
 public:
  ~EdgeRouterRig() override { end_request(); }
  void pass(Millis at_most) override { ::poll(nullptr, 0, static_cast<int>(at_most.count())); }
  ports::Router& driver() override { return *driver_; }
  std::unique_ptr<ports::Router> another() override {
    return drivers::edge::make_router(edge_.socket());
  }
  std::string address(int which) override { return which == 0 ? app_.address() : "127.0.0.1:9"; }
  void begin_request() override {
    client_ = std::thread([port = edge_.port()] {
      const auto response =
          http::Client::on_tcp("127.0.0.1", port).request(request_to("shop.test"));
      EXPECT_TRUE(response) << response.error().sentence();
      if (!response) return;
      EXPECT_EQ(response->status, 200) << "a request that was running is not lost";
    });
    EXPECT_TRUE(app_.wait_until_busy());
  }
  void end_request() override {
    if (!client_.joinable()) return;
    app_.let_go();
    client_.join();
  }

 private:
  EdgeProcess edge_;  // first: it forks, and threads come after
  SlowApp app_;
  std::unique_ptr<ports::Router> driver_ = another();
  std::thread client_;
};

std::unique_ptr<RouterRig> make_router() { return std::make_unique<EdgeRouterRig>(); }

// Twenty requests, every fourth fails in the app.
class EdgeCounts : public ::testing::Test {
 protected:
  void SetUp() override {
    ports::Split split;
    split.shares = {{"web", "r-0001", 100, {app_.address()}}};
    ports::Front front;
    front.service = "web";
    split.fronts = {front};
    const auto outcome =
        drivers::edge::make_router(edge_.socket())->set_split(shop_, split, "", 1, op("shift-100"));
    ASSERT_EQ(outcome.kind, ports::Outcome::Kind::Applied) << outcome.why.sentence();
  }
  void send(int count) {
    for (int i = 0; i < count; ++i) {
      EXPECT_TRUE(http::Client::on_tcp("127.0.0.1", edge_.port()).request(request_to("any.test")));
    }
  }
  // The counts once they show so many requests; what they show after ten seconds otherwise.
  ports::Counts counts_with(std::uint64_t requests) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    ports::Counts last;
    while (last.requests != requests && std::chrono::steady_clock::now() < deadline) {
      const auto counts = counters_->read(shop_, "r-0001");
      if (counts) last = *counts;
    }
    return last;
  }

  const ports::AppRef shop_{"shop", "production"};
  EdgeProcess edge_;
  std::atomic<int> asked_{0};
  drivers::TestServer app_{[this](const http::Request&, const ResponderPtr& responder) {
    responder->respond(++asked_ % 4 == 0 ? 500 : 200, "");
  }};
  std::unique_ptr<ports::Counters> counters_ = drivers::edge::make_counters(edge_.socket());
};

TEST_F(EdgeCounts, AreThoseOfTheRequestsThatWereSent) {
  EXPECT_EQ(counters_->read(shop_, "r-0001")->requests, 0U);
  send(20);
  const auto counts = counts_with(20);
  EXPECT_EQ(counts.requests, 20U);
  EXPECT_EQ(counts.errors, 5U);
  std::uint64_t timed = 0;
  for (const auto& [upper, count] : counts.latency_us) timed += count;
  EXPECT_EQ(timed, 20U);
  EXPECT_EQ(counters_->read(shop_, "r-0002")->requests, 0U);
}

TEST_F(EdgeCounts, SettingsOfAFrontComeWithASplitAndGoWithTheOneThatTakesItBack) {
  const auto router = drivers::edge::make_router(edge_.socket());
  const auto before = router->observe_split(shop_);
  ASSERT_TRUE(before);
  const auto answered_by = [&] {
    const auto response =
        http::Client::on_tcp("127.0.0.1", edge_.port()).request(request_to("any.test"));
    return response ? std::string(response->field("X-Slipway-Release")) : "no answer";
  };
  EXPECT_EQ(answered_by(), "");
  ports::Split next = before->split;
  next.shares[0].release = "r-0002";
  next.fronts[0].edge = Json::object().set("release_header", true);
  ASSERT_EQ(router->set_split(shop_, next, before->version, 1, op("shift-50")).kind,
            ports::Outcome::Kind::Applied);
  EXPECT_EQ(answered_by(), "r-0002");
  const auto now = router->observe_split(shop_);
  ASSERT_TRUE(now);
  EXPECT_EQ(now->split.fronts[0].edge, next.fronts[0].edge);
  ASSERT_EQ(router->set_split(shop_, before->split, now->version, 1, op("undo-50")).kind,
            ports::Outcome::Kind::Applied);
  EXPECT_EQ(answered_by(), "");
}

TEST_F(EdgeCounts, PreflightAsksTheEdgeAndChangesNothing) {
  const auto router = drivers::edge::make_router(edge_.socket());
  const auto before = router->observe_split(shop_);
  ASSERT_TRUE(before);
  plan::Plan plan;
  plan.app = "shop";
  plan.environment = "production";
  plan.settings.services.resize(1);
  config::Service& web = plan.settings.services[0];
  web.name = "web";
  EXPECT_TRUE(router->preflight(plan).empty());
  web.edge = Json::object().set(
      "tls", Json::object().set("certificate", "/not/there.pem").set("key", "/not/there.key"));
  const auto findings = router->preflight(plan);
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_NE(findings[0].why.what.find("/not/there.pem"), std::string::npos) << findings[0].why.what;
  const auto after = router->observe_split(shop_);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->version, before->version);
}

TEST_F(EdgeCounts, GoOnOverAReplacementOfTheEdge) {
  send(8);
  EXPECT_EQ(counts_with(8).requests, 8U);
  ASSERT_TRUE(edge_.replace());
  send(4);
  EXPECT_EQ(counts_with(12).requests, 12U);
  EXPECT_EQ(counts_with(12).errors, 3U);
  ASSERT_TRUE(edge_.becomes_alone());
  send(4);
  EXPECT_EQ(counts_with(16).requests, 16U) << "what the former edge counted stays when it is gone";
  const auto view = drivers::edge::make_router(edge_.socket())->observe_split(shop_);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->op, "r-0001/shift-100/1") << "the successor routes by the same table";
}
}  // namespace

INSTANTIATE_TEST_SUITE_P(Edge, RouterContract, ::testing::Values(&make_router));
}  // namespace slipway::contract
