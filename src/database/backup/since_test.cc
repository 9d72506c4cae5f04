#include "database/backup/since.h"

#include <gtest/gtest.h>

#include "database/postgres/scratch_server.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::database::backup {
namespace {

TableCounters row(const std::string& table, std::int64_t id, std::int64_t inserted,
                  std::int64_t updated, std::int64_t deleted) {
  return {table, id, inserted, updated, deleted};
}

TEST(Changes, AreRowsWrittenBetweenTwoReadings) {
  const Counters then{"begun",
                      {row("public.orders", 1, 100, 5, 0), row("public.kept", 2, 7, 0, 0)}};
  const Counters now{"begun", {row("public.orders", 1, 120, 5, 3), row("public.kept", 2, 7, 0, 0)}};
  const auto changes = changes_between(then, now);
  ASSERT_EQ(changes.size(), 1U) << "what is as it was is left out";
  EXPECT_EQ(changes[0].text(), "public.orders: 20 rows inserted, 3 rows removed");
}

TEST(Changes, NameTablesThatCameAndWentAndThoseThatNobodyCanCount) {
  const Counters then{"begun", {row("public.gone", 1, 9, 0, 0), row("public.anew", 2, 50, 0, 0)}};
  const Counters now{"begun", {row("public.anew", 2, 3, 0, 0), row("public.fresh", 3, 1, 0, 0)}};
  const auto changes = changes_between(then, now);
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].text(), "public.anew: its counters began anew, nobody can tell");
  EXPECT_EQ(changes[1].text(), "public.fresh: made since then, 1 row inserted");
  EXPECT_EQ(changes[2].text(), "public.gone: dropped since then, it comes back");
}

TEST(Changes, ATableOfTheSameNameMadeAnewIsAnotherOne) {
  const Counters then{"begun", {row("public.orders", 1, 9, 0, 0)}};
  const Counters now{"begun", {row("public.orders", 2, 9, 0, 0)}};
  EXPECT_EQ(changes_between(then, now).size(), 2U);
}

TEST(Counters, ComeBackAsTheyWereWritten) {
  const Counters counters{"begun", {row("public.orders", 1, 2, 3, 4)}};
  const auto again = counters_from_json(to_json(counters));
  EXPECT_EQ(to_json(again).dump(), to_json(counters).dump());
  EXPECT_TRUE(changes_between(counters, again).empty());
}

class SincePoint : public testing::Test {
 protected:
  void SetUp() override {
    auto started = postgres::ScratchServer::start();
    ASSERT_TRUE(started) << started.error().sentence();
    server_ = std::move(*started);
    folder_ = io::make_temp_dir("slipway-test-").value();
    auto opened = postgres::Connection::open(server_->url(), "test");
    ASSERT_TRUE(opened);
    connection_ = std::move(*opened);
    point_ = {"before", "", "backup", clock_.now(), "production", "r-0001", 1};
    run("create table orders (n int); insert into orders select generate_series(1, 10)");
  }
  void TearDown() override {
    connection_.reset();
    server_.reset();
    EXPECT_TRUE(io::remove_tree(folder_, "/tmp"));
  }
  void run(const std::string& statements) {
    const auto ran = connection_->run(statements);
    ASSERT_TRUE(ran) << ran.error().sentence();
    ASSERT_TRUE(connection_->run("select pg_stat_force_next_flush()"));
  }
  SinceThen since() {
    // Another session: what one has read of the counters stays as it was for a while.
    auto fresh = postgres::Connection::open(server_->url(), "test look");
    auto out = since_point(folder_, point_, **fresh);
    EXPECT_TRUE(out) << out.error().sentence();
    return out ? *out : SinceThen{};
  }

  io::SystemClock clock_;
  std::unique_ptr<postgres::ScratchServer> server_;
  std::unique_ptr<postgres::Connection> connection_;
  std::string folder_;
  RestorePoint point_;
};

TEST_F(SincePoint, CountsWhatARealServerWrote) {
  keep_counters(folder_, "before", *connection_);
  run("insert into orders select generate_series(11, 30)");
  run("update orders set n = -n where n <= 3");
  run("create table wishes (n int); insert into wishes values (1)");
  const auto seen = since();
  EXPECT_EQ(seen.unknown, "");
  ASSERT_EQ(seen.tables.size(), 2U) << to_json(seen).dump();
  EXPECT_EQ(seen.tables[0].text(), "public.orders: 20 rows inserted, 3 rows changed");
  EXPECT_EQ(seen.tables[1].text(), "public.wishes: made since then, 1 row inserted");
}

TEST_F(SincePoint, SaysWhenNobodyCanTell) {
  EXPECT_NE(since().unknown.find("no counters were kept"), std::string::npos);
  keep_counters(folder_, "before", *connection_);
  EXPECT_EQ(since().unknown, "");
  run("select pg_stat_reset()");
  EXPECT_NE(since().unknown.find("began anew"), std::string::npos);
  forget_counters(folder_, "before");
  EXPECT_NE(since().unknown.find("no counters were kept"), std::string::npos);
  const auto lines = lines_of(since(), clock_.now());
  EXPECT_NE(lines[1].find("nobody can tell"), std::string::npos);
}

}  // namespace
}  // namespace slipway::database::backup
