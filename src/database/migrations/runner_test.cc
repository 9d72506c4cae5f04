// The runner on a real PostgreSQL: what it applies, what it says, what it leaves.
#include "database/migrations/runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/text.h"
#include "database/migrations/folder.h"
#include "database/migrations/loss.h"
#include "database/postgres/scratch_server.h"
#include "io/clock.h"

namespace slipway::database::migrations {
namespace {

using postgres::ScratchServer;

class Runs : public testing::Test {
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
  void SetUp() override {
    const std::string name = "db" + std::to_string(++number_);
    ASSERT_TRUE(admin("postgres")->run("create database " + name));
    url_ = server_->url(name);
    settings_.wait = Millis(20'000);
  }
  static std::unique_ptr<Connection> admin(const std::string& database) {
    return *Connection::open(server_->url(database), "test");
  }
  std::unique_ptr<Connection> connect(const std::string& as = "app") {
    return *Connection::open(url_, as);
  }
  std::string value(const std::string& query) {
    const auto got = connect()->value(query);
    return got ? got->value_or("NULL") : got.error().what;
  }
  // Until the server says so; a test waits for an event, with an end.
  void wait_for(const std::string& query, const std::string& wanted) {
    const Millis until = clock_.monotonic() + Millis(30'000);
    while (value(query) != wanted) ASSERT_LT(clock_.monotonic(), until) << query;
  }
  void wait_until_active(const std::string& statement) {
    wait_for("select count(*) from pg_stat_activity where query like '%" + statement +
                 "%' and pid <> pg_backend_pid() and state = 'active'",
             "1");
  }
  void TearDown() override {
    if (side_.joinable()) side_.join();
  }
  World world() {
    return {clock_, random_, stop_, [this](const Event& event) {
              events_.push_back(event);
              if (on_event_) on_event_(event);
            }};
  }
  std::vector<Migration> read(std::vector<File> files) {
    Folder folder{"db", std::move(files)};
    std::sort(folder.files.begin(), folder.files.end(),
              [](const File& a, const File& b) { return a.path < b.path; });
    auto list = read_migrations(settings_.tool, folder);
    EXPECT_TRUE(list) << (list ? "" : list.error().sentence());
    return list ? *list : std::vector<Migration>();
  }
  Result<Report> up(const std::vector<Migration>& list, const Leave& leave = {}) {
    return Runner(url_, settings_, world()).up(list, leave);
  }
  Result<Report> down(const std::vector<Migration>& list, int count = 1) {
    return Runner(url_, settings_, world()).down(list, count);
  }
  Look look(const std::vector<Migration>& list) {
    auto seen = Runner(url_, settings_, world()).look(list, {});
    EXPECT_TRUE(seen) << (seen ? "" : seen.error().sentence());
    return seen ? *seen : Look();
  }
  int count(Event::Kind kind) const {
    return static_cast<int>(std::count_if(events_.begin(), events_.end(),
                                          [&](const Event& event) { return event.kind == kind; }));
  }

  static ScratchServer* server_;
  static int number_;
  std::string url_;
  Settings settings_;
  io::SystemClock clock_;
  io::SystemRandom random_;
  Stop stop_;
  std::vector<Event> events_;
  std::function<void(const Event&)> on_event_;
  std::thread side_;
};
ScratchServer* Runs::server_ = nullptr;
int Runs::number_ = 0;

std::string said(const Result<Report>& report) {
  return report ? join(report->applied, ",") : report.error().sentence();
}

TEST_F(Runs, AppliesEachFileWithItsRowAndAfterwardsNothingIsPending) {
  const auto list = read({{"0001_a.sql", "create table a(i int); insert into a values (1);"},
                          {"0002_b.sql", "alter table a add column j int;"}});
  EXPECT_EQ(said(up(list)), "0001_a,0002_b");
  EXPECT_EQ(value("select count(*) from slipway.migrations"), "2");
  EXPECT_EQ(said(up(list)), "");
  EXPECT_TRUE(look(list).outlook.pending.empty());
  EXPECT_EQ(value("select i from a"), "1");
}

TEST_F(Runs, AFileThatFailsLeavesNothingAndSaysWhere) {
  const auto list = read({{"0001_a.sql", "create table a(i int);\n\ncreate table a(i int);"}});
  const auto report = up(list);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().what.find("0001_a.sql:3:"), std::string::npos) << report.error().what;
  EXPECT_NE(report.error().what.find("nothing of it stands"), std::string::npos);
  EXPECT_EQ(value("select to_regclass('a')"), "NULL");
  EXPECT_EQ(look(list).outlook.pending.size(), 1U);
}

TEST_F(Runs, TakesBackByTheDownScriptAndAppliesAgain) {
  const auto list = read({{"0001_a.sql", "create table a();"},
                          {"0002_b.sql", "create table b();"},
                          {"0002_b.down.sql", "drop table b;"}});
  ASSERT_TRUE(up(list));
  EXPECT_EQ(said(down(list)), "0002_b");
  EXPECT_EQ(value("select to_regclass('b')"), "NULL");
  const auto no_way = down(list);
  ASSERT_FALSE(no_way);
  EXPECT_EQ(no_way.error().code, Code::Unsupported);
  EXPECT_EQ(said(up(list)), "0002_b");
}

TEST_F(Runs, WaitsForALongTransactionByNameWithoutStandingInTheWay) {
  const auto list = read({{"0001_a.sql", "create table a(i int);"}});
  ASSERT_TRUE(up(list));
  auto report = connect("yearly-report");
  ASSERT_TRUE(report->run("begin; select * from a"));
  wait_for(
      "select count(*) from pg_stat_activity where application_name = 'yearly-report' and "
      "xact_start < clock_timestamp() - interval '1.2 s'",
      "1");
  std::atomic<int> slowest{0};
  on_event_ = [&](const Event& event) {
    if (event.kind != Event::Kind::Waiting) return;
    const Millis began = clock_.monotonic();
    EXPECT_EQ(value("select count(*) from a"), "0") << "others read meanwhile";
    slowest = static_cast<int>((clock_.monotonic() - began).count());
    EXPECT_TRUE(report->run("commit"));
  };
  const auto more =
      read({{"0001_a.sql", "create table a(i int);"}, {"0002_b.sql", "alter table a add j int;"}});
  EXPECT_EQ(said(up(more)), "0002_b");
  ASSERT_EQ(count(Event::Kind::Waiting), 1);
  for (const auto& event : events_) {
    if (event.kind == Event::Kind::Waiting) {
      EXPECT_NE(event.what.find("yearly-report"), std::string::npos) << event.what;
    }
  }
}

TEST_F(Runs, GivesUpInTimeAndNothingOfItStands) {
  const auto list = read({{"0001_a.sql", "create table a(i int);"}});
  ASSERT_TRUE(up(list));
  auto other = connect("holder");
  ASSERT_TRUE(other->run("begin; lock table a in access share mode"));
  settings_.wait = Millis(1500);
  const auto more =
      read({{"0001_a.sql", "create table a(i int);"}, {"0002_b.sql", "alter table a add j int;"}});
  const auto report = up(more);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::Timeout) << report.error().what;
  EXPECT_GE(count(Event::Kind::Retry), 1);
  EXPECT_EQ(look(more).outlook.pending.size(), 1U);
}

TEST_F(Runs, AStopGivesUpTheStatementThatRuns) {
  const auto list = read({{"0001_a.sql", "create table a(); select pg_sleep(60);"}});
  on_event_ = [&](const Event& event) {
    if (event.kind != Event::Kind::Applying) return;
    side_ = std::thread([this] {
      wait_until_active("pg_sleep(60)");
      stop_.request();
    });
  };
  const auto report = up(list);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::Aborted) << report.error().what;
  EXPECT_EQ(value("select to_regclass('a')"), "NULL");
}

TEST_F(Runs, BuildsAnIndexOutsideOfATransaction) {
  const auto list = read({{"0001_a.sql", "create table a(i int);"},
                          {"0002_i.sql", "create index concurrently a_i on a(i);"},
                          {"0003_d.sql", "drop index concurrently a_i;"}});
  EXPECT_EQ(said(up(list)), "0001_a,0002_i,0003_d");
  EXPECT_EQ(value("select count(*) from slipway.running"), "0");
  EXPECT_EQ(value("select to_regclass('a_i')"), "NULL");
}

TEST_F(Runs, ABuildThatFailsLeavesNoInvalidIndex) {
  const auto list = read({{"0001_a.sql", "create table a(i int); insert into a values (1), (1);"},
                          {"0002_i.sql", "create unique index concurrently a_i on a(i);"}});
  const auto report = up(list);
  ASSERT_FALSE(report);
  EXPECT_EQ(value("select count(*) from pg_index where not indisvalid"), "0");
  EXPECT_EQ(value("select count(*) from slipway.running"), "0") << "as if it had never begun";
  EXPECT_EQ(count(Event::Kind::Cleaned), 1);
  EXPECT_TRUE(connect()->run("delete from a"));
  EXPECT_EQ(said(up(list)), "0002_i");
}

TEST_F(Runs, StatementByStatementGoesOnWhereItFailed) {
  const std::string text =
      "-- slipway: transaction=none\ncreate table b(i int);\n"
      "create index concurrently b_i on b(i);\ninsert into c values (1);";
  const auto list = read({{"0001_a.sql", text}});
  const auto report = up(list);
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().what.find("0001_a.sql:4"), std::string::npos) << report.error().what;
  ASSERT_TRUE(look(list).running);
  EXPECT_EQ(look(list).running->step, 2);
  EXPECT_TRUE(connect()->run("create table c(i int)"));
  EXPECT_EQ(said(up(list)), "0001_a");
  EXPECT_EQ(value("select count(*) from c"), "1");
  EXPECT_FALSE(look(list).running);
}

