#include "database/sql/parse.h"

#include <gtest/gtest.h>

#include "database/sql/tree.h"

namespace slipway::database::sql {
namespace {

TEST(Parse, AStatementHasItsKindAndItsMembers) {
  const auto parsed = parse("ALTER TABLE s.t ADD COLUMN x int NOT NULL");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->kind, "AlterTableStmt");
  EXPECT_EQ(parsed->node.at("relation").text("schemaname"), "s");
  const Json& command = parsed->node.at("cmds").items().at(0).at("AlterTableCmd");
  EXPECT_EQ(command.text("subtype"), "AT_AddColumn");
  EXPECT_EQ(command.at("def").at("ColumnDef").text("colname"), "x");
}

TEST(Parse, WhatTheGrammarDoesNotKnowIsAnErrorInItsWords) {
  // PostgreSQL 17.
  const auto parsed = parse("ALTER TABLE t ALTER COLUMN x SET EXPRESSION AS (a + 1)");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Code::Malformed);
  EXPECT_NE(parsed.error().what.find("EXPRESSION"), std::string::npos);
}

TEST(Parse, SeveralStatementsAreRefused) { EXPECT_FALSE(parse("SELECT 1; SELECT 2")); }

TEST(Parse, AnExpressionDeeperThanBasesReaderAllowsIsRead) {
  std::string deep = "SELECT a";
  for (int i = 0; i < 200; ++i) deep += " || b";
  EXPECT_TRUE(parse(deep));
}

TEST(Parse, ThousandsOfLevelsAreRefusedAndNotWalked) {
  std::string deep = "SELECT a";
  for (int i = 0; i < 1'500; ++i) deep += " || b";
  EXPECT_FALSE(parse(deep));
}

TEST(Parse, StatementsOfABlockComeOutWithTheirLinesAndLoops) {
  const auto inside = statements_inside(
      "DO $$ BEGIN\n  ALTER TABLE t ADD x int;\n  FOR i IN 1..3 LOOP\n    UPDATE t SET x = 1;\n"
      "  END LOOP;\n  EXECUTE 'DROP TABLE ' || 'u';\n  EXECUTE 'DROP TABLE w';\nEND $$");
  ASSERT_TRUE(inside) << inside.error().sentence();
  ASSERT_EQ(inside->size(), 4u);
  EXPECT_EQ(inside->at(0).text, "ALTER TABLE t ADD x int");
  EXPECT_EQ(inside->at(0).line, 2);
  EXPECT_FALSE(inside->at(0).is_repeated);
  EXPECT_TRUE(inside->at(1).is_repeated);
  EXPECT_TRUE(inside->at(2).is_hidden);
  EXPECT_EQ(inside->at(3).text, "DROP TABLE w");
  EXPECT_FALSE(inside->at(3).is_hidden);
}

TEST(Parse, KnowsWhatRefusesATransaction) {
  const auto refuses = [](const char* text) {
    const auto parsed = parse(text);
    return parsed && refuses_transaction(*parsed);
  };
  EXPECT_TRUE(refuses("CREATE INDEX CONCURRENTLY i ON t(a)"));
  EXPECT_TRUE(refuses("DROP INDEX CONCURRENTLY i"));
  EXPECT_TRUE(refuses("REINDEX TABLE CONCURRENTLY t"));
  EXPECT_TRUE(refuses("VACUUM t"));
  EXPECT_TRUE(refuses("ALTER TABLE p DETACH PARTITION q CONCURRENTLY"));
  EXPECT_FALSE(refuses("CREATE INDEX i ON t(a)"));
  EXPECT_FALSE(refuses("ANALYZE t"));
  EXPECT_FALSE(refuses("REINDEX TABLE t"));
}

TEST(Parse, NormalisesAsPgStatStatementsDoes) {
  const auto text = normalise("select a from t where b = 'x' and c = 3");
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, "select a from t where b = $1 and c = $2");
}

TEST(Tree, EscapesAndDamageAreToldApart) {
  const auto text = read_tree(R"({"a": ["\u003e\n", -3, 1.5, true, null]})");
  ASSERT_TRUE(text);
  EXPECT_EQ(text->at("a").items().at(0).as_string(), ">\n");
  EXPECT_EQ(text->at("a").items().at(1).as_int(), -3);
  for (const char* broken : {"", "{", "[1,", "{\"a\"}", "\"x", "[1] 2", "\"\\q\"", "nope"})
    EXPECT_FALSE(read_tree(broken)) << broken;
}

}  // namespace
}  // namespace slipway::database::sql
