#include "daemon/database_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "config/database_measure.h"
#include "drivers/fake/drivers.h"
#include "io/clock.h"
#include "store/memory_store.h"

namespace slipway::daemon {
namespace {
using State = ports::ErrandView::State;

// Errands whose outcome the test decides.
class SaidErrands final : public ports::Errands {
 public:
  void begin(const std::string&, const ports::Errand& errand) override {
    ++begun;
    newest = errand;
  }
  ports::ErrandView look(const std::string&) override { return view; }
  ports::ErrandView wait(const std::string&, Millis) override { return view; }
  void stop(const std::string&) override { ++stopped; }
  int begun = 0;
  int stopped = 0;
  ports::Errand newest;
  ports::ErrandView view{State::Running, {}, "", ""};
};

struct Bench {
  Bench() : null(::open("/dev/null", O_WRONLY | O_CLOEXEC)) {
    settings.name = "production";
    settings.database.url = "postgresql://slipway@db/shop";
    drivers.errands = errands;
    declare_database_figures(metrics);
  }
  ~Bench() { ::close(null); }
  void says(int held, std::int64_t deadlocks) {
    Json look = Json::object();
    look.set("max_connections", 100).set("reserved", 3).set("role", "slipway");
    look.set("measures", Json::object().set("db_connections", 1.0 * held));
    Json one = Json::object();
    one.set("application", "web").set("user", "shop").set("state", "idle").set("count", held);
    look.set("connections", Json::array());
    look["connections"].push_back(one);
    errands->view = {State::Done, look.set("deadlocks", deadlocks), "", ""};
  }
  // Ten seconds later: one look ends, the next begins.
  alerts::Reading after_a_look() {
    clock.advance(Millis(10'000));
    watch.look(app, settings, drivers);
    alerts::Reading out;
    watch.fill(app, out);
    return out;
  }

  drivers::fake::VirtualClock clock;
  io::SystemRandom random;
  int null;
  telemetry::Log log{clock, null, telemetry::Form::Json};
  telemetry::Metrics metrics;
  store::MemoryStore store;
  House house{store, clock, random, log, metrics, {}, {}, {}, {}, 0, 0};
  ports::AppRef app{"shop", "production"};
  config::Environment settings;
  std::shared_ptr<SaidErrands> errands = std::make_shared<SaidErrands>();
  DriverSet drivers;
  DatabaseWatch watch{house};
};

TEST(DatabaseWatch, LooksEveryTenSecondsAndNeverTwiceAtOnce) {
  Bench bench;
  for (int i = 0; i < 30; ++i) {
    bench.watch.look(bench.app, bench.settings, bench.drivers);
    bench.clock.advance(Millis(1'000));
  }
  EXPECT_EQ(bench.errands->begun, 1);  // it still runs
  EXPECT_EQ(bench.errands->newest.words,
            (std::vector<std::string>{"db", "watch", "production", "--once"}));
  bench.says(10, 0);
  for (int i = 0; i < 30; ++i) {
    bench.watch.look(bench.app, bench.settings, bench.drivers);
    bench.clock.advance(Millis(1'000));
  }
  EXPECT_EQ(bench.errands->begun, 4);
}

TEST(DatabaseWatch, WhatWasSeenIsInTheFiguresAndInTheReading) {
  Bench bench;
  bench.after_a_look();
  bench.says(42, 0);
  const auto reading = bench.after_a_look();
  EXPECT_EQ(reading.database.at("db_connections"), 42);
  EXPECT_EQ(reading.database_trouble, "");
  const auto text = bench.metrics.text();
  for (const auto* line :
       {"slipway_database_up{app=\"shop\",environment=\"production\"} 1\n",
        "slipway_database_connections_percent{app=\"shop\",environment=\"production\"} 42\n",
        "slipway_database_connections_limit{app=\"shop\",environment=\"production\"} 97\n",
        "slipway_database_connections{app=\"shop\",environment=\"production\",application=\"web\","
        "user=\"shop\",state=\"idle\"} 42\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST(DatabaseWatch, OneThatDoesNotAnswerIsDownAndKeepsNoOldFigures) {
  Bench bench;
  bench.after_a_look();
  bench.says(42, 0);
  bench.after_a_look();
  bench.errands->view = {State::Failed, {}, "nobody answers", ""};
  const auto reading = bench.after_a_look();
  EXPECT_EQ(reading.database_trouble, "nobody answers");
  EXPECT_TRUE(reading.database.empty());
  const auto text = bench.metrics.text();
  EXPECT_NE(text.find("slipway_database_up{app=\"shop\",environment=\"production\"} 0\n"),
            std::string::npos);
  EXPECT_EQ(text.find("} 42"), std::string::npos) << text;
  bench.says(1, 0);
  EXPECT_EQ(bench.after_a_look().database_trouble, "");
}

TEST(DatabaseWatch, DeadlocksCountForFiveMinutes) {
  Bench bench;
  bench.after_a_look();
  bench.says(1, 7);
  EXPECT_EQ(bench.after_a_look().database.at("db_deadlocks"), 0);
  bench.says(1, 9);
  EXPECT_EQ(bench.after_a_look().database.at("db_deadlocks"), 2);
  alerts::Reading reading;
  for (int i = 0; i < 29; ++i) reading = bench.after_a_look();
  EXPECT_EQ(reading.database.at("db_deadlocks"), 2);
  for (int i = 0; i < 3; ++i) reading = bench.after_a_look();
  EXPECT_EQ(reading.database.at("db_deadlocks"), 0);
  bench.says(1, 3);  // the server's statistics began anew
  EXPECT_EQ(bench.after_a_look().database.at("db_deadlocks"), 0);
}

TEST(DatabaseWatch, SeatsAreCountedByTheRoleOfTheInstances) {
  const auto look = Json::parse(R"({"max_connections": 100, "reserved": 3, "role": "owner",
    "connections": [
      {"application": "web", "user": "shop", "state": "idle", "count": 20},
      {"application": "psql", "user": "owner", "state": "idle", "count": 2},
      {"application": "slipway migrate", "user": "owner", "state": "active", "count": 1}]})");
  const auto of_app = seats_of(*look, "shop");
  EXPECT_EQ(of_app.most, 100);
  EXPECT_EQ(of_app.reserved, 3);
  EXPECT_EQ(of_app.of_app, 20);
  EXPECT_EQ(of_app.of_others, 2);
  EXPECT_EQ(seats_of(*look, "").of_app, 2);
}

TEST(DatabaseWatch, SeatsThatNobodyTellsAreATrouble) {
  Bench bench;
  bench.errands->view = {State::Failed, {}, "nobody answers", ""};
  EXPECT_EQ(ask_seats(bench.drivers, bench.settings).trouble, "nobody answers");
  bench.drivers.errands.reset();
  EXPECT_NE(ask_seats(bench.drivers, bench.settings).trouble, "");
}

}  // namespace
}  // namespace slipway::daemon
