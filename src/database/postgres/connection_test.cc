#include "database/postgres/connection.h"

#include <gtest/gtest.h>

#include <thread>

#include "database/postgres/scratch_server.h"
#include "database/postgres/url.h"
#include "io/files.h"

namespace slipway::database::postgres {
namespace {

// One server for the whole program: a cluster takes seconds to make.
class Postgres : public testing::Test {
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
  static std::unique_ptr<Connection> connect() {
    auto connection = Connection::open(server_->url(), "test");
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().sentence());
    return connection ? std::move(*connection) : nullptr;
  }
  static ScratchServer* server_;
};
ScratchServer* Postgres::server_ = nullptr;

TEST_F(Postgres, AnswersWithValuesAndNulls) {
  auto connection = connect();
  auto rows = connection->query("select $1::int + 1 as more, $2::text, true, 0.5::float8",
                                {"41", std::nullopt});
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->count(), 1);
  EXPECT_EQ(rows->name(0), "more");
  EXPECT_EQ(rows->integer(0, 0), 42);
  EXPECT_TRUE(rows->is_null(0, 1));
  EXPECT_TRUE(rows->is_true(0, 2));
  EXPECT_EQ(rows->real(0, 3), 0.5);
  EXPECT_GE(connection->server_version(), 130000);
}

TEST_F(Postgres, AFailureCarriesItsStateItsPlaceAndItsStatement) {
  auto connection = connect();
  auto rows = connection->query("select nothing from nowhere");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, Code::DatabaseRefused);
  EXPECT_EQ(connection->sqlstate(), "42P01");
  EXPECT_EQ(connection->position(), 21);
  EXPECT_NE(rows.error().what.find("select nothing"), std::string::npos);
  EXPECT_TRUE(connection->is_alive());
}

TEST_F(Postgres, HiddenValuesStandInNoError) {
  auto connection = connect();
  ASSERT_TRUE(connection->run(
      "create temp table hidden (mail text unique, age int constraint grown check (age > 17)); "
      "create function pg_temp.tell() returns int language plpgsql as "
      "$$begin raise exception 'it is ada@example.org' using hint = 'ada@example.org'; end$$"));
  connection->hide_values();
  ASSERT_TRUE(connection->query("insert into hidden values ($1, 18)", {"ada@example.org"}));
  struct Case {
    std::string statement;
    std::string_view said;
  };
  // The value is a parameter: a statement's own beginning is ours and is shown.
  for (const auto& [statement, said] :
       {Case{"insert into hidden values ($1, 18)", "hidden_mail_key"},
        Case{"insert into hidden values ($1, 3)", "grown"}, Case{"select $1::text::int", "22P02"},
        Case{"select pg_temp.tell() where $1 = $1", "P0001"}}) {
    const auto failed = connection->query(statement, {"ada@example.org"});
    ASSERT_FALSE(failed) << statement;
    EXPECT_EQ(failed.error().sentence().find("ada@"), std::string::npos)
        << failed.error().sentence();
    EXPECT_NE(failed.error().what.find(said), std::string::npos) << failed.error().what;
  }
}

TEST_F(Postgres, SeveralStatementsInOneTextAreOneTransaction) {
  auto connection = connect();
  EXPECT_FALSE(connection->run("create table half(id int); select 1/0"));
  EXPECT_EQ(connection->sqlstate(), "22012");
  auto there = connection->value("select to_regclass('half')::text");
  ASSERT_TRUE(there);
  EXPECT_FALSE(there->has_value());
}

TEST_F(Postgres, CopiesOutAndIn) {
  auto connection = connect();
  ASSERT_TRUE(connection->run("create table copied(id int, words text)"));
  ASSERT_TRUE(connection->begin_copy_in("copy copied from stdin"));
  ASSERT_TRUE(connection->send("1\tone\n2\t"));
  ASSERT_TRUE(connection->send("two\n"));
  auto taken = connection->end_copy_in();
  ASSERT_TRUE(taken) << taken.error().sentence();
  EXPECT_EQ(*taken, 2);
  std::string all;
  auto given = connection->copy_out("copy copied to stdout", [&](std::string_view bytes) {
    all += bytes;
    return Result<void>();
  });
  ASSERT_TRUE(given);
  EXPECT_EQ(*given, 2);
  EXPECT_EQ(all, "1\tone\n2\ttwo\n");
}

TEST_F(Postgres, AnAbandonedCopyLeavesNothing) {
  auto connection = connect();
  ASSERT_TRUE(connection->run("create table abandoned(id int)"));
  ASSERT_TRUE(connection->begin_copy_in("copy abandoned from stdin"));
  ASSERT_TRUE(connection->send("1\n"));
  connection->abandon_copy_in("the test says so");
  EXPECT_EQ(connection->value("select count(*) from abandoned").value(), "0");
}

