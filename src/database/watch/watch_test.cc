#include <gtest/gtest.h>

#include <thread>

#include "config/database_measure.h"
#include "database/postgres/scratch_server.h"
#include "database/watch/heartbeat.h"
#include "database/watch/look.h"
#include "database/watch/words.h"
#include "io/files.h"

namespace slipway::database::watch {
namespace {
using postgres::Connection;
using postgres::ScratchServer;

Session session(double seconds, std::vector<int> blocked_by = {}) {
  Session out;
  out.pid = 42;
  out.application = "shop";
  out.state = "active";
  out.seconds = seconds;
  out.blocked_by = std::move(blocked_by);
  out.waits_for = "AccessExclusiveLock on orders";
  out.query = "alter table orders add x int";
  return out;
}

TEST(Measures, ConnectionsAreAShareOfWhatAnOrdinaryRoleMayHold) {
  Sight sight;
  sight.max_connections = 100;
  sight.reserved = 3;
  sight.holders = {{"shop", "app", "idle", 80}, {"", "app", "active", 17}};
  EXPECT_EQ(sight.held(), 97);
  EXPECT_DOUBLE_EQ(measures_of(sight)["db_connections"], 100);
}

TEST(Measures, WhatIsNotThereHasNoMeasure) {
  const auto none = measures_of(Sight());
  EXPECT_EQ(none.count("db_replication_lag"), 0U);
  EXPECT_EQ(none.count("db_archive_age"), 0U);
  EXPECT_EQ(none.count("db_connections"), 0U);
  Sight sight;
  sight.archive.is_on = true;
  sight.archive.oldest_seconds = 70;
  sight.replicas = {{"one", "streaming", 10, 2}, {"two", "streaming", 5, 9}};
  auto there = measures_of(sight);
  EXPECT_EQ(there["db_archive_age"], 70);
  EXPECT_EQ(there["db_replication_lag"], 9);
}

TEST(Measures, TheShareOfDeadRowsIsThatOfTheWorstTableWorthCounting) {
  Sight sight;
  sight.tables = {{"public.big", 0, 30'000, 10'000}, {"public.tiny", 0, 1, 99}};
  EXPECT_DOUBLE_EQ(measures_of(sight)["db_dead_rows"], 25);
}

TEST(Measures, HaveTheNamesThatConditionsKnow) {
  Sight sight;
  sight.max_connections = 10;
  sight.is_replica = sight.archive.is_on = true;
  for (const auto& [name, value] : measures_of(sight))
    EXPECT_NE(config::database_measure(name), nullptr) << name;
}

TEST(Words, NameWhoWaitsAndForWhom) {
  Sight sight;
  sight.waiting = {session(12, {7, 9})};
  const auto text = in_words(sight, nullptr, 120);
  EXPECT_NE(text.find("waits for a lock\n"), std::string::npos) << text;
  EXPECT_NE(text.find("AccessExclusiveLock on orders, held by 7, 9"), std::string::npos) << text;
}

TEST(Words, ShortOnesAreLeftOutAndNoLineIsTooLong) {
  Sight sight;
  sight.slow = {session(0.2)};
  sight.long_ = {session(90)};
  const auto text = in_words(sight, nullptr, 60);
  EXPECT_EQ(text.find("running queries"), std::string::npos) << text;
  EXPECT_NE(text.find("1m30s"), std::string::npos) << text;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    EXPECT_LE(end - begin, 60U);
    begin = end + 1;
  }
}

TEST(Words, DeadlocksAreToldByTheirDifference) {
  Sight before;
  before.deadlocks = 3;
  Sight sight;
  sight.deadlocks = 5;
  EXPECT_NE(in_words(sight, &before, 100).find("5 (2 since the look before)"), std::string::npos);
}

TEST(Heartbeat, AWalFilesNameTellsWhereItEnds) {
  constexpr std::int64_t kUsual = 16 * 1024 * 1024;
  EXPECT_EQ(end_of("000000010000000000000003", kUsual), "0/4000000");
  EXPECT_EQ(end_of("0000000200000001000000FF", kUsual), "2/0");
  EXPECT_EQ(end_of("000000010000000000000003.00000028.backup", kUsual), "0/3000000");
  EXPECT_EQ(end_of("00000002.history", kUsual), std::nullopt);
  EXPECT_EQ(end_of("", kUsual), std::nullopt);
}

class OnPostgres : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = ScratchServer::start();
    ASSERT_TRUE(started) << (started ? "" : started.error().sentence());
    server_ = std::move(*started).release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  static std::unique_ptr<Connection> client(const std::string& name) {
    auto opened = Connection::open(server_->url(), name);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().sentence());
    return std::move(*opened);
  }
  static Sight seen() {
    auto watcher = connect(server_->url());
    EXPECT_TRUE(watcher) << (watcher ? "" : watcher.error().sentence());
    auto sight = look(**watcher);
    EXPECT_TRUE(sight) << (sight ? "" : sight.error().sentence());
    return sight ? *sight : Sight();
  }
  static ScratchServer* server_;
};
ScratchServer* OnPostgres::server_ = nullptr;

