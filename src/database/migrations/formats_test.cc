// The folders of the tools, in memory.
#include <gtest/gtest.h>

#include "base/digest.h"
#include "database/migrations/folder.h"
#include "database/migrations/formats.h"
#include "database/migrations/header.h"
#include "database/migrations/new_file.h"

namespace slipway::database::migrations {
namespace {

Folder folder(std::vector<File> files) { return {"db", std::move(files)}; }

std::vector<std::string> ids(const std::vector<Migration>& list) {
  std::vector<std::string> out;
  for (const auto& one : list) out.push_back(one.id);
  return out;
}
using Ids = std::vector<std::string>;

TEST(Tools, AreKnownByWhatLiesInTheFolder) {
  const std::pair<Tool, Folder> cases[] = {
      {Tool::Drizzle, folder({{"0000_a.sql", "select 1"}, {"meta/_journal.json", "{}"}})},
      {Tool::Prisma, folder({{"20240101_a/migration.sql", ""}, {"migration_lock.toml", ""}})},
      {Tool::Dbmate, folder({{"20240101_a.sql", "-- migrate:up\n-- migrate:down\n"}})},
      {Tool::NodePgMigrate, folder({{"1700000000000_a.sql", "-- Up Migration\n"}})},
      {Tool::NodePgMigrate, folder({{"1700000000000_a.js", "exports.up = (pgm) => {}"}})},
      {Tool::GolangMigrate, folder({{"1_a.down.sql", ""}, {"1_a.up.sql", ""}})},
      {Tool::Flyway, folder({{"V1__a.sql", ""}})},
      {Tool::Knex, folder({{"20240101_a.js", "exports.up = (knex) => knex.schema"}})},
      {Tool::Plain, folder({{"0001_a.sql", "select 1"}})},
  };
  for (const auto& [tool, files] : cases) EXPECT_EQ(tool_of(files), tool) << name_of(tool);
  EXPECT_EQ(tool_of(folder({{"readme.sql", "hello"}})), std::nullopt);
}

TEST(PlainFolder, HasItsOrderByNumberItsPhaseByNameAndItsWayBack) {
  const auto list = read_migrations(
      Tool::Plain,
      folder({{"0002_b.contract.sql", "drop table x;"},
              {"0002_b.down.sql", "create table x();"},
              {"0010_c.sql", "-- slipway: phase=expand, timeout=5m, ack=drop-column\n"},
              {"0001_a.sql", "select 1"}}));
  ASSERT_TRUE(list) << list.error().what;
  EXPECT_EQ(ids(*list), (Ids{"0001_a", "0002_b", "0010_c"}));
  EXPECT_EQ((*list)[1].phase, Phase::Contract);
  EXPECT_EQ((*list)[1].down->text, "create table x();");
  EXPECT_EQ((*list)[2].phase, Phase::Expand);
  EXPECT_EQ((*list)[2].timeout, Millis(300'000));
  EXPECT_EQ((*list)[2].acks, (Ids{"drop-column"}));
  EXPECT_EQ((*list)[0].checksum, sha256_hex("select 1"));
}

TEST(PlainFolder, RefusesADownScriptWithoutItsMigrationAndTwoOfOneVersion) {
  EXPECT_EQ(read_migrations(Tool::Plain, folder({{"0001_a.down.sql", ""}})).error().code,
            Code::Malformed);
  const auto twice =
      read_migrations(Tool::Plain, folder({{"0001_a.contract.sql", ""}, {"0001_a.sql", ""}}));
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().what.find("same version"), std::string::npos);
}

TEST(Header, NamesATypoInsteadOfGuessing) {
  for (const char* line :
       {"-- slipway: phase=contarct", "-- slipway: fase=contract", "-- slipway: transaction=maybe",
        "-- slipway: timeout=soon", "-- slipway: phase=expand, table=t, key=id"}) {
    Migration migration;
    EXPECT_FALSE(read_header(line, migration)) << line;
  }
  Migration migration;
  EXPECT_TRUE(read_header("-- a comment\n\n--  slipway: contract\nselect 1", migration));
  EXPECT_EQ(migration.phase, Phase::Contract);
  EXPECT_TRUE(read_header("select 1;\n-- slipway: phase=nonsense", migration)) << "behind the head";
}

TEST(PrismaFolder, ChecksumsAgreeAcrossLineEndsAndWithoutPadding) {
  const auto list = read_migrations(
      Tool::Prisma, folder({{"20240101000000_a/migration.sql", "create table a();\n"},
                            {"20240102000000_b/down.sql", "drop table b;"},
                            {"20240102000000_b/migration.sql", "create table b();\n"},
                            {"migration_lock.toml", "provider = \"postgresql\""}}));
  ASSERT_TRUE(list);
  EXPECT_EQ(ids(*list), (Ids{"20240101000000_a", "20240102000000_b"}));
  EXPECT_TRUE((*list)[1].down);
  const Migration& a = (*list)[0];
  EXPECT_TRUE(checksum_matches(Tool::Prisma, a, sha256_hex("create table a();\r\n")));
  EXPECT_FALSE(checksum_matches(Tool::Prisma, a, sha256_hex("create table a();")));
  // "hello" has bytes below 0x10 in its sum: 2cf24dba5fb0a30e…, which old versions wrote as …a3e….
  Migration hello;
  hello.up.text = "hello";
  hello.checksum = sha256_hex("hello");
  EXPECT_TRUE(checksum_matches(Tool::Prisma, hello,
                               "2cf24dba5fb0a3e26e83b2ac5b9e29e1b161e5c1fa7425e7343362938b9824"));
}

TEST(DrizzleFolder, FollowsTheJournalAndEndsStatementsAtBreakpoints) {
  const std::string sql = "CREATE TABLE a(i int)\n--> statement-breakpoint\nCREATE TABLE b(i int);";
  const auto list = read_migrations(
      Tool::Drizzle,
      folder({{"0000_first.sql", sql},
              {"meta/_journal.json",
               R"({"version":"7","dialect":"postgresql","entries":[{"idx":0,"version":"7",
               "when":1700000000000,"tag":"0000_first","breakpoints":true}]})"}}));
  ASSERT_TRUE(list) << list.error().what;
  EXPECT_EQ((*list)[0].when, 1'700'000'000'000);
  EXPECT_EQ((*list)[0].checksum, sha256_hex(sql)) << "of the file, not of what is run";
  EXPECT_EQ((*list)[0].up.text, "CREATE TABLE a(i int)\n;\nCREATE TABLE b(i int);");
  EXPECT_FALSE(read_migrations(
      Tool::Drizzle, folder({{"meta/_journal.json", R"({"entries":[{"tag":"0000_gone"}]})"}})));
}

TEST(DbmateFolder, KnowsItsMarksAndOptions) {
  const auto list = read_migrations(
      Tool::Dbmate,
      folder(
          {{"20240101_a.sql", "-- hello\n-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n"},
           {"20240102_b.sql",
            "-- migrate:up transaction:false\nselect 3;\n--migrate:down transaction:false\n"}}));
  ASSERT_TRUE(list) << list.error().what;
  EXPECT_EQ(ids(*list), (Ids{"20240101", "20240102"}));
  EXPECT_EQ((*list)[0].up.text, "-- migrate:up\nselect 1;\n");
  EXPECT_EQ((*list)[0].down->text, "-- migrate:down\nselect 2;\n");
  EXPECT_EQ((*list)[1].up.wrap, Wrap::None);
  EXPECT_FALSE(read_migrations(Tool::Dbmate, folder({{"1_a.sql", "-- migrate:up\n"}})));
  EXPECT_FALSE(
      read_migrations(Tool::Dbmate, folder({{"1_a.sql", "-- migrate:down\n-- migrate:up\n"}})));
}

TEST(GolangMigrateFolder, CountsAndPairs) {
  const auto list = read_migrations(
      Tool::GolangMigrate,
      folder({{"000010_c.up.sql", "c"}, {"000002_b.down.sql", "-b"}, {"000002_b.up.sql", "b"}}));
  ASSERT_TRUE(list);
  EXPECT_EQ(ids(*list), (Ids{"2", "10"}));
  EXPECT_EQ((*list)[0].down->text, "-b");
  EXPECT_FALSE((*list)[1].down);
}

TEST(NodePgMigrateFolder, SplitsAtItsMarksAndLeavesCodeToItsTool) {
  const auto list = read_migrations(
      Tool::NodePgMigrate,
      folder({{"1700000000001_a.sql", "-- Up Migration\nselect 1;\n-- DOWN migration\nselect 2;"},
              {"1700000000002_b.js", "exports.up = (pgm) => {}"},
              {"1700000000003_c.sql", "select 3;"}}));
  ASSERT_TRUE(list);
  EXPECT_EQ(ids(*list), (Ids{"1700000000001_a", "1700000000002_b", "1700000000003_c"}));
  EXPECT_EQ((*list)[0].up.text, "-- Up Migration\nselect 1;\n");
  EXPECT_EQ((*list)[0].down->text, "-- DOWN migration\nselect 2;");
  EXPECT_TRUE((*list)[1].is_delegated);
  EXPECT_EQ((*list)[2].up.text, "select 3;");
  EXPECT_FALSE((*list)[2].down);
}

TEST(FlywayFolder, OrdersVersionsByNumberAndRepeatablesBehindThem) {
  const auto list =
      read_migrations(Tool::Flyway, folder({{"R__views.sql", "create view v as select 1;"},
                                            {"U2__b.sql", "drop table b;"},
                                            {"V10__c.sql", "select '${name}'"},
                                            {"V1_1__a_two.sql", "select 1"},
                                            {"V2__b.sql", "create index concurrently i on b(x)"},
                                            {"V2__b.sql.conf", "executeInTransaction = false"},
                                            {"V2b.sql", "not one of them"}}));
  ASSERT_TRUE(list) << list.error().what;
  EXPECT_EQ(ids(*list), (Ids{"1.1", "2", "10", "R views"}));
  EXPECT_EQ((*list)[0].description, "a two");
  EXPECT_EQ((*list)[1].up.wrap, Wrap::None);
  EXPECT_TRUE((*list)[1].down);
  EXPECT_FALSE((*list)[2].trouble.empty()) << "placeholders are Flyway's";
  EXPECT_EQ((*list)[3].kind, Migration::Kind::Repeatable);
}

TEST(FlywayChecksum, IsTheCrcOfTheLinesWhateverTheirEnds) {
  // CRC-32 of "123456789" is 0xCBF43926 by its definition: -873187034 as a signed number.
  EXPECT_EQ(flyway_checksum("123456789"), "-873187034");
  EXPECT_EQ(flyway_checksum("1234\r\n5678\n9\n"), "-873187034");
  EXPECT_EQ(flyway_checksum("\xEF\xBB\xBF"
                            "123456789"),
            "-873187034");
  EXPECT_EQ(flyway_checksum(""), "0");
}

TEST(NewMigration, IsNamedAsTheFolderCounts) {
  const WallTime now = from_unix_ms(1'795'256'000'000);
  const auto name = [&](Tool tool, const Folder& files, Phase phase = Phase::Unknown) {
    const auto made = new_migration(tool, files, "Add status to orders!", phase, now);
    return made ? made->front().path : made.error().what;
  };
  EXPECT_EQ(name(Tool::Plain, folder({})), "0001_add_status_to_orders.sql");
  EXPECT_EQ(name(Tool::Plain, folder({{"0099_x.sql", ""}})), "0100_add_status_to_orders.sql");
  EXPECT_EQ(name(Tool::GolangMigrate, folder({{"000009_x.up.sql", ""}})),
            "000010_add_status_to_orders.up.sql");
  EXPECT_EQ(name(Tool::Flyway, folder({{"V7__x.sql", ""}})), "V8__add_status_to_orders.sql");
  EXPECT_EQ(name(Tool::Prisma, folder({})), "20261121101320_add_status_to_orders/migration.sql");
  EXPECT_FALSE(new_migration(Tool::Drizzle, folder({}), "x", Phase::Unknown, now));
  EXPECT_FALSE(new_migration(Tool::Plain, folder({}), "!!", Phase::Unknown, now));
  const auto fill = new_migration(Tool::Plain, folder({}), "fill", Phase::Backfill, now);
  Migration read;
  EXPECT_TRUE(read_header(fill->front().text, read)) << "what is written can be read";
  EXPECT_EQ(read.phase, Phase::Backfill);
}

}  // namespace
}  // namespace slipway::database::migrations
