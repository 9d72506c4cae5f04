#pragma once
// The contract of ports::Router. A driver's file includes this once, gives a rig, and instantiates:
//   INSTANTIATE_TEST_SUITE_P(Edge, RouterContract, ::testing::Values(&make_edge_rig));
#include <memory>

#include "ports/router.h"
#include "tests/contract/rig.h"

namespace slipway::contract {

class RouterRig : public Rig {
 public:
  virtual ports::Router& driver() = 0;
  // Another driver object over the same router, as a new daemon would make it.
  virtual std::unique_ptr<ports::Router> another() = 0;
  // Two different addresses that requests can be sent to: 0 and 1.
  virtual std::string address(int which) = 0;
  // A request that the app behind the router's front is now working on …
  virtual void begin_request() = 0;
  // … and its end.
  virtual void end_request() = 0;
};
using MakeRouterRig = std::unique_ptr<RouterRig> (*)();

class RouterContract : public ::testing::TestWithParam<MakeRouterRig> {
 protected:
  std::unique_ptr<RouterRig> rig_ = GetParam()();
  const ports::AppRef app_{"shop", "production"};

  ports::Router& driver() { return rig_->driver(); }

  ports::SplitView seen(ports::Router& by) {
    auto view = at_once([&] { return by.observe_split(app_); });
    EXPECT_TRUE(view) << view.error().sentence();
    return view ? *view : ports::SplitView();
  }
  ports::SplitView seen() { return seen(driver()); }

  // `percent` of the traffic to r-0002 (address 1), the rest to r-0001 (address 0).
  ports::Split split(double percent) {
    ports::Split out;
    if (percent < 100) out.shares.push_back({"web", "r-0001", 100 - percent, {rig_->address(0)}});
    if (percent > 0) out.shares.push_back({"web", "r-0002", percent, {rig_->address(1)}});
    ports::Front front;
    front.service = "web";
    front.route.hosts = {"shop.test"};
    front.health_path = "/health";
    out.fronts.push_back(front);
    return out;
  }

