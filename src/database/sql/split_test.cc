#include "database/sql/split.h"

#include <gtest/gtest.h>

namespace slipway::database::sql {
namespace {

std::vector<std::string> texts(std::string_view text) {
  const auto statements = split(text);
  EXPECT_TRUE(statements) << (statements ? "" : statements.error().what);
  std::vector<std::string> out;
  if (statements)
    for (const auto& statement : *statements) out.emplace_back(statement.text);
  return out;
}
using Texts = std::vector<std::string>;

TEST(Split, SemicolonsEndStatementsAndTheLastNeedsNone) {
  EXPECT_EQ(texts("select 1; select 2"), (Texts{"select 1", "select 2"}));
  EXPECT_EQ(texts(" ;; select 1 ;\n; "), (Texts{"select 1"}));
  EXPECT_EQ(texts(""), Texts{});
  EXPECT_EQ(texts("-- only words\n/* and more */"), Texts{});
}

TEST(Split, QuotesHoldSemicolons) {
  EXPECT_EQ(texts("select 'a;''b;' ; x"), (Texts{"select 'a;''b;'", "x"}));
  EXPECT_EQ(texts("select \"a;\"\"b\"; x"), (Texts{"select \"a;\"\"b\"", "x"}));
  EXPECT_EQ(texts("select e'a\\';b'; x"), (Texts{"select e'a\\';b'", "x"}));
  EXPECT_EQ(texts("select 'a\\'; x"), (Texts{"select 'a\\'", "x"}));  // standard strings
  EXPECT_EQ(texts("select $$a;b$$; x"), (Texts{"select $$a;b$$", "x"}));
  EXPECT_EQ(texts("select $f$a;$$;b$f$; x"), (Texts{"select $f$a;$$;b$f$", "x"}));
  EXPECT_EQ(texts("select $1; select a$b$c; x"), (Texts{"select $1", "select a$b$c", "x"}));
}

TEST(Split, CommentsNestAndHoldSemicolons) {
  EXPECT_EQ(texts("a /* ; /* ; */ ; */ b; c"), (Texts{"a /* ; /* ; */ ; */ b", "c"}));
  EXPECT_EQ(texts("a -- ; b\n c; d"), (Texts{"a -- ; b\n c", "d"}));
}

TEST(Split, ARulesActionsAndAnAtomicBodyAreOneStatement) {
  EXPECT_EQ(texts("create rule r as on insert to t do (select 1; select 2); x").size(), 2U);
  EXPECT_EQ(texts("create function f() returns int begin atomic select 1; select case when true "
                  "then 1 end; end; select 3")
                .size(),
            2U);
  EXPECT_EQ(texts("begin; update t set a = case when b then 1 end; end; x").size(), 4U);
}

TEST(Split, SaysWhereAStatementBegins) {
  const auto statements = split("-- header\n\n  alter table t;\nselect 2;  select 3");
  ASSERT_TRUE(statements);
  ASSERT_EQ(statements->size(), 3U);
  EXPECT_EQ((*statements)[0].line, 3);
  EXPECT_EQ((*statements)[0].column, 3);
  EXPECT_EQ((*statements)[0].offset, 13U);
  EXPECT_EQ((*statements)[1].line, 4);
  EXPECT_EQ((*statements)[2].column, 12);
}

TEST(Split, WhatIsNeverClosedIsSaidWithItsPlace) {
  for (const char* text : {"select 1;\n select 'x", "select 1;\n select \"x",
                           "select 1;\n select /*", "select 1;\n select $a$ $b$"}) {
    const auto statements = split(text);
    ASSERT_FALSE(statements) << text;
    EXPECT_EQ(statements.error().code, Code::Malformed);
    EXPECT_NE(statements.error().what.find("line 2, column 9"), std::string::npos)
        << statements.error().what;
  }
}

TEST(Split, PsqlsCommandsAreMarked) {
  const auto statements = split("\\connect shop\nselect 1;");
  ASSERT_TRUE(statements);
  ASSERT_EQ(statements->size(), 2U);
  EXPECT_TRUE((*statements)[0].is_psql);
  EXPECT_FALSE((*statements)[1].is_psql);
}

TEST(FirstWords, LeaveCommentsOutAndNameQuotes) {
  EXPECT_EQ(first_words("/* x */ create -- y\n Index concurrently \"a b\" on t", 4),
            (Texts{"CREATE", "INDEX", "CONCURRENTLY", "\""}));
}

}  // namespace
}  // namespace slipway::database::sql
