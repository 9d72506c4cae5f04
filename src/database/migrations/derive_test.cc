// The phase of a migration that says none.
#include "database/migrations/derive.h"

#include <gtest/gtest.h>

#include "database/migrations/folder.h"

namespace slipway::database::migrations {
namespace {

Phase phase(std::string_view text) { return derive_phase(text).phase; }
std::string mixed(std::string_view text) { return derive_phase(text).mixed; }

TEST(DerivedPhase, WhatAddsIsExpand) {
  for (const char* text :
       {"CREATE TABLE t(id int)", "ALTER TABLE t ADD COLUMN a text", "CREATE INDEX ON t(a)",
        "ALTER TYPE mood ADD VALUE 'meh'", "ALTER TABLE t DROP CONSTRAINT k", "DROP INDEX i",
        "ALTER INDEX i RENAME TO j", "ALTER TABLE t ALTER COLUMN a DROP NOT NULL",
        "no statement at all", "", "DO $$ BEGIN PERFORM 1; END $$"})
    EXPECT_EQ(phase(text), Phase::Expand) << text;
}

TEST(DerivedPhase, WhatTakesAwayFromTheReleaseThatRunsIsContract) {
  for (const char* text :
       {"ALTER TABLE t DROP COLUMN a", "DROP TABLE t", "DROP VIEW v", "DROP FUNCTION f(int)",
        "DROP TYPE mood", "ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE t RENAME TO u",
        "ALTER TABLE t ALTER COLUMN a TYPE bigint", "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE t ALTER COLUMN a DROP DEFAULT", "ALTER TABLE t SET SCHEMA other", "TRUNCATE t",
        "ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", "ALTER TABLE p DETACH PARTITION q"})
    EXPECT_EQ(phase(text), Phase::Contract) << text;
}

TEST(DerivedPhase, WhatChangesRowsAloneIsData) {
  for (const char* text :
       {"UPDATE t SET a = 1", "DELETE FROM t", "INSERT INTO t SELECT * FROM u",
        "BEGIN; SET statement_timeout = 0; UPDATE t SET a = 1; COMMIT", "INSERT INTO t VALUES (1)"})
    EXPECT_EQ(phase(text), Phase::Backfill) << text;
}

TEST(DerivedPhase, WhatTheFileItselfMadeIsNobodysYet) {
  for (const char* text :
       {"CREATE TABLE t(id int); INSERT INTO t SELECT 1; ALTER TABLE t DROP COLUMN id",
        "CREATE TABLE public.t(id int); UPDATE t SET id = 1",
        "DROP VIEW v; CREATE VIEW v AS SELECT 1",
        "DROP FUNCTION f(int); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TABLE t(id int); ALTER TABLE t RENAME TO u",
        "ALTER TABLE t ADD COLUMN a text; INSERT INTO settings VALUES ('a')"}) {
    EXPECT_EQ(phase(text), Phase::Expand) << text;
    EXPECT_EQ(mixed(text), "") << text;
  }
}

TEST(DerivedPhase, SeveralPhasesInOneFileAreTold) {
  EXPECT_EQ(mixed("ALTER TABLE t ADD COLUMN a text;\nUPDATE t SET a = b;\n"
                  "ALTER TABLE t DROP COLUMN b"),
            "it adds (line 1) and changes rows (line 2) and takes away (line 3)");
  EXPECT_EQ(mixed("CREATE TABLE u(id int);\nDROP TABLE t"),
            "it adds (line 1) and takes away (line 2)");
  EXPECT_EQ(mixed("ALTER TABLE t DROP COLUMN a; ALTER TABLE t DROP COLUMN b"), "");
}

TEST(DerivedPhase, IsFoundWhenAFolderIsRead) {
  Folder folder{"/m",
                {{"0001_drop.sql", "ALTER TABLE t DROP COLUMN a"},
                 {"0002_said.sql", "-- slipway: phase=expand\nALTER TABLE t DROP COLUMN b"},
                 {"0003_mixed.sql", "CREATE TABLE u(id int); DROP TABLE v"}}};
  const auto list = read_migrations(Tool::Plain, folder);
  ASSERT_TRUE(list) << list.error().sentence();
  EXPECT_EQ(phase_in((*list)[0], Past::Begun), Phase::Contract);
  EXPECT_EQ(phase_in((*list)[0], Past::Empty), Phase::Expand);
  EXPECT_EQ(phase_in((*list)[1], Past::Begun), Phase::Expand);
  EXPECT_NE((*list)[2].mixed, "");
}

}  // namespace
}  // namespace slipway::database::migrations