TEST_F(Runs, TwoAtOnceTakeTurns) {
  const auto list = read({{"0001_a.sql", "create table a(); select pg_sleep(0.4);"},
                          {"0002_b.sql", "create table b();"}});
  std::atomic<int> applied{0};
  const auto one = [&] {
    Stop stop;
    Runner runner(url_, settings_, World{clock_, random_, stop, [](const Event&) {}});
    const auto report = runner.up(list, {});
    EXPECT_TRUE(report) << said(report);
    if (report) applied += static_cast<int>(report->applied.size());
  };
  std::thread first(one);
  std::thread second(one);
  first.join();
  second.join();
  EXPECT_EQ(applied, 2) << "each migration once";
}

TEST_F(Runs, NamesWhoHasTheTurn) {
  auto other = connect("prisma-in-ci");
  ASSERT_TRUE(other->run("select pg_advisory_lock(72707369)"));
  settings_.tool = Tool::Prisma;
  settings_.wait = Millis(300);
  const auto report = up(read({{"20240101_a/migration.sql", "create table a();"}}));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::LeaseHeld);
  EXPECT_NE(report.error().what.find("prisma-in-ci"), std::string::npos) << report.error().what;
}

TEST_F(Runs, ABuildIsNotHeldUpByAToolThatWaitsForTheTurnInsideTheServer) {
  settings_.tool = Tool::Prisma;
  const auto list = read({{"20240101_a/migration.sql", "create table a(i int);"},
                          {"20240102_b/migration.sql", "create index concurrently a_i on a(i);"}});
  on_event_ = [&](const Event& event) {
    if (event.kind != Event::Kind::Applying || event.migration != "20240102_b") return;
    side_ = std::thread([this] {
      // What Prisma's engine says; it waits inside the server, with a snapshot.
      const auto got = connect("prisma-in-ci")->run("select pg_advisory_lock(72707369)");
      EXPECT_FALSE(got) << "its wait was given up";
    });
    wait_for("select count(*) from pg_locks where locktype = 'advisory' and not granted", "1");
  };
  EXPECT_EQ(said(up(list)), "20240101_a,20240102_b");
  side_.join();
  EXPECT_EQ(value("select count(*) from pg_index where not indisvalid"), "0");
}

