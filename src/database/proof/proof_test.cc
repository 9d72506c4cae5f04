#include <gtest/gtest.h>

#include "database/postgres/scratch_server.h"
#include "database/proof/prove.h"

namespace slipway::database::proof {
namespace {
using postgres::Connection;
using postgres::ScratchServer;

TEST(Comparing, TablesThatWereStillMustBeTheSameToTheRow) {
  const Marks held{{"public.a", {5, "1"}}, {"public.b", {2, "9"}}};
  EXPECT_TRUE(compare(held, held, held).is_good());
  EXPECT_EQ(compare(held, held, held).same.size(), 2U);
  EXPECT_EQ(compare(held, held, held).rows, 7);
  const Marks fewer{{"public.a", {4, "3"}}, {"public.b", {2, "9"}}};
  ASSERT_EQ(compare(held, held, fewer).differences.size(), 1U);
  EXPECT_EQ(compare(held, held, fewer).differences[0].what, "has 4 rows, must have 5");
  const Marks others{{"public.a", {5, "3"}}, {"public.b", {2, "9"}}};
  EXPECT_EQ(compare(held, held, others).differences[0].what,
            "its 5 rows are not the rows it must have");
}

TEST(Comparing, ATableThatIsMissingOrTooManyIsADifference) {
  const Marks held{{"public.a", {5, "1"}}};
  EXPECT_EQ(compare(held, held, {}).differences[0].what, "is not there");
  const Marks more{{"public.a", {5, "1"}}, {"public.x", {0, "0"}}};
  EXPECT_EQ(compare(held, held, more).differences[0].what, "is there, and must not be");
}

TEST(Comparing, ATableThatMovedIsComparedByItsRowsAlone) {
  const Marks before{{"public.a", {5, "1"}}};
  const Marks after{{"public.a", {7, "2"}}};
  const auto between = compare(before, after, {{"public.a", {6, "5"}}});
  EXPECT_TRUE(between.is_good());
  EXPECT_EQ(between.moved, std::vector<std::string>{"public.a"});
  EXPECT_FALSE(compare(before, after, {{"public.a", {0, "0"}}}).is_good());
  EXPECT_TRUE(compare({}, {{"public.new", {1, "1"}}}, {{"public.new", {1, "1"}}}).is_good());
}

class Marked : public testing::Test {
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
    connection_ = std::move(*Connection::open(server_->url(), "test"));
    run("drop schema if exists shop cascade; create schema shop;"
        "create table shop.orders(id int primary key, at timestamptz, price float8, note text);"
        "insert into shop.orders select i, now() - i * interval '1 day', i / 3.0, 'n' || i"
        " from generate_series(1, 500) i");
  }
  void run(const std::string& statements) {
    const auto ran = connection_->run(statements);
    ASSERT_TRUE(ran) << ran.error().sentence();
  }
  Mark mark() {
    const auto marks = marks_of(*connection_);
    EXPECT_TRUE(marks) << (marks ? "" : marks.error().sentence());
    return marks ? marks->at("shop.orders") : Mark();
  }
  static ScratchServer* server_;
  std::unique_ptr<Connection> connection_;
};
ScratchServer* Marked::server_ = nullptr;

TEST_F(Marked, TheSameRowsInAnotherOrderHaveTheSameMark) {
  const Mark before = mark();
  EXPECT_EQ(before.rows, 500);
  run("create table shop.turned as select * from shop.orders order by id desc;"
      "truncate shop.orders; insert into shop.orders select * from shop.turned;"
      "drop table shop.turned");
  EXPECT_EQ(mark(), before);
}

TEST_F(Marked, HowASessionIsSetDoesNotShow) {
  const Mark before = mark();
  run("set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set extra_float_digits = -5");
  EXPECT_EQ(mark(), before);
}

TEST_F(Marked, OneBitOfOneRowShows) {
  const Mark before = mark();
  run("update shop.orders set note = 'm7' where id = 7");
  EXPECT_EQ(mark().rows, before.rows);
  EXPECT_NE(mark().hash, before.hash);
  run("update shop.orders set note = 'n7' where id = 7");
  EXPECT_EQ(mark(), before);
  // Two rows that trade a value: the sum of their columns is the same, their rows are not.
  run("update shop.orders set note = case id when 1 then 'n2' else 'n1' end where id in (1, 2)");
  EXPECT_NE(mark().hash, before.hash);
}

TEST_F(Marked, ATableThatMayNotBeReadIsAnErrorAndNoProof) {
  run("drop role if exists plain; create role plain; set role plain");
  const auto marks = marks_of(*connection_);
  ASSERT_FALSE(marks);
  EXPECT_NE(marks.error().what.find("permission denied"), std::string::npos);
}

TEST(Proofs, SayWhatWasFoundAndHowLongItTook) {
  Proof proof;
  proof.entry = "20261122-014500F";
  proof.rto_seconds = 12.34;
  proof.is_compared = true;
  proof.comparison.same = {"public.a"};
  proof.comparison.rows = 5;
  proof.phases = {{"restore", 12.3}, {"amcheck", 0.5}};
  EXPECT_EQ(in_words(proof),
            "20261122-014500F: good\n  back in 12.3s (RTO)\n  1 table the same, 5 rows in all\n"
            "  restore 12.3s, amcheck 0.5s\n");
  proof.faults = {"pg_data/1 is 0 bytes long"};
  EXPECT_NE(in_words(proof).find("NOT GOOD\n  pg_data/1 is 0 bytes long\n"), std::string::npos);
  EXPECT_FALSE(to_json(proof).flag("good", true));
}

}  // namespace
}  // namespace slipway::database::proof
