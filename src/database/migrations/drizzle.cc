// Drizzle: TAG.sql, listed by meta/_journal.json.
// Source: npm drizzle-orm 0.45.4, migrator.js (readMigrationFiles: the journal's entries in their
// order, split at "--> statement-breakpoint", hash = SHA-256 of the file).
#include <fmt/core.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/text.h"
#include "database/migrations/formats.h"

namespace slipway::database::migrations {

Result<std::vector<Migration>> read_drizzle(const Folder& folder) {
  const File* journal = folder.find("meta/_journal.json");
  if (journal == nullptr)
    return Error(
        Code::Malformed,
        fmt::format("{} has no meta/_journal.json, which lists Drizzle's migrations", folder.path),
        "name the folder that drizzle-kit writes (out: in drizzle.config)");
  const Json listed = TRY(Json::parse(journal->text));
  const std::string dialect = listed.text("dialect", "postgresql");
  if (dialect != "postgresql" && dialect != "pg")
    return Error(Code::Unsupported,
                 fmt::format("{} is for {}, not for PostgreSQL", folder.path, dialect),
                 "name the folder of the PostgreSQL migrations");
  std::vector<Migration> out;
  for (const Json& entry : listed.at("entries").items()) {
    Migration migration;
    migration.id = migration.name = entry.text("tag");
    migration.when = entry.integer("when");
    migration.path = migration.id + ".sql";
    const File* file = folder.find(migration.path);
    if (file == nullptr)
      return Error(
          Code::Malformed,
          fmt::format("{} is in Drizzle's journal, and not in {}", migration.path, folder.path),
          "commit the file, or run drizzle-kit drop");
    migration.checksum = sha256_hex(file->text);
    // A breakpoint ends a statement, with or without a ";" before it.
    migration.up.text = replace_all(file->text, "--> statement-breakpoint", ";");
    if (const File* down = folder.find(migration.id + ".down.sql"))
      migration.down = Script{down->text, Wrap::Automatic};
    TRY(describe(file->text, migration));
    out.push_back(std::move(migration));
  }
  return out;
}

}  // namespace slipway::database::migrations