TEST_F(Runs, RefusesAnotherEnvironmentsDatabaseAndACopy) {
  settings_.environment = "production";
  const auto list = read({{"0001_a.sql", "create table a();"}});
  ASSERT_TRUE(up(list));
  settings_.environment = "staging";
  const auto other = up(list);
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().what.find("belongs to production"), std::string::npos);
  const std::string from = value("select current_database()");
  ASSERT_TRUE(admin("postgres")->run("create database copied template " + from));
  url_ = server_->url("copied");
  settings_.environment = "production";
  const auto copied = up(list);
  ASSERT_FALSE(copied);
  EXPECT_NE(copied.error().what.find("copy"), std::string::npos) << copied.error().what;
  settings_.accepts_database = true;
  EXPECT_TRUE(up(list));
  settings_.accepts_database = false;
  EXPECT_TRUE(up(list)) << "recorded anew";
}

TEST_F(Runs, RefusesToBeginBesideAnotherToolsBook) {
  ASSERT_TRUE(
      connect()->run("create table schema_migrations (version varchar(255) primary key); "
                     "insert into schema_migrations values ('20240101')"));
  const auto report = up(read({{"0001_a.sql", "create table a();"}}));
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().what.find("dbmate has migrated"), std::string::npos)
      << report.error().what;
}

