// What a program said, out of a server's log.
#include "database/rehearsal/captured.h"

#include <gtest/gtest.h>

#include "database/postgres/connection.h"
#include "database/postgres/scratch_server.h"
#include "io/files.h"

namespace slipway::database::rehearsal {
namespace {
using postgres::Connection;
using postgres::ScratchServer;

const std::vector<std::string> kBook = {"knex_migrations", "knex_migrations_lock"};

std::string line(const std::string& rest, int session = 7) {
  return "2026-11-22 05:00:00.123 UTC [" + std::to_string(session) + "] slipway_captured " + rest +
         "\n";
}

std::vector<std::string> texts(const std::vector<Said>& said) {
  std::vector<std::string> out;
  for (const auto& one : said) out.push_back(one.text);
  return out;
}

Captured migration(const std::string& log, const std::string& head = {}) {
  auto out = migration_of(said_in_log(log), kBook, head);
  EXPECT_TRUE(out) << (out ? "" : out.error().sentence());
  return out ? *out : Captured{};
}

TEST(SaidInLog, HoldsStatementsOverSeveralLinesAndNobodyElses) {
  const std::string log =
      "2026-11-22 05:00:00.123 UTC [3]  LOG:  checkpoint starting: time\n"
      "2026-11-22 05:00:00.123 UTC [9] postgres LOG:  statement: drop table t\n" +
      line("LOG:  statement: create table t (\n\t  id int,\n\t\n\t\tx int)") +
      line("ERROR:  relation \"t\" already exists") + line("STATEMENT:  create table t (id int)");
  EXPECT_EQ(texts(said_in_log(log)),
            std::vector<std::string>{"create table t (\n  id int,\n\n\tx int)"});
}

TEST(SaidInLog, PutsParametersWhereTheyStand) {
  const std::string log =
      line("LOG:  execute <unnamed>: insert into t (a, \"$1\", b, c) values ($1, '$2', $2, $10)") +
      line("DETAIL:  parameters: $1 = 'it''s, $2 = 4', $2 = NULL, $10 = '7'") +
      line("LOG:  execute named: select $1") + line("DETAIL:  Parameters: $1 = '1'") +
      line("LOG:  statement: select 2");
  EXPECT_EQ(texts(said_in_log(log)),
            (std::vector<std::string>{"insert into t (a, \"$1\", b, c) values ('it''s, $2 = 4', "
                                      "'$2', NULL, '7')",
                                      "select '1'", "select 2"}));
}

TEST(MigrationOf, LeavesOutTheToolsOwnBusiness) {
  const auto seen = migration(
      line("LOG:  statement: select version();") +
      line("LOG:  statement: SET client_encoding TO 'UTF8'") +
      line("LOG:  statement: select * from information_schema.tables where table_name = 'x'") +
      line("LOG:  statement: BEGIN;") +
      line("LOG:  statement: update \"knex_migrations_lock\" set \"is_locked\" = 1") +
      line("LOG:  statement: COMMIT;") + line("LOG:  statement: BEGIN;") +
      line("LOG:  statement: alter table users add column x int") +
      line("LOG:  statement: update users set x = 1") +
      line("LOG:  statement: insert into knex_migrations (name) values ('2024_x.js')") +
      line("LOG:  statement: COMMIT;"));
  EXPECT_EQ(seen.text, "alter table users add column x int;\nupdate users set x = 1;\n");
  EXPECT_EQ(seen.statements, 2u);
  EXPECT_TRUE(seen.in_transaction);
}

TEST(MigrationOf, ATableThatIsOnlyCalledAlikeIsNotTheTools) {
  const auto seen = migration(line("LOG:  statement: BEGIN") +
                              line("LOG:  statement: create table my_knex_migrations_2 (i int)") +
                              line("LOG:  statement: COMMIT"));
  EXPECT_EQ(seen.statements, 1u);
}

TEST(MigrationOf, StatementsOfTheirOwnAreMarked) {
  const auto seen = migration(line("LOG:  statement: create index concurrently i on users (x)"),
                              "-- slipway: ack=x\n");
  EXPECT_EQ(seen.text,
            "-- slipway: ack=x\n-- slipway: transaction=none\n"
            "create index concurrently i on users (x);\n");
}

TEST(MigrationOf, WhatWasRolledBackIsGoneAndOfThatSessionAlone) {
  const auto seen = migration(
      line("LOG:  statement: BEGIN", 7) + line("LOG:  statement: create table a (i int)", 7) +
      line("LOG:  statement: BEGIN", 8) + line("LOG:  statement: create table b (i int)", 8) +
      line("LOG:  statement: ROLLBACK", 7) + line("LOG:  statement: COMMIT", 8));
  EXPECT_EQ(seen.text, "create table b (i int);\n");
}

TEST(MigrationOf, WhatNoLogHoldsOrNobodyMeasuresIsSaid) {
  const auto rows = migration_of({{1, "copy t from stdin"}}, {}, "");
  ASSERT_FALSE(rows);
  EXPECT_NE(rows.error().what.find("COPY"), std::string::npos);
  const std::vector<Said> many(11, {1, "update t set x = 1 where id = 4"});
  const auto too_many = migration_of(many, {}, "", 10);
  ASSERT_FALSE(too_many);
  EXPECT_NE(too_many.error().what.find("11 statements"), std::string::npos);
}

TEST(AcknowledgedIn, ReadsTheCommentsOfAProgram) {
  EXPECT_EQ(
      acknowledged_in("// slipway: ack=drop-column\nexports.up = 1;\n# slipway: ack=truncate\n"
                      "// slipway: phase=contract\n// other\n"),
      "-- slipway: ack=drop-column\n-- slipway: ack=truncate\n");
}

TEST(CapturingRole, IsHeardByARealServerAndNobodyElseIs) {
  auto server = ScratchServer::start();
  ASSERT_TRUE(server) << server.error().sentence();
  auto admin = Connection::open((*server)->url(), "test");
  ASSERT_TRUE(admin);
  for (const auto& statement : capturing_role()) ASSERT_TRUE((*admin)->run(statement)) << statement;
  ASSERT_TRUE((*admin)->run("create table t (a text, b int)"));
  auto program = Connection::open((*server)->url() + " user=" + kCaptured, "test");
  ASSERT_TRUE(program) << program.error().sentence();
  ASSERT_TRUE((*program)->run("alter table t\n  add column c int"));
  ASSERT_TRUE(
      (*program)->query("insert into t (a, b) values ($1, $2)", {"it's\nit", std::nullopt}));
  const auto log = io::read_file(io::join_path((*server)->folder(), "log"));
  ASSERT_TRUE(log);
  EXPECT_EQ(texts(said_in_log(*log)),
            (std::vector<std::string>{"alter table t\n  add column c int",
                                      "insert into t (a, b) values ('it''s\nit', NULL)"}));
}

}  // namespace
}  // namespace slipway::database::rehearsal