TEST_F(OnPostgres, ConnectionsAreCountedByWhoHoldsThem) {
  const auto one = client("shop-web");
  const auto two = client("shop-web");
  const Sight sight = seen();
  EXPECT_GE(sight.held(), 2);  // one of before may be ending
  EXPECT_GT(sight.max_connections, sight.reserved);
  int named = 0;
  for (const auto& holder : sight.holders)
    if (holder.application == "shop-web") named += holder.count;
  EXPECT_EQ(named, 2);
}

TEST_F(OnPostgres, WhoWaitsForALockIsSeenWithWhoHoldsIt) {
  const auto holder = client("holder");
  const auto waiter = client("waiter");
  ASSERT_TRUE(holder->run("drop table if exists held; create table held(id int)"));
  ASSERT_TRUE(holder->run("begin; lock table held"));
  std::thread waits([&] { EXPECT_FALSE(waiter->run("select * from held")); });
  Sight sight;
  for (int tries = 0; tries < 500 && sight.waiting.empty(); ++tries) sight = seen();
  waiter->canceller().cancel();
  waits.join();
  ASSERT_EQ(sight.waiting.size(), 1U);
  EXPECT_EQ(sight.waiting[0].blocked_by, std::vector<int>{holder->backend_pid()});
  EXPECT_EQ(sight.waiting[0].waits_for, "AccessShareLock on held");
  ASSERT_FALSE(sight.long_.empty());
  EXPECT_GT(sight.long_[0].seconds, 0);
  EXPECT_TRUE(holder->run("rollback"));
}

TEST_F(OnPostgres, ATableThatIsLockedDoesNotHoldTheLookUp) {
  const auto holder = client("holder");
  ASSERT_TRUE(holder->run("create table if not exists busy(id int); begin; lock table busy"));
  EXPECT_GT(seen().size_bytes, 0);
  EXPECT_TRUE(holder->run("rollback"));
}

TEST_F(OnPostgres, WhatTheArchiveHasNotGotIsMeasuredByTheHeartbeat) {
  const auto one = client("watch");
  ASSERT_TRUE(one->run("drop schema if exists slipway cascade"));
  const auto first = beat(*one, "");
  ASSERT_TRUE(first) << first.error().sentence();
  EXPECT_LT(*first, 5);
  // An hour of beats a minute apart; the archive has got those up to half an hour ago. The newest
  // is too young for another beat, whose position would be this small server's own.
  ASSERT_TRUE(
      one->run("truncate slipway.heartbeat; insert into slipway.heartbeat"
               " select clock_timestamp() - i * interval '1 minute',"
               " '0/0'::pg_lsn + (3600 - i)::numeric * 1048576"
               " from generate_series(0, 60) i"));
  const auto bytes = one->value("select pg_size_bytes(current_setting('wal_segment_size'))");
  const auto segments = (3600 - 30) / (std::atoll((*bytes)->c_str()) / 1048576);
  const auto file = one->value(
      "select '00000001' || lpad(upper(to_hex($1::int / 256)), 8, '0')"
      " || lpad(upper(to_hex($1::int % 256)), 8, '0')",
      {std::to_string(segments - 1)});
  const auto lost = beat(*one, **file);
  ASSERT_TRUE(lost) << lost.error().sentence();
  EXPECT_GE(*lost, 30 * 60.0);
  EXPECT_LE(*lost, 49 * 60.0);  // a file is 16 beats long
}

TEST_F(OnPostgres, DeadRowsAreSeen) {
  auto writer = client("writer");
  ASSERT_TRUE(
      writer->run("create table rows_of(id int) with (autovacuum_enabled = off);"
                  "insert into rows_of select generate_series(1, 20000);"
                  "delete from rows_of where id <= 5000"));
  writer.reset();  // one that stays tells its statistics 10 s later
  double percent = 0;
  for (int tries = 0; tries < 2000 && percent < 24; ++tries)
    percent = measures_of(seen())["db_dead_rows"];
  EXPECT_NEAR(percent, 25, 1);
}

TEST_F(OnPostgres, ARoleWithoutRightsSeesWhatItMayAndSaysSo) {
  const auto admin = client("admin");
  ASSERT_TRUE(admin->run("drop role if exists plain; create role plain login"));
  auto watcher = connect(server_->url() + " user=plain");
  ASSERT_TRUE(watcher) << watcher.error().sentence();
  const auto sight = look(**watcher);
  ASSERT_TRUE(sight) << sight.error().sentence();
  EXPECT_FALSE(sight->sees_everything);
  EXPECT_GE(sight->held(), 1);
  EXPECT_NE(in_words(*sight, nullptr, 100).find("grant pg_monitor to plain"), std::string::npos);
}

TEST_F(OnPostgres, TheDocumentHoldsEveryMeasure) {
  const Sight sight = seen();
  const Json json = to_json(sight);
  for (const auto& [name, value] : measures_of(sight))
    EXPECT_NE(json.at("measures").find(name), nullptr) << name;
  EXPECT_EQ(json.integer("held"), sight.held());
}

}  // namespace
}  // namespace slipway::database::watch
