// A scratch server with production's schema, and the verdict over what was found.
#include "database/rehearsal/stage.h"

#include <gtest/gtest.h>

#include "database/rehearsal/catalogue.h"
#include "database/rehearsal/verdict.h"
#include "io/clock.h"

namespace slipway::database::rehearsal {
namespace {
using postgres::Connection;
using postgres::ScratchServer;

// Production and its stage, for all tests of the program.
class OnStage : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = ScratchServer::start();
    ASSERT_TRUE(started) << (started ? "" : started.error().sentence());
    production_ = std::move(*started).release();
    auto connection = Connection::open(production_->url(), "test");
    ASSERT_TRUE(connection);
    const auto made = (*connection)->run(R"(
      create role app;
      create schema other; create extension pgcrypto;
      create table orders(id bigint primary key, name text, note text);
      create table other."Odd Name"(id int);
      insert into orders select i, 'n', 'x' from generate_series(1, 30000) i;
      grant select, insert on orders to app;
      create view v as select id from orders;
      analyze;)");
    ASSERT_TRUE(made) << made.error().sentence();
    auto stage = Stage::set(production_->url());
    ASSERT_TRUE(stage) << stage.error().sentence();
    stage_ = std::move(*stage).release();
  }
  static void TearDownTestSuite() {
    delete stage_;
    delete production_;
    stage_ = nullptr;
    production_ = nullptr;
  }
  Rehearsal rehearse_files(const std::vector<PendingMigration>& files) {
    auto production = Connection::open(production_->url(), "test");
    Terms terms;
    terms.rows = Terms::Rows::Counted;
    terms.shape = [] { return stage_->shape(); };
    const auto schema = read_schema(**production);
    for (const auto& [name, table] : schema->tables)
      terms.production_rows[name] = table.rows.value_or(0);
    auto connection = stage_->open("test");
    auto watcher = stage_->open("test");
    auto out = rehearse(**connection, **watcher, clock_, files, terms);
    EXPECT_TRUE(out) << (out ? "" : out.error().sentence());
    return out ? *out : Rehearsal{};
  }
  std::string way_back(const std::string& up, const std::string& down) {
    const auto said = rehearse_files({{"1.sql", up, down}});
    return said.ways_back.empty() ? "" : said.ways_back[0].what;
  }

  static ScratchServer* production_;
  static Stage* stage_;
  io::SystemClock clock_;
};
ScratchServer* OnStage::production_ = nullptr;
Stage* OnStage::stage_ = nullptr;

TEST_F(OnStage, HasEveryDefinitionAndRightAndNoRow) {
  auto there = stage_->open("test");
  ASSERT_TRUE(there);
  EXPECT_EQ((*there)->value("select count(*) from orders")->value_or(""), "0");
  EXPECT_EQ((*there)->value("select has_table_privilege('app', 'orders', 'insert')")->value_or(""),
            "t");
  EXPECT_EQ((*there)->value("select count(*) from v, other.\"Odd Name\"")->value_or(""), "0");
}

TEST_F(OnStage, WhatIsLongInProductionIsSeenWithoutItsRows) {
  const auto said = rehearse_files(
      {{"1.sql", "CREATE INDEX slow ON orders(note)"}, {"2.sql", "DROP INDEX slow"}});
  ASSERT_EQ(said.statements.size(), 2u);
  EXPECT_TRUE(said.statements[0].harms.blocks);
  EXPECT_FALSE(said.statements[1].harms.any());
}

TEST_F(OnStage, AWayBackLeadsBackAndUpAgain) {
  EXPECT_EQ(way_back("ALTER TABLE orders ADD COLUMN a text", "ALTER TABLE orders DROP COLUMN a"),
            "");
  EXPECT_NE(way_back("CREATE TABLE b(id int); CREATE TABLE c(id int)", "DROP TABLE b")
                .find("after its way back it does not go up again: relation \"c\" already exists"),
            std::string::npos);
  EXPECT_NE(way_back("ALTER TABLE orders ALTER COLUMN name SET DEFAULT 'x'",
                     "ALTER TABLE orders ALTER COLUMN name SET DEFAULT 'y'")
                .find("does not lead to what was before:\n- name text\n+ name text DEFAULT 'y'"),
            std::string::npos);
  EXPECT_NE(way_back("CREATE TABLE d(id int)", "DROP TABLE e").find("its way back fails"),
            std::string::npos);
}

TEST_F(OnStage, WhenItsServerIsAbandonedItsUserGetsAnError) {
  auto own = Stage::set(production_->url());
  ASSERT_TRUE(own);
  auto connection = (*own)->open("test");
  ASSERT_TRUE(connection);
  (*own)->abandon();
  EXPECT_FALSE((*connection)->run("select pg_sleep(60)"));
}