TEST_F(Runs, FillsInBatchByBatchAndGoesOnWhereItStopped) {
  ASSERT_TRUE(
      connect()->run("create table o(id bigint primary key, v int, n int default 0); "
                     "insert into o select i, null from generate_series(1, 5000) i; "
                     "analyze o"));
  const auto list = read({{"0001_fill.sql",
                           "-- slipway: phase=data, table=o, key=id, batch=100\n"
                           "update o set v = id * 2, n = n + 1 where id between :from and :to;"}});
  on_event_ = [&](const Event& event) {
    if (event.kind == Event::Kind::Batch && event.facts.integer("rows") >= 300) stop_.request();
  };
  const auto stopped = up(list);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, Code::Aborted) << stopped.error().what;
  EXPECT_EQ(value("select (rows >= 300)::text from slipway.backfills"), "true");
  on_event_ = nullptr;
  Stop again;
  Runner runner(url_, settings_, World{clock_, random_, again, [](const Event&) {}});
  ASSERT_TRUE(runner.up(list, {}));
  EXPECT_EQ(value("select count(*) from o where v = id * 2 and n = 1"), "5000")
      << "each row exactly once";
  EXPECT_EQ(value("select (ended_at is not null)::text from slipway.backfills"), "true");
  EXPECT_TRUE(look(list).outlook.pending.empty());
}

// The app suffers while the statement sleeps; afterwards it does not.
TEST_F(Runs, AStatementUnderWhichUsersSufferIsGivenUpAndTriedAgain) {
  settings_.max_latency = Millis(100);
  Pulses pulses;
  pulses.hear({100, Millis(5), Millis(10)}, clock_.monotonic());
  Runner runner(url_, settings_, world());
  runner.listen_to(pulses);
  on_event_ = [&](const Event& event) {
    if (event.kind != Event::Kind::Retry) return;
    EXPECT_TRUE(connect()->run("insert into calm values (1)"));
    pulses.hear({100, Millis(5), Millis(10)}, clock_.monotonic());
  };
  ASSERT_TRUE(connect()->run("create table calm(x int)"));
  side_ = std::thread([&] {
    wait_until_active("pg_sleep(60)");
    pulses.hear({100, Millis(90), Millis(800)}, clock_.monotonic());
  });
  const auto done =
      runner.up(read({{"1.sql",
                       "select case when not exists (select from calm) then pg_sleep(60) end;\n"
                       "create table t(id int)"}}),
                {});
  ASSERT_TRUE(done) << done.error().sentence();
  EXPECT_EQ(value("select count(*) from t"), "0");
  const auto given_up = std::find_if(events_.begin(), events_.end(), [](const Event& event) {
    return event.kind == Event::Kind::Retry;
  });
  ASSERT_NE(given_up, events_.end());
  EXPECT_NE(given_up->what.find("(one in a hundred)"), std::string::npos) << given_up->what;
}

