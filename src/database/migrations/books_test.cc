// Every tool's book on a real PostgreSQL: made, written and read as the tool does. What the tools
// themselves say to it is in tests/e2e/migrations.
#include <gtest/gtest.h>

#include "database/migrations/folder.h"
#include "database/migrations/runner.h"
#include "database/postgres/scratch_server.h"
#include "io/clock.h"

namespace slipway::database::migrations {
namespace {

using postgres::ScratchServer;

struct Case {
  Tool tool;
  std::vector<File> files;
  std::string rows;  // what the book holds afterwards, as one text
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {Tool::Plain,
       {{"0001_a.sql", "create table a();"},
        {"0002_b.sql", "create table b();"},
        {"0002_b.down.sql", "drop table b;"}},
       "select string_agg(id, ' ' order by id) from slipway.migrations"},
      {Tool::Prisma,
       {{"20240101_a/migration.sql", "create table a();"},
        {"20240102_b/down.sql", "drop table b;"},
        {"20240102_b/migration.sql", "create table b();"}},
       "select string_agg(migration_name, ' ' order by started_at) from _prisma_migrations where "
       "finished_at is not null and rolled_back_at is null and applied_steps_count = 1 and "
       "length(checksum) = 64 and length(id) = 36"},
      {Tool::Drizzle,
       {{"0000_a.sql", "create table a();"},
        {"0001_b.down.sql", "drop table b;"},
        {"0001_b.sql", "create table b();"},
        {"meta/_journal.json", R"({"dialect":"postgresql","entries":[
          {"when":1700000000001,"tag":"0000_a"},{"when":1700000000002,"tag":"0001_b"}]})"}},
       "select string_agg(created_at::text, ' ' order by id) from drizzle.__drizzle_migrations "
       "where length(hash) = 64"},
      {Tool::Dbmate,
       {{"20240101_a.sql", "-- migrate:up\ncreate table a();\n-- migrate:down\n"},
        {"20240102_b.sql", "-- migrate:up\ncreate table b();\n-- migrate:down\ndrop table b;"}},
       "select string_agg(version, ' ' order by version) from schema_migrations"},
      {Tool::GolangMigrate,
       {{"01_a.up.sql", "create table a();"},
        {"02_b.down.sql", "drop table b;"},
        {"02_b.up.sql", "create table b();"}},
       "select string_agg(version || ' ' || dirty, ' ') from schema_migrations"},
      {Tool::Flyway,
       {{"U2__b.sql", "drop table b;"},
        {"V1__a.sql", "create table a();"},
        {"V2__b.sql", "create table b();"}},
       "select string_agg(concat_ws(' ', installed_rank, version, description, type, script, "
       "success), '; ' order by installed_rank) from flyway_schema_history"},
      {Tool::NodePgMigrate,
       {{"1_a.sql", "create table a();"},
        {"2_b.sql", "-- Up Migration\ncreate table b();\n-- Down Migration\ndrop table b;"}},
       "select string_agg(name, ' ' order by id) from pgmigrations"},
  };
  return all;
}

const char* expected(Tool tool, bool is_down) {
  switch (tool) {
    case Tool::Plain:
      return is_down ? "0001_a" : "0001_a 0002_b";
    case Tool::Prisma:
      return is_down ? "20240101_a" : "20240101_a 20240102_b";
    case Tool::Drizzle:
      return is_down ? "1700000000001" : "1700000000001 1700000000002";
    case Tool::Dbmate:
      return is_down ? "20240101" : "20240101 20240102";
    case Tool::GolangMigrate:
      return is_down ? "1 false" : "2 false";
    case Tool::Flyway:
      return is_down ? "1 1 a SQL V1__a.sql t; 2 2 b SQL V2__b.sql t; 3 2 b UNDO_SQL V2__b.sql t"
                     : "1 1 a SQL V1__a.sql t; 2 2 b SQL V2__b.sql t";
    case Tool::NodePgMigrate:
      return is_down ? "1_a" : "1_a 2_b";
    case Tool::Knex:
    case Tool::Command:
      break;
  }
  return "";
}

class Books : public testing::TestWithParam<std::size_t> {
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
  std::string value(const std::string& query) {
    const auto got = (*Connection::open(url_, "test"))->value(query);
    return got ? got->value_or("NULL") : got.error().what;
  }
  static ScratchServer* server_;
  std::string url_;
};
ScratchServer* Books::server_ = nullptr;

TEST_P(Books, AreWrittenUpAndDownAsTheToolWould) {
  const Case& one = cases()[GetParam()];
  const std::string name = "db" + std::to_string(GetParam());
  ASSERT_TRUE((*Connection::open(server_->url(), "test"))->run("create database " + name));
  url_ = server_->url(name);
  io::SystemClock clock;
  io::SystemRandom random;
  Stop stop;
  Settings settings;
  settings.tool = one.tool;
  const auto list = read_migrations(one.tool, {"db", one.files});
  ASSERT_TRUE(list) << list.error().what;
  Runner runner(url_, settings, World{clock, random, stop, [](const Event&) {}});
  const auto applied = runner.up(*list, {});
  ASSERT_TRUE(applied) << applied.error().sentence();
  EXPECT_EQ(applied->applied.size(), 2U);
  EXPECT_EQ(value(one.rows), expected(one.tool, false));
  Runner again(url_, settings, World{clock, random, stop, [](const Event&) {}});
  const auto seen = again.look(*list, {});
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->outlook.pending.empty());
  EXPECT_TRUE(seen->outlook.refusals.empty());
  Runner back(url_, settings, World{clock, random, stop, [](const Event&) {}});
  const auto taken = back.down(*list, 1);
  ASSERT_TRUE(taken) << taken.error().sentence();
  EXPECT_EQ(value(one.rows), expected(one.tool, true));
  EXPECT_EQ(value("select to_regclass('b')"), "NULL");
  Runner once_more(url_, settings, World{clock, random, stop, [](const Event&) {}});
  const auto redone = once_more.up(*list, {});
  ASSERT_TRUE(redone) << redone.error().sentence();
  EXPECT_EQ(redone->applied.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(EachTool, Books, testing::Range(std::size_t{0}, cases().size()));

TEST(BookLocks, AreTheToolsOwn) {
  const auto locks = [](Tool tool, const char* schema, const char* table) {
    return make_book(tool, {schema, table})->locks("shop");
  };
  EXPECT_EQ(locks(Tool::Prisma, "public", "_prisma_migrations"),
            (std::vector<std::int64_t>{72707369}));
  EXPECT_EQ(locks(Tool::NodePgMigrate, "public", "pgmigrations"),
            (std::vector<std::int64_t>{7241865325823964}));
  EXPECT_TRUE(locks(Tool::Dbmate, "public", "schema_migrations").empty());
  // Java: "\"public\".\"flyway_schema_history\"".hashCode(), added to the letters of Flyway.
  const auto flyway = locks(Tool::Flyway, "public", "flyway_schema_history");
  ASSERT_EQ(flyway.size(), 1U);
  const std::int64_t letters = 77431708279161;
  EXPECT_LE(std::abs(flyway[0] - letters), std::int64_t{1} << 31);
  EXPECT_EQ(locks(Tool::GolangMigrate, "public", "schema_migrations").size(), 2U);
}

}  // namespace
}  // namespace slipway::database::migrations