Judged judged(const std::string& text, const std::string& phase = "expand") {
  lint::Schema schema;
  lint::check("create table orders(id bigint primary key, name text, at date)", schema);
  schema.settle();
  return {"1.sql", phase, lint::check(text, schema, phase)};
}
Rehearsed step(int line, const std::string& statement) {
  Rehearsed out;
  out.migration = "1.sql";
  out.line = line;
  out.statement = statement;
  return out;
}
std::vector<std::string> texts(const std::vector<Danger>& dangers) {
  std::vector<std::string> out;
  for (const auto& one : dangers) {
    EXPECT_FALSE(one.next.empty());
    out.push_back(one.text().substr(0, 24));
  }
  return out;
}
using Texts = std::vector<std::string>;

TEST(Verdict, LintStandsAloneWhereNothingCouldBeRehearsed) {
  EXPECT_EQ(texts(dangers_of({judged("CREATE INDEX ON orders(at)")}, nullptr)),
            Texts{"1.sql:1: index-blocks-wr"});
  EXPECT_TRUE(dangers_of({judged("ALTER TABLE orders ADD COLUMN x text")}, nullptr).empty());
}

TEST(Verdict, WhatLintHasToldIsNotToldTwice) {
  Rehearsal seen;
  seen.statements = {step(1, "CREATE INDEX ON orders(at)")};
  seen.statements[0].harms.blocks = true;
  EXPECT_EQ(dangers_of({judged("CREATE INDEX ON orders(at)")}, &seen).size(), 1u);
  EXPECT_TRUE(dangers_of({judged("-- slipway: ack=index-blocks-writes\n"
                                 "CREATE INDEX ON orders(at)")},
                         &seen)
                  .empty());
}

TEST(Verdict, TheRehearsalSeesWhatNobodyCanRead) {
  const auto block =
      judged("DO $$ BEGIN EXECUTE 'ALTER ' || 'TABLE orders ADD COLUMN x int'; END $$");
  EXPECT_EQ(texts(dangers_of({block}, nullptr)), Texts{"1.sql:1: hidden-statemen"});
  Rehearsal seen;
  seen.statements = {step(1, "DO …")};
  EXPECT_TRUE(dangers_of({block}, &seen).empty());
  seen.statements[0].harms.breaks = true;
  seen.statements[0].effect.broken = {{"select name from orders", "42703", "it is not there"}};
  EXPECT_EQ(texts(dangers_of({block}, &seen)), Texts{"1.sql:1: breaks: select "});
}

TEST(Verdict, AContractMayBreakWhatIsGoneAndNotBlock) {
  Rehearsal seen;
  seen.statements = {step(1, "ALTER TABLE orders DROP COLUMN name")};
  seen.statements[0].harms.breaks = seen.statements[0].harms.loses = true;
  const auto drop = judged("ALTER TABLE orders DROP COLUMN name", "contract");
  EXPECT_TRUE(dangers_of({drop}, &seen).empty());
  seen.statements[0].harms.blocks = true;
  seen.statements[0].effect.locks = {{"orders", LockMode::AccessExclusive}};
  EXPECT_EQ(texts(dangers_of({drop}, &seen)), Texts{"1.sql:1: blocks: about 0"});
}

TEST(Verdict, ABadWayBackIsADanger) {
  Rehearsal seen;
  seen.ways_back = {{"1.sql", "its way back fails: no"}};
  EXPECT_EQ(texts(dangers_of({judged("ALTER TABLE orders ADD COLUMN x text")}, &seen)),
            Texts{"1.sql:1: its way back fa"});
}

TEST_F(OnStage, TakesTheRowsOfTheNamedTablesAndNoOthers) {
  auto production = Connection::open(production_->url(), "test");
  ASSERT_TRUE((*production)
                  ->run("create table book (id serial, name text); "
                        "insert into book (name) values ('one'), ('two')"));
  auto stage = Stage::set(production_->url());
  ASSERT_TRUE(stage);
  const auto taken = (*stage)->take_rows(production_->url(), {"public.book", "public.no_such"});
  ASSERT_TRUE(taken) << taken.error().sentence();
  auto there = (*stage)->open("test");
  EXPECT_EQ((*there)->value("select string_agg(name, ',' order by id) from book")->value_or(""),
            "one,two");
  EXPECT_EQ((*there)->value("insert into book (name) values ('x') returning id")->value_or(""),
            "3");
  EXPECT_EQ((*there)->value("select count(*) from orders")->value_or(""), "0");
  ASSERT_TRUE((*production)->run("drop table book"));
}

