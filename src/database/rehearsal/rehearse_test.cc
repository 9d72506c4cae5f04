#include "database/rehearsal/rehearse.h"

#include <gtest/gtest.h>

#include "database/postgres/scratch_server.h"
#include "database/rehearsal/catalogue.h"
#include "database/rehearsal/tracer.h"
#include "io/clock.h"

namespace slipway::database::rehearsal {
namespace {
using postgres::Connection;

// One server for the whole program; each test has a database of its own.
class RehearsalTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    postgres::ScratchSettings settings;
    settings.settings = {"shared_preload_libraries=pg_stat_statements"};
    auto started = postgres::ScratchServer::start(settings);
    ASSERT_TRUE(started) << (started ? "" : started.error().sentence());
    server_ = std::move(*started).release();
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    auto admin = connect("postgres");
    must(*admin, "drop database if exists shop with (force)");
    must(*admin, "create database shop");
    must(*admin, "do $$ begin create role app; exception when duplicate_object then null; end $$");
    connection_ = connect("shop");
    watcher_ = connect("shop");
    must(*connection_,
         "create type mood as enum ('ok', 'bad');"
         "create table orders(id bigint primary key, state text not null default 'new',"
         "  note varchar(20), mood mood);"
         "insert into orders select i, 'new', 'n', 'ok' from generate_series(1, 1000) i;"
         "grant all on orders to app; analyze orders");
    terms_.old.role = "app";
    terms_.old.how = OldRelease::How::Prepare;
    terms_.old.statements = {
        {"select", "select id, state, note, mood from orders where id = $1"},
        {"insert", "insert into orders(id, note) values ($1, $2)"},
        {"recent", "select id from orders where now() - interval $1 < now()"},
    };
  }
  static std::unique_ptr<Connection> connect(const std::string& database) {
    auto connection = Connection::open(server_->url(database), "test");
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().sentence());
    return connection ? std::move(*connection) : nullptr;
  }
  static void must(Connection& connection, const std::string& text) {
    const auto done = connection.run(text);
    ASSERT_TRUE(done) << done.error().sentence();
  }
  Rehearsal rehearse_text(const std::string& text) {
    auto out = rehearse(*connection_, *watcher_, clock_, {{"1.sql", text}}, terms_);
    EXPECT_TRUE(out) << (out ? "" : out.error().sentence());
    return out ? *out : Rehearsal{};
  }
  std::vector<std::string> broken_by(const std::string& text) {
    std::vector<std::string> out;
    for (const auto& one : rehearse_text(text).statements) {
      for (const auto& broken : one.effect.broken) out.push_back(broken.statement);
    }
    return out;
  }

  static postgres::ScratchServer* server_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<Connection> watcher_;
  io::SystemClock clock_;
  Terms terms_;
};
postgres::ScratchServer* RehearsalTest::server_ = nullptr;
using Names = std::vector<std::string>;

TEST_F(RehearsalTest, AColumnMoreHurtsNobody) {
  const auto said = rehearse_text("ALTER TABLE orders ADD COLUMN x text");
  ASSERT_EQ(said.statements.size(), 1u);
  EXPECT_FALSE(said.is_dangerous()) << text_of(said);
  EXPECT_TRUE(said.unready.empty());
  ASSERT_EQ(said.statements[0].effect.locks.size(), 1u);
  EXPECT_EQ(said.statements[0].effect.locks[0].relation, "orders");
  EXPECT_EQ(said.statements[0].effect.locks[0].mode, LockMode::AccessExclusive);
  EXPECT_TRUE(said.statements[0].effect.rewritten.empty());
}