TEST_F(Runs, ABackfillRestsWhileAReplicaIsBehindOrTheAppSuffers) {
  ASSERT_TRUE(
      connect()->run("create table t(id int primary key, x int);"
                     "insert into t select i from generate_series(1, 10) i"));
  const auto list = read({{"1.sql",
                           "-- slipway: phase=data, table=t, key=id, batch=5\n"
                           "update t set x = 1 where id between :from and :to"}});
  Pulses pulses;
  pulses.hear({100, Millis(5), Millis(10)}, clock_.monotonic());
  Runner runner(url_, settings_, world());
  runner.listen_to(pulses);
  int asked = 0;
  runner.lag_by([&](Connection&) -> Result<Millis> {
    ++asked;
    if (asked == 2) pulses.hear({100, Millis(900), Millis(950)}, clock_.monotonic());
    return Millis(asked == 1 ? 60'000 : 0);
  });
  on_event_ = [&](const Event& event) {
    if (event.what.find("(five in a hundred)") != std::string::npos)
      pulses.hear({100, Millis(5), Millis(10)}, clock_.monotonic());
  };
  const auto done = runner.up(list, {});
  ASSERT_TRUE(done) << done.error().sentence();
  EXPECT_EQ(value("select count(*) from t where x = 1"), "10");
  std::string told;
  for (const auto& event : events_) {
    if (event.kind == Event::Kind::Waiting) told += event.what + "\n";
  }
  EXPECT_NE(told.find("a replica is 1m behind"), std::string::npos) << told;
  EXPECT_NE(told.find("(five in a hundred)"), std::string::npos) << told;
}

TEST_F(Runs, WhatADownScriptLosesIsCountedBefore) {
  ASSERT_TRUE(connect()->run(
      "create table t(id int primary key, x int, y text); create table \"Odd\"(id int);"
      "create schema other; create table other.u(id int); create table empty(id int);"
      "insert into t select i, case when i > 7 then i end from generate_series(1, 10) i;"
      "insert into \"Odd\" values (1); insert into other.u values (1), (2)"));
  const auto lost = [&](const std::string& down) {
    std::vector<std::string> out;
    const auto losses = losses_of(*connect(), down);
    EXPECT_TRUE(losses) << (losses ? "" : losses.error().sentence());
    for (const auto& one : *losses) out.push_back(one.text());
    return join(out, ", ");
  };
  EXPECT_EQ(lost("alter table t drop column x, drop column y; drop table if exists nobody"),
            "column \"t\".\"x\": 3 values");
  EXPECT_EQ(lost("drop table \"Odd\", other.u, empty"),
            "table \"Odd\": 1 row, table \"other\".\"u\": 2 rows");
  EXPECT_EQ(lost("truncate t; delete from t"), "rows of \"t\": 10 rows");
  EXPECT_EQ(lost("delete from t where id = 1"),
            "rows that a DELETE chooses (line 1): nobody can tell how much");
  EXPECT_EQ(lost("do $$ begin end $$"), "what a block does (line 1): nobody can tell how much");
  EXPECT_EQ(lost("alter table t add column z int; drop index i; drop view v"), "");
}

TEST_F(Runs, RefusesAKeyThatWouldLeaveRowsOutOrScanTheTableEachTime) {
  ASSERT_TRUE(connect()->run("create table o(id int not null, u int unique)"));
  for (const char* key : {"id", "u", "gone"}) {
    const auto report =
        up(read({{"0001_fill.sql", std::string("-- slipway: phase=data, table=o, key=") + key +
                                       "\nupdate o set id = 1 where id between :from and :to;"}}));
    EXPECT_FALSE(report) << key;
  }
}

TEST_F(Runs, AServerThatDiesLeavesAClearState) {
  const auto list = read({{"0001_a.sql", "create table a(i int); select pg_sleep(30);"}});
  on_event_ = [&](const Event& event) {
    if (event.kind != Event::Kind::Applying) return;
    side_ = std::thread([this] {
      wait_until_active("pg_sleep(30)");
      EXPECT_TRUE(server_->crash());
    });
  };
  const auto report = up(list);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Code::ConnectionLost) << report.error().what;
  on_event_ = nullptr;
  side_.join();
  ASSERT_TRUE(server_->restart());
  EXPECT_EQ(value("select to_regclass('a')"), "NULL");
  EXPECT_EQ(look(list).outlook.pending.size(), 1U);
}

}  // namespace
}  // namespace slipway::database::migrations
