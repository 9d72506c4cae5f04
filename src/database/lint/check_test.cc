#include "database/lint/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/text.h"
#include "database/lint/text.h"

namespace slipway::database::lint {
namespace {

std::vector<std::string> names_of_findings(const std::vector<Finding>& findings) {
  std::vector<std::string> out;
  for (const auto& one : findings) out.emplace_back(one.rule->name);
  return out;
}

// The rules that fire on `text` after `before` was committed.
std::string found(std::string_view text, std::string_view before = "") {
  Schema schema;
  check(before, schema);
  schema.settle();
  return join(names_of_findings(check(text, schema)), " ");
}

constexpr const char* kShop =
    "create table orders(id bigint primary key, state text not null default 'new', note text,"
    " code varchar(20), at timestamptz, email text unique);"
    "create index orders_at on orders(at);";

TEST(Lint, AMigrationThatHurtsNobodyHasNoFindings) {
  EXPECT_EQ(found("ALTER TABLE orders ADD COLUMN x text; CREATE TABLE n(id int PRIMARY KEY);"
                  "CREATE INDEX ON n(id); COMMENT ON TABLE n IS 'new'",
                  kShop),
            "");
}

TEST(Lint, AVolatileDefaultWritesTheTableAgain) {
  EXPECT_EQ(found("ALTER TABLE orders ADD COLUMN x uuid DEFAULT gen_random_uuid()"),
            "add-column-rewrite");
  EXPECT_EQ(found("ALTER TABLE orders ADD COLUMN x timestamptz DEFAULT now()"), "");
}

TEST(Lint, AFunctionOfTheTeamIsVolatileUnlessItSaysOtherwise) {
  const char* use = "ALTER TABLE orders ADD COLUMN x text DEFAULT f()";
  EXPECT_EQ(found(use, "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'select 1'"),
            "add-column-rewrite");
  EXPECT_EQ(found(use, "CREATE FUNCTION f() RETURNS text LANGUAGE sql IMMUTABLE AS 'select 1'"),
            "");
}

TEST(Lint, WhatTheSameMigrationMadeIsUsedByNobody) {
  EXPECT_EQ(found("CREATE TABLE n(a int, b text); CREATE INDEX ON n(a); UPDATE n SET b = 'x';"
                  "ALTER TABLE n ALTER COLUMN b SET NOT NULL; ALTER TABLE n DROP COLUMN a;"
                  "TRUNCATE n; DROP TABLE n"),
            "");
}

TEST(Lint, NotNullIsCheapAfterAValidatedCheck) {
  const std::string before =
      std::string(kShop) +
      "ALTER TABLE orders ADD CONSTRAINT k CHECK (note IS NOT NULL) NOT VALID;";
  EXPECT_EQ(found("ALTER TABLE orders ALTER COLUMN note SET NOT NULL", before), "set-not-null");
  EXPECT_EQ(found("ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
                  before + "ALTER TABLE orders VALIDATE CONSTRAINT k"),
            "");
}

TEST(Lint, ValidatingInTheTransactionThatAddedTheConstraintReadsUnderItsLock) {
  EXPECT_EQ(found("ALTER TABLE orders ADD CONSTRAINT k CHECK (id > 0) NOT VALID;"
                  "ALTER TABLE orders VALIDATE CONSTRAINT k",
                  kShop),
            "constraint-on-old-writes work-under-lock");
}

TEST(Lint, AConstraintOnColumnsOfThisMigrationSparesOldWriters) {
  EXPECT_EQ(found("ALTER TABLE orders ADD COLUMN x int;"
                  "ALTER TABLE orders ADD CONSTRAINT k CHECK (x > 0) NOT VALID",
                  kShop),
            "");
}

TEST(Lint, TypesThatAreWiderCostNothing) {
  const auto change = [](const std::string& type) {
    return found("ALTER TABLE orders ALTER COLUMN code TYPE " + type, kShop);
  };
  EXPECT_EQ(change("varchar(40)"), "");
  EXPECT_EQ(change("text"), "");
  EXPECT_EQ(change("varchar(10)"), "column-type-rewrite");
  EXPECT_EQ(change("jsonb USING code::jsonb"), "column-type-rewrite");
}

TEST(Lint, ADefaultMayGoWhereNullMayCome) {
  EXPECT_EQ(found("ALTER TABLE orders ALTER COLUMN state DROP DEFAULT", kShop), "drop-default");
  EXPECT_EQ(found("ALTER TABLE orders ALTER COLUMN note DROP DEFAULT", kShop), "");
}

TEST(Lint, ARenamedTableNeedsAViewWithItsRights) {
  const std::string renamed = "ALTER TABLE orders RENAME TO purchases;";
  EXPECT_EQ(found(renamed, kShop), "rename-table");
  EXPECT_EQ(found(renamed + "CREATE VIEW orders AS SELECT * FROM purchases", kShop),
            "rename-table made-anew-without-rights");
  EXPECT_EQ(found(renamed + "CREATE VIEW orders AS SELECT * FROM purchases;"
                            "GRANT ALL ON orders TO app",
                  kShop),
            "");
}

TEST(Lint, RowsAreChangedInBatches) {
  EXPECT_EQ(found("UPDATE orders SET note = 'x'", kShop), "unbatched-change");
  EXPECT_EQ(found("UPDATE orders SET note = 'x' WHERE note IS NULL", kShop), "unbatched-change");
  EXPECT_EQ(found("UPDATE orders SET note = 'x' WHERE id = 7", kShop), "");
  EXPECT_EQ(found("DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT 100)", kShop), "");
}

TEST(Lint, AnIndexIsBuiltConcurrentlyAndAlone) {
  EXPECT_EQ(found("CREATE INDEX i ON orders(note)", kShop), "index-blocks-writes");
  EXPECT_EQ(found("CREATE INDEX CONCURRENTLY i ON orders(note)", kShop), "");
  EXPECT_EQ(found("SET lock_timeout = '1s'; CREATE INDEX CONCURRENTLY i ON orders(note)", kShop),
            "");
  const std::string two = "ALTER TABLE orders ADD x int; CREATE INDEX CONCURRENTLY i ON orders(x)";
  EXPECT_EQ(found(two, kShop), "not-in-transaction");
  EXPECT_EQ(found("-- slipway: transaction=none\n" + two, kShop), "");
}

TEST(Lint, ABlockIsReadAndWhatItHidesIsReported) {
  EXPECT_EQ(found("DO $$ BEGIN ALTER TABLE orders DROP COLUMN note; END $$"), "drop-column");
  EXPECT_EQ(found("DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'x'); END $$"), "hidden-statement");
  EXPECT_EQ(found("DO $$ BEGIN RAISE NOTICE 'x'; END $$"), "");
}

TEST(Lint, WhatIsNotUnderstoodIsNeverClean) {
  EXPECT_EQ(found("ALTER TABLE orders ALTER COLUMN note SET EXPRESSION AS (1)"), "unparsed");
  EXPECT_EQ(found("SELECT 'never closed"), "unparsed");
  EXPECT_EQ(found("\\connect other"), "unparsed");
}

TEST(Lint, AValueOfAnEnumIsNotUsedInItsTransaction) {
  EXPECT_EQ(
      found("ALTER TYPE mood ADD VALUE 'x'; UPDATE orders SET state = 'x' WHERE id = 1", kShop),
      "enum-value-too-early");
}

TEST(Lint, RightsAndPoliciesOfTheOldReleaseAreKept) {
  EXPECT_EQ(found("REVOKE INSERT ON orders FROM app", kShop), "revoke");
  EXPECT_EQ(found("REVOKE ALL ON orders FROM PUBLIC", kShop), "");
  EXPECT_EQ(found("ALTER ROLE app NOLOGIN"), "revoke");
  EXPECT_EQ(found("ALTER TABLE orders ENABLE ROW LEVEL SECURITY", kShop), "enable-row-security");
  EXPECT_EQ(found("CREATE POLICY p ON orders USING (true);"
                  "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
                  kShop),
            "");
  EXPECT_EQ(found("CREATE POLICY p ON orders AS RESTRICTIVE USING (false)", kShop),
            "restrictive-policy");
}

TEST(Lint, ARightOnAColumnThatNobodyHasCannotBeTaken) {
  Schema schema;
  schema.is_complete = true;
  check(kShop, schema);
  schema.settle();
  const char* take = "REVOKE SELECT (note) ON orders FROM app";
  EXPECT_TRUE(check(take, schema).empty());
  EXPECT_EQ(found(take, kShop), "revoke");  // a text alone does not know
  check("GRANT SELECT (note) ON orders TO app", schema);
  EXPECT_EQ(join(names_of_findings(check(take, schema)), " "), "revoke");
  EXPECT_EQ(join(names_of_findings(check("REVOKE SELECT ON orders FROM app", schema)), " "),
            "revoke");
}

TEST(Lint, ALongLookUnderALockThatWasTakenByHand) {
  EXPECT_EQ(found("LOCK TABLE orders IN SHARE MODE; SELECT count(*) FROM orders", kShop),
            "work-under-lock");
  EXPECT_EQ(found("LOCK TABLE orders IN ACCESS SHARE MODE; SELECT count(*) FROM orders", kShop),
            "");
}

TEST(Lint, ATriggerThatRaisesRefusesOldRows) {
  const std::string make = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ";
  const std::string use =
      "CREATE TRIGGER k BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f()";
  EXPECT_EQ(found(make + "RAISE EXCEPTION 'no'; END $$;" + use, kShop), "trigger-refuses");
  EXPECT_EQ(found(make + "RAISE NOTICE 'yes'; RETURN NEW; END $$;" + use, kShop), "");
}

TEST(Lint, ACopyTakesTheNameButNotTheRights) {
  const std::string swap =
      "CREATE TABLE copy(LIKE orders); ALTER TABLE orders RENAME TO old;"
      "ALTER TABLE copy RENAME TO orders;";
  EXPECT_EQ(found(swap, kShop), "rename-table made-anew-without-rights");
  EXPECT_EQ(found(swap + "GRANT ALL ON orders TO app", kShop), "");
}

TEST(Lint, ABatchMayComeFromALimitedQuestion) {
  EXPECT_EQ(found("WITH b AS (SELECT id FROM orders LIMIT 100) UPDATE orders SET note = 'x' FROM b "
                  "WHERE orders.id = b.id",
                  kShop),
            "");
  EXPECT_EQ(found("WITH b AS (SELECT id FROM orders) UPDATE orders SET note = 'x' FROM b "
                  "WHERE orders.id = b.id",
                  kShop),
            "unbatched-change");
}

TEST(Lint, WhatIsCertainlyNotThereIsNotHurt) {
  Schema schema;
  schema.is_complete = true;
  EXPECT_TRUE(
      check("DROP TABLE IF EXISTS x; ALTER TABLE IF EXISTS x ADD y int NOT NULL", schema).empty());
  schema.is_complete = false;
  EXPECT_EQ(check("DROP TABLE IF EXISTS x", schema).size(), 1u);
}

TEST(Types, WiderIsFreeAndNarrowerIsNot) {
  const auto change = [](const char* from, const char* to) {
    return change_of(type_of_text(from), type_of_text(to));
  };
  EXPECT_EQ(change("character varying(20)", "varchar(20)"), TypeChange::Nothing);
  EXPECT_EQ(change("varchar", "varchar(20)"), TypeChange::Rewrite);
  EXPECT_EQ(change("numeric(10,2)", "numeric(14,2)"), TypeChange::Nothing);
  EXPECT_EQ(change("numeric(10,2)", "numeric(14,4)"), TypeChange::Rewrite);
  EXPECT_EQ(change("numeric(10)", "numeric"), TypeChange::Nothing);
  EXPECT_EQ(change("integer", "bigint"), TypeChange::Rewrite);
  EXPECT_EQ(change("timestamp without time zone", "timestamptz"), TypeChange::NothingInUtc);
  EXPECT_EQ(change("cidr", "inet"), TypeChange::Nothing);
  EXPECT_EQ(change("text", "text[]"), TypeChange::Rewrite);
  EXPECT_EQ(change("character(2)", "text"), TypeChange::Rewrite);
}

TEST(Lint, FewRowsAreReadBeforeAnybodyNotices) {
  Schema schema;
  check(kShop, schema);
  schema.settle();
  schema.table("orders")->rows = 200;
  EXPECT_TRUE(check("CREATE INDEX i ON orders(note)", schema).empty());
}

TEST(Lint, AFindingHasItsPlace) {
  Schema schema;
  const auto findings = check(
      "-- a remark\nSELECT 1;\nALTER TABLE t\n  ADD COLUMN x int,\n"
      "  ADD COLUMN y serial;\n",
      schema);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].line, 5);
  EXPECT_EQ(findings[0].column, 14);
  EXPECT_EQ(findings[0].subject, "t.y");
}