TEST_F(RehearsalTest, ARewriteIsSeenAndScaledToProduction) {
  terms_.production_rows["orders"] = 5'000'000;
  const auto said = rehearse_text("ALTER TABLE orders ADD COLUMN x uuid DEFAULT gen_random_uuid()");
  ASSERT_EQ(said.statements.size(), 1u);
  EXPECT_TRUE(said.statements[0].harms.blocks);
  EXPECT_FALSE(said.statements[0].effect.rewritten.empty());
  EXPECT_GE(said.statements[0].estimated, said.statements[0].effect.took * 1'000);
}

TEST_F(RehearsalTest, ThousandRowsAreNotLong) {
  EXPECT_FALSE(rehearse_text("ALTER TABLE orders ADD COLUMN x uuid DEFAULT gen_random_uuid()")
                   .is_dangerous());
}

TEST_F(RehearsalTest, ABatchByKeyIsAsSmallInProduction) {
  terms_.production_rows["orders"] = 5'000'000;
  EXPECT_FALSE(
      rehearse_text("UPDATE orders SET note = 'x' WHERE id BETWEEN 1 AND 900").is_dangerous());
  EXPECT_TRUE(rehearse_text("UPDATE orders SET note = 'y'").is_dangerous());
}

TEST_F(RehearsalTest, WithoutRowsProductionsCountsTell) {
  must(*connection_, "truncate orders; create table other(id bigint primary key)");
  terms_.production_rows = {{"orders", 5'000'000}, {"other", 10}};
  terms_.rows = Terms::Rows::Counted;
  const auto harms = [&](const std::string& text) {
    const auto said = rehearse_text(text);
    return said.statements.empty() ? Names{"nothing"} : said.statements.back().harms.words();
  };
  EXPECT_EQ(harms("ALTER TABLE orders ADD COLUMN a text"), Names{});
  EXPECT_EQ(harms("ALTER TABLE orders ADD COLUMN x uuid DEFAULT gen_random_uuid()"),
            Names{"blocks"});
  EXPECT_EQ(harms("CREATE INDEX orders_x ON orders(x)"), Names{"blocks"});
  EXPECT_EQ(
      harms("ALTER TABLE orders ADD CHECK (x <> '00000000-0000-0000-0000-000000000000')"),
      (Names{"blocks", "breaks"}));  // its index was built over no rows: the count stands again
  EXPECT_EQ(harms("CREATE INDEX other_id ON other(id)"), Names{});
  EXPECT_EQ(harms("DELETE FROM orders WHERE id = 1"), Names{});
  EXPECT_EQ(harms("ALTER TABLE orders DROP COLUMN x"), Names{"loses"});
  EXPECT_GE(rehearse_text("CLUSTER orders USING orders_pkey").statements.at(0).estimated,
            Micros(100'000'000));
}

TEST_F(RehearsalTest, TheOldReleaseIsTriedAgainstTheNewSchema) {
  EXPECT_EQ(broken_by("ALTER TABLE orders RENAME COLUMN note TO remark"),
            (Names{"select", "insert"}));
}

TEST_F(RehearsalTest, WhatPrepareCannotSeeIsInTheCatalogue) {
  EXPECT_EQ(broken_by("ALTER TABLE orders ALTER COLUMN state DROP DEFAULT"),
            Names{"orders.state must be given"});
  EXPECT_EQ(broken_by("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'"), Names{"enum value mood.ok"});
  EXPECT_EQ(broken_by("ALTER TABLE orders ADD CONSTRAINT k CHECK (id > 5) NOT VALID"),
            Names{"orders CHECK ((id > 5))"});
  EXPECT_EQ(broken_by("ALTER TABLE orders ALTER COLUMN note TYPE varchar(10)"),
            Names{"orders.note has a limited length"});
}

TEST_F(RehearsalTest, RightsAndRowSecurityAreSeen) {
  EXPECT_EQ(broken_by("ALTER TABLE orders ENABLE ROW LEVEL SECURITY").size(), 1u);
  EXPECT_EQ(broken_by("REVOKE INSERT ON orders FROM app"), Names{"insert"});
}

TEST_F(RehearsalTest, AConstraintOnANewColumnBreaksNobody) {
  EXPECT_EQ(broken_by("ALTER TABLE orders ADD COLUMN x int; "
                      "ALTER TABLE orders ADD CONSTRAINT k CHECK (x > 0) NOT VALID"),
            Names{});
}

TEST_F(RehearsalTest, AFailingStatementEndsTheRehearsalAndLeavesNothing) {
  const auto said = rehearse_text("ALTER TABLE orders ADD COLUMN x int; SELECT 1/0; SELECT 2");
  ASSERT_EQ(said.statements.size(), 2u);
  EXPECT_TRUE(said.has_failed);
  EXPECT_EQ(said.statements[1].effect.sqlstate, "22012");
  const auto columns = connection_->value(
      "select count(*)::text from information_schema.columns where column_name = 'x'");
  ASSERT_TRUE(columns);
  EXPECT_EQ(*columns, "0");
}

TEST_F(RehearsalTest, WhatRefusesATransactionRunsAlone) {
  const auto said = rehearse_text("CREATE INDEX CONCURRENTLY i ON orders(note)");
  ASSERT_EQ(said.statements.size(), 1u);
  EXPECT_FALSE(said.has_failed) << text_of(said);
  EXPECT_FALSE(said.is_dangerous()) << text_of(said);
  const Json json = to_json(said);
  EXPECT_FALSE(json.flag("dangerous"));
}

TEST_F(RehearsalTest, RowsThatGoAreTold) {
  const auto said = rehearse_text("TRUNCATE orders");
  ASSERT_EQ(said.statements.size(), 1u);
  EXPECT_EQ(said.statements[0].effect.gone, Names{"rows of orders"});
  EXPECT_TRUE(said.statements[0].harms.loses);
}

TEST_F(RehearsalTest, TheCatalogueTellsLintWhatItAsks) {
  const auto schema = read_schema(*connection_);
  ASSERT_TRUE(schema) << (schema ? "" : schema.error().sentence());
  const lint::Table* orders = schema->table("orders");
  ASSERT_NE(orders, nullptr);
  EXPECT_EQ(orders->rows, 1'000);
  ASSERT_NE(orders->column("note"), nullptr);
  EXPECT_EQ(orders->column("note")->type, (lint::Type{"varchar", {20}, false}));
  EXPECT_TRUE(orders->column("state")->is_required);
  EXPECT_TRUE(orders->column("state")->has_default);
  EXPECT_FALSE(orders->column("note")->is_required);
  EXPECT_TRUE(schema->indexes.contains("orders_pkey"));
}

TEST_F(RehearsalTest, WhatPgStatStatementsKeptCanBePrepared) {
  const auto none = statements_of(*connection_);
  ASSERT_TRUE(none);
  EXPECT_TRUE(none->empty());
  must(*connection_, "create extension pg_stat_statements; select pg_stat_statements_reset()");
  for (const char* said : {"select id from orders where now() - interval '1 day' < now()",
                           "select extract(year from now()), id from orders where id in (1, 2)",
                           "update orders set note = 'x' where id = 3 returning id",
                           "insert into orders(id) values (5000) on conflict (id) do nothing"})
    must(*connection_, said);
  const auto kept = statements_of(*connection_);
  ASSERT_TRUE(kept);
  OldRelease old{"", *kept, OldRelease::How::Prepare};
  EXPECT_GE(old.statements.size(), 4u);
  must(*connection_, "begin");
  const auto broken = find_broken(*connection_, old);
  must(*connection_, "rollback");
  ASSERT_TRUE(broken);
  for (const auto& one : *broken) ADD_FAILURE() << one.statement << ": " << one.why;
}

TEST_F(RehearsalTest, AnUpsertNeedsItsUniqueIndex) {
  must(*connection_, "create unique index one_note on orders(note) where id < 0");
  terms_.old.statements.push_back(
      {"upsert",
       "insert into orders(id, note) values ($1, $2) on conflict (note) where id < 0 do nothing"});
  EXPECT_EQ(broken_by("DROP INDEX one_note"), Names{"upsert"});
}

TEST(Preparable, FormsThatPrepareRefusesAreRewritten) {
  EXPECT_EQ(preparable("select now() - interval $1"), "select now() - $1::interval");
  EXPECT_EQ(preparable("select extract($1 from at) from t"), "select date_part($1, at) from t");
  EXPECT_EQ(preparable("select 'interval $1' from t where a = $2"),
            "select 'interval $1' from t where a = $2");
}

}  // namespace
}  // namespace slipway::database::rehearsal