  ports::Outcome set(const ports::Split& want, const std::string& expected, std::uint64_t epoch,
                     const OpId& by) {
    return at_once([&] { return driver().set_split(app_, want, expected, epoch, by); });
  }
  // Sets it on what is there now, and waits until the router serves it.
  void set_now(const ports::Split& want, std::uint64_t epoch, const OpId& by) {
    expect_applied(set(want, seen().version, epoch, by));
    EXPECT_TRUE(becomes_true(*rig_, [&] { return seen().settled; }));
  }
  static void expect_applied(const ports::Outcome& outcome) {
    EXPECT_EQ(outcome.kind, ports::Outcome::Kind::Applied) << outcome.why.sentence();
  }
  static void expect_refused(const ports::Outcome& outcome, Code code) {
    EXPECT_EQ(outcome.kind, ports::Outcome::Kind::NotApplied);
    EXPECT_EQ(facts_of(outcome.why.code).name, facts_of(code).name) << outcome.why.sentence();
  }
  void expect_serves(const ports::Split& want) {
    const auto now = seen().split;
    EXPECT_EQ(now.shares, want.shares);
    EXPECT_EQ(now.fronts, want.fronts);
    EXPECT_EQ(ports::name_of(now.mode), ports::name_of(want.mode));
  }
  std::int64_t in_flight(const std::string& release) {
    const auto view = at_once([&] { return driver().observe_drain(app_); });
    EXPECT_TRUE(view) << view.error().sentence();
    std::int64_t total = 0;
    if (!view) return total;
    for (const auto& draining : view->draining) {
      if (draining.release == release) total += draining.in_flight;
    }
    return total;
  }
};

TEST_P(RouterContract, AnUnknownAppIsAnEmptyViewAndNotAnError) {
  const auto view = seen();
  EXPECT_TRUE(view.split.shares.empty());
  EXPECT_EQ(view.version, "");
  EXPECT_EQ(view.epoch, 0u);
  EXPECT_EQ(in_flight("r-0001"), 0);
}

TEST_P(RouterContract, WhatIsSetReadsBack) {
  set_now(split(0), 1, op("shift-0"));
  expect_serves(split(0));
  const auto first = seen();
  EXPECT_EQ(first.op, "r-0001/shift-0/1");
  EXPECT_EQ(first.epoch, 1u);
  set_now(split(25), 1, op("shift-25"));
  expect_serves(split(25));
  EXPECT_NE(seen().version, first.version);
}

TEST_P(RouterContract, AThirdReleaseHasAShareOfItsOwnWhereTheRouterSaysSo) {
  if (!driver().capabilities().third_share) return;
  auto want = split(40);
  want.shares[0].percent = 30;
  want.shares.insert(want.shares.begin() + 1, {"web", "r-0002-baseline", 30, {"127.0.0.1:9"}});
  set_now(want, 1, op("shift-40"));
  expect_serves(want);
  set_now(split(100), 1, op("shift-100"));
  expect_serves(split(100));
}

TEST_P(RouterContract, AMaintenanceModeReadsBackWithItsWords) {
  auto want = split(0);
  want.mode = ports::Mode::Maintenance;
  want.message = "back at noon";
  want.retry_after = Millis(120'000);
  want.allow = {"10.0.0.0/8"};
  set_now(want, 1, op("maintenance"));
  expect_serves(want);
  EXPECT_EQ(seen().split.message, "back at noon");
  EXPECT_EQ(seen().split.retry_after, Millis(120'000));
  EXPECT_EQ(seen().split.allow, want.allow);
  set_now(split(0), 1, op("shift-0"));
  expect_serves(split(0));
}

TEST_P(RouterContract, AStaleVersionIsAConflictAndChangesNothing) {
  set_now(split(0), 1, op("shift-0"));
  const auto stale = seen().version;
  set_now(split(10), 1, op("shift-10"));
  const auto before = seen();
  expect_refused(set(split(100), stale, 1, op("shift-100")), Code::Conflict);
  expect_refused(set(split(100), "", 1, op("shift-100")), Code::Conflict);
  expect_serves(split(10));
  EXPECT_EQ(seen().version, before.version);
  EXPECT_EQ(seen().op, before.op);
}

TEST_P(RouterContract, ARepeatedOpIsDoneAlreadyEvenWithTheVersionOfBefore) {
  set_now(split(0), 1, op("shift-0"));
  const auto expected = seen().version;
  expect_applied(set(split(10), expected, 1, op("shift-10")));
  const auto before = seen();
  expect_applied(set(split(10), expected, 1, op("shift-10")));
  EXPECT_EQ(seen().version, before.version);
  expect_serves(split(10));
}

TEST_P(RouterContract, ALowerEpochIsFencedAndChangesNothing) {
  set_now(split(10), 5, op("shift-10"));
  const auto before = seen();
  expect_refused(set(split(100), before.version, 4, op("shift-100")), Code::Fenced);
  expect_serves(split(10));
  EXPECT_EQ(seen().epoch, 5u);
  set_now(split(100), 6, op("shift-100", 2));
  EXPECT_EQ(seen().epoch, 6u);
}

TEST_P(RouterContract, ANewDaemonSeesWhatTheLastOneSet) {
  set_now(split(10), 2, op("shift-10"));
  const auto later = rig_->another();
  const auto view = seen(*later);
  EXPECT_EQ(view.split.shares, split(10).shares);
  EXPECT_EQ(view.version, seen().version);
  EXPECT_EQ(view.epoch, 2u);
  EXPECT_EQ(view.op, "r-0001/shift-10/1");
}

TEST_P(RouterContract, AppsDoNotSeeEachOther) {
  set_now(split(10), 1, op("shift-10"));
  const auto other = driver().observe_split({"shop", "staging"});
  ASSERT_TRUE(other);
  EXPECT_TRUE(other->split.shares.empty());
  EXPECT_EQ(other->version, "");
}

TEST_P(RouterContract, RequestsOnAnAddressThatLeftAreCountedUntilTheyEnd) {
  set_now(split(0), 1, op("shift-0"));
  rig_->begin_request();
  set_now(split(100), 1, op("shift-100"));
  EXPECT_GE(in_flight("r-0001"), 1);
  rig_->end_request();
  EXPECT_TRUE(becomes_true(*rig_, [&] { return in_flight("r-0001") == 0; }));
}

}  // namespace slipway::contract