TEST_F(OnStage, LooksForNamesWhereProductionDoes) {
  auto production = Connection::open(production_->url(), "test");
  ASSERT_TRUE((*production)
                  ->run("create table other.hidden (i int); "
                        "alter database postgres set search_path = other, public"));
  auto stage = Stage::set(production_->url());
  ASSERT_TRUE(stage);
  ASSERT_TRUE((*stage)->look_as(production_->url()));
  auto there = (*stage)->open("test");
  EXPECT_TRUE((*there)->run("select * from hidden"));
  EXPECT_EQ((*stage)->settings_of("a\"b"),
            std::vector<std::string>{"alter database \"a\"\"b\" set search_path = other, public"});
  ASSERT_TRUE((*production)
                  ->run("alter database postgres reset search_path; "
                        "drop table other.hidden"));
}

// A backup that was restored: its rows are there, and what they say is not told.
TEST_F(OnStage, OverARestoredServerMeasuresItsRowsAndReachesNobody) {
  auto started = ScratchServer::start();
  ASSERT_TRUE(started);
  const std::shared_ptr<ScratchServer> server = std::move(*started);
  {
    auto connection = Connection::open(server->url(), "test");
    const auto made = (*connection)->run(R"(
      create database shop; )");
    ASSERT_TRUE(made) << made.error().sentence();
    auto shop = Connection::open(server->url("shop"), "test");
    ASSERT_TRUE((*shop)->run(R"(
      create extension postgres_fdw;
      create server far foreign data wrapper postgres_fdw options (host '127.0.0.1');
      create user mapping for postgres server far options (password 'hidden');
      create user mapping for public server far;
      create table t (id bigint primary key, email text);
      insert into t select i, 'secret' || i % 20000 from generate_series(1, 30000) i; analyze t)"));
  }
  auto stage = Stage::on(server, *server, "shop");
  ASSERT_TRUE(stage) << stage.error().sentence();
  auto connection = (*stage)->open("test");
  auto watcher = (*stage)->open("test");
  EXPECT_EQ((*connection)->value("select count(*) from pg_user_mappings")->value_or(""), "0");
  (*connection)->hide_values();
  Terms terms;
  PendingMigration captured{"captured from knex: 1.js",
                            "update t set email = 'secret' where id < 20000;\n"
                            "create unique index on t (email);\n",
                            {},
                            true};
  auto said = rehearse(**connection, **watcher, clock_, {captured}, terms);
  ASSERT_TRUE(said) << said.error().sentence();
  said->ground.source = Ground::Source::Backup;
  said->ground.backup = "20261122T014500Z";
  ASSERT_EQ(said->statements.size(), 2u);
  EXPECT_TRUE(said->statements[0].harms.in_bulk);
  EXPECT_EQ(said->statements[0].statement, "update t set email = $1 where id < $2");
  EXPECT_EQ(said->statements[0].estimated, said->statements[0].effect.took);
  EXPECT_TRUE(said->has_failed);
  const auto all = to_json(*said).dump() + text_of(*said);
  EXPECT_EQ(all.find("secret"), std::string::npos) << all;
  EXPECT_NE(all.find("on the backup 20261122T014500Z"), std::string::npos) << all;
  EXPECT_EQ(all.find("in production"), std::string::npos) << all;
}

TEST(GroundInWords, SaysWhichBackupHowOldAndWhatWasDoneToIt) {
  Ground ground;
  ground.source = Ground::Source::Backup;
  ground.backup = "20261122-014500F";
  ground.tool = "pgbackrest";
  ground.finished = from_unix_ms(1'000'000);
  ground.last_commit = from_unix_ms(8'190'000);
  ground.restore_seconds = 4.12;
  const auto now = from_unix_ms(8'200'000);
  EXPECT_EQ(in_words(ground, now),
            "on the backup 20261122-014500F (pgbackrest, 2h old, its newest transaction 10s old), "
            "restored in 4.1s");
  ground.last_commit = {};
  ground.caught_up = {"0003_x"};
  ground.passed_over = {"the backup A is damaged"};
  EXPECT_EQ(in_words(ground, now),
            "on the backup 20261122-014500F (pgbackrest, 2h old), restored in 4.1s; run first, as "
            "it is from before them: 0003_x; passed over: the backup A is damaged");
  EXPECT_EQ(to_json(ground, now).integer("age_ms"), 7'200'000);
}

TEST(GroundInWords, OfTheSchemaSaysWhyNotTheBackup) {
  Ground ground;
  EXPECT_EQ(in_words(ground, {}), "");
  ground.source = Ground::Source::Schema;
  ground.instead = "there is no backup to restore";
  EXPECT_EQ(
      in_words(ground, {}),
      "on production's schema and row counts, not on a backup: there is no backup to restore");
  EXPECT_EQ(to_json(ground, {}).text("instead_of_backup"), ground.instead);
}

}  // namespace
}  // namespace slipway::database::rehearsal