TEST(Lint, AFindingIsAcknowledgedOnRecord) {
  Schema schema;
  const auto findings = check(
      "-- slipway: ack=drop-column\nALTER TABLE t DROP COLUMN a;"
      "DROP TABLE u",
      schema);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_TRUE(findings[0].is_acknowledged);
  EXPECT_FALSE(findings[1].is_acknowledged);
  EXPECT_TRUE(has_open(findings));
}

TEST(Lint, AContractMigrationMayBreakReleasesThatAreGone) {
  Schema schema;
  const auto findings = check(
      "-- slipway: phase=contract\nALTER TABLE t DROP COLUMN a;"
      "CREATE INDEX i ON t(b)",
      schema);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_TRUE(findings[0].is_acknowledged);
  EXPECT_FALSE(findings[1].is_acknowledged);
}

TEST(Lint, TheNameOfAFileMaySayItsPhaseAndItsHeaderWins) {
  Schema schema;
  EXPECT_FALSE(has_open(check("DROP TABLE t", schema, "contract")));
  EXPECT_TRUE(has_open(check("-- slipway: phase=expand\nDROP TABLE t", schema, "contract")));
}

TEST(Lint, TextAndJsonSayTheSame) {
  Schema schema;
  const Report report{"m/1.sql", check("DROP TABLE orders", schema)};
  EXPECT_TRUE(text_of(report).starts_with("m/1.sql:1:1: drop-table (breaks)\n    orders: "));
  const Json json = json_of(report);
  EXPECT_EQ(json.at("findings").items().at(0).text("rule"), "drop-table");
  EXPECT_EQ(json.at("findings").items().at(0).integer("line"), 1);
}

TEST(Lint, TheWayDownIsNotAnybodysMigration) {
  EXPECT_EQ(part_that_goes_up("-- migrate:up\nSELECT 1;\n-- migrate:down\nDROP TABLE x;\n"),
            "-- migrate:up\nSELECT 1;\n");
}

TEST(Lint, ItsPageTellsOfEveryRule) {
  std::ifstream file(std::string(SLIPWAY_SOURCE_DIR) + "/docs/database/lint.md");
  std::stringstream page;
  page << file.rdbuf();
  for (const auto& rule : rules()) {
    const std::string row = "| `" + std::string(rule.name) + "` | " +
                            std::string(name_of(rule.harm)) + " | " + std::string(rule.meaning) +
                            " | " + std::string(rule.instead) + " |\n";
    EXPECT_NE(page.str().find(row), std::string::npos) << row;
    EXPECT_EQ(rule_named(rule.name), &rule);
  }
}

}  // namespace
}  // namespace slipway::database::lint
