// Words, statements that cannot be in a transaction, and what a file may mix.
#include "database/migrations/script.h"

#include <gtest/gtest.h>

#include "database/migrations/backfill.h"
#include "database/migrations/words.h"

namespace slipway::database::migrations {
namespace {

Migration file(const std::string& text, Wrap wrap = Wrap::Automatic) {
  Migration out;
  out.path = "0001_x.sql";
  out.up = {text, wrap};
  return out;
}
Result<Steps> steps(const std::string& text, Wrap wrap = Wrap::Automatic) {
  const Migration migration = file(text, wrap);
  return steps_of(migration, migration.up);
}

TEST(Words, AreFoundOutsideOfQuotesAndComments) {
  const auto words =
      words_of("select 'a b', \"C\"\"d\", $x$ y $x$ /* /* z */ */ -- w\n, e'it\\'s'");
  std::vector<std::string_view> texts;
  for (const auto& word : words) texts.push_back(word.text);
  EXPECT_EQ(texts, (std::vector<std::string_view>{"select", "'a b'", ",", "\"C\"\"d\"", ",",
                                                  "$x$ y $x$", ",", "e'it\\'s'"}));
}

TEST(NamesIn, FoldsAndQuotesAndLooksIntoBodies) {
  const auto names = names_in("ALTER TABLE Shop.\"Order\" ADD x int REFERENCES users");
  EXPECT_EQ(names[2], "\"shop\".\"Order\"");
  EXPECT_EQ(names.back(), "\"users\"");
  const auto inner = names_in("do $$ begin execute 'x'; drop table gone; end $$");
  EXPECT_NE(std::find(inner.begin(), inner.end(), "\"gone\""), inner.end());
}

TEST(LockedNames, AreThoseOfStatementsThatStopOthers) {
  EXPECT_FALSE(locked_names("alter table t add column x int").empty());
  EXPECT_FALSE(locked_names("do $$ begin drop table t; end $$").empty());
  for (const char* text : {"insert into t values (1)", "update t set a = 1", "select f()",
                           "alter table t validate constraint c", "set search_path = t"})
    EXPECT_TRUE(locked_names(text).empty()) << text;
}

TEST(Alone, KnowsWhatCannotBeInATransaction) {
  for (const char* text :
       {"create index concurrently i on t(a)", "CREATE UNIQUE INDEX CONCURRENTLY i ON t(a)",
        "drop index concurrently if exists i", "reindex index concurrently i",
        "reindex (verbose, concurrently) table t", "vacuum full t", "alter system set x = 1",
        "create database d", "alter table p detach partition q concurrently"})
    EXPECT_TRUE(alone_of(text)) << text;
  for (const char* text : {"create index i on t(a)", "drop index i", "reindex table t",
                           "alter table p detach partition q", "alter table concurrently add a int",
                           "alter type m add value 'x'", "create table vacuum(i int)"})
    EXPECT_FALSE(alone_of(text)) << text;
  const auto build = alone_of("create index concurrently if not exists \"I\" on only s.T (a)");
  EXPECT_EQ(build->index, "\"I\"");
  EXPECT_EQ(build->table, "\"s\".\"t\"");
  EXPECT_TRUE(build->may_exist);
}

TEST(StepsOf, RunsAFileInOneTransactionUnlessItsOneStatementCannotBe) {
  EXPECT_EQ(steps("create table a(); create table b();")->way, Steps::Way::OneTransaction);
  EXPECT_EQ(steps("set statement_timeout = 0; create index concurrently i on t(a);")->way,
            Steps::Way::OneByOne);
  EXPECT_EQ(steps("create table a(); create index concurrently i on t(a);", Wrap::None)->way,
            Steps::Way::OneByOne);
}

TEST(StepsOf, RefusesWhatItWouldHaveToGuess) {
  for (const char* text :
       {"create table a(); create index concurrently i on t(a);",
        "create index concurrently i on t(a); create index concurrently j on t(b);",
        "create index concurrently on t(a)", "create table a(); commit; create table b();",
        "begin; create table a(); rollback;", "\\i other.sql\nselect 1;"}) {
    const auto refused = steps(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, Code::MigrationRefused);
    EXPECT_FALSE(refused.error().next.empty());
    EXPECT_TRUE(refused.error().what.starts_with("0001_x.sql:")) << refused.error().what;
  }
}

TEST(StepsOf, TakesOffATransactionThatFramesTheWholeFile) {
  const auto framed = steps("BEGIN;\ncreate table a();\nCOMMIT;");
  ASSERT_TRUE(framed);
  ASSERT_EQ(framed->steps.size(), 1U);
  EXPECT_EQ(framed->steps[0].line, 2);
}

TEST(BatchStatement, PutsTheBoundsWhereTheyAreMeant) {
  const auto one = batch_statement(
      file("update t set a = b::text, c = ':from' where id between :from and :to -- :to\n;"), "1",
      "9");
  ASSERT_TRUE(one) << one.error().what;
  EXPECT_EQ(*one, "update t set a = b::text, c = ':from' where id between 1 and 9");
  EXPECT_FALSE(batch_statement(file("update t set a = 1 where id > :from"), "1", "2"));
  EXPECT_FALSE(
      batch_statement(file("update t set a = :other where id between :from and :to"), "1", "2"));
  EXPECT_FALSE(batch_statement(file("select 1; select 2"), "1", "2"));
}

TEST(NextBatch, AimsBetweenTwoAndFiveTenthsOfASecond) {
  EXPECT_EQ(next_batch(1000, Millis(350)), 1000);
  EXPECT_EQ(next_batch(1000, Millis(1)), 2000) << "at most twice as many";
  EXPECT_EQ(next_batch(1000, Millis(10'000)), 500) << "at least half";
  EXPECT_EQ(next_batch(1, Millis(10'000)), 1);
  EXPECT_EQ(next_batch(100'000, Millis(1)), 100'000);
}

}  // namespace
}  // namespace slipway::database::migrations