TEST_F(Postgres, ASinkThatFailsEndsTheCopyAndTheConnectionGoesOn) {
  auto connection = connect();
  int pieces = 0;
  auto given = connection->copy_out("copy (select generate_series(1, 1000000)) to stdout",
                                    [&](std::string_view) -> Result<void> {
                                      if (++pieces < 3) return {};
                                      return Error(Code::DiskFull, "no room");
                                    });
  ASSERT_FALSE(given);
  EXPECT_EQ(given.error().code, Code::DiskFull);
  EXPECT_EQ(pieces, 3);
  EXPECT_TRUE(connection->query("select 1"));
}

TEST_F(Postgres, AnotherThreadCancels) {
  auto connection = connect();
  auto other = connect();
  const auto pid = std::to_string(connection->backend_pid());
  std::thread canceller([&, cancel = connection->canceller()] {
    for (;;) {
      auto state = other->value("select state from pg_stat_activity where pid = $1", {pid});
      if (state && *state == "active") break;
    }
    cancel.cancel();
  });
  EXPECT_FALSE(connection->run("select pg_sleep(60)"));
  EXPECT_EQ(connection->sqlstate(), Connection::kCancelled);
  canceller.join();
}

TEST_F(Postgres, ABrokenConnectionIsSaidToBeBroken) {
  auto connection = connect();
  auto other = connect();
  ASSERT_TRUE(other->query("select pg_terminate_backend($1, 10000)",
                           {std::to_string(connection->backend_pid())}));
  auto rows = connection->query("select 1");
  ASSERT_FALSE(rows);
  EXPECT_EQ(rows.error().code, Code::ConnectionLost);
  EXPECT_FALSE(connection->is_alive());
}

TEST_F(Postgres, NoticesAreHeard) {
  auto connection = connect();
  std::string heard;
  connection->on_notice([&](std::string_view severity, std::string_view message) {
    heard = std::string(severity) + " " + std::string(message);
  });
  ASSERT_TRUE(connection->run("do $$ begin raise warning 'mind the gap'; end $$"));
  EXPECT_EQ(heard, "WARNING mind the gap");
}

TEST_F(Postgres, QuotesNamesAndTexts) {
  auto connection = connect();
  EXPECT_EQ(connection->quote_name("a \"b\""), "\"a \"\"b\"\"\"");
  EXPECT_EQ(connection->quote_text("it's"), "'it''s'");
}

TEST_F(Postgres, WhatCannotBeOpenedSaysWhyAndNeverThePassword) {
  auto missing = Connection::open(for_database(server_->url(), "absent"), "test");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::NotFound);
  auto nobody = Connection::open("postgresql://app:hidden@127.0.0.1:1/shop", "test");
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, Code::DatabaseUnreachable);
  EXPECT_EQ(nobody.error().sentence().find("hidden"), std::string::npos);
}

TEST(ScratchServer, ComesBackAfterACrash) {
  auto server = ScratchServer::start();
  ASSERT_TRUE(server) << server.error().sentence();
  {
    auto connection = Connection::open((*server)->url(), "test");
    ASSERT_TRUE(connection);
    ASSERT_TRUE((*connection)->run("create table kept(id int)"));
  }
  ASSERT_TRUE((*server)->crash());
  EXPECT_FALSE(Connection::open((*server)->url(), "test"));
  auto again = (*server)->restart();
  ASSERT_TRUE(again) << again.error().sentence();
  auto connection = Connection::open((*server)->url(), "test");
  ASSERT_TRUE(connection);
  const std::string folder = (*server)->folder();
  server->reset();
  EXPECT_FALSE(io::exists(folder));
}

TEST(Url, IsShownWithoutItsPassword) {
  EXPECT_EQ(without_password("postgresql://app:hidden@db.example:5433/shop?sslmode=require"),
            "postgresql://app@db.example:5433/shop");
  EXPECT_EQ(without_password("host=/run user=app password='hi dden' dbname=shop"),
            "postgresql://app@/run/shop");
  EXPECT_EQ(without_password("mysql://app:hidden@x").find("hidden"), std::string::npos);
}

TEST(Url, LeadsToAnotherDatabase) {
  const auto other = for_database("postgresql://app:it's@db:5433/shop?sslmode=require", "copy 2");
  EXPECT_EQ(database_of(other), "copy 2");
  EXPECT_EQ(without_password(other), "postgresql://app@db:5433/copy 2");
  EXPECT_NE(other.find("sslmode='require'"), std::string::npos);
}

TEST(Url, WhatIsNoneIsRefusedWithoutRepeatingIt) {
  EXPECT_TRUE(check_url("postgresql://app@db/shop"));
  const auto refused = check_url("hidden=1 password=hidden");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::ConfigInvalid);
  EXPECT_EQ(refused.error().sentence().find("hidden"), std::string::npos);
}

}  // namespace
}  // namespace slipway::database::postgres
