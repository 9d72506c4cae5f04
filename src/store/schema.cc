#include "store/schema.h"

#include <iterator>
#include <string>

namespace slipway::store {
namespace {
constexpr const char* kVersion1 = R"sql(
CREATE TABLE releases (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  app         TEXT NOT NULL,
  environment TEXT NOT NULL,
  kind        TEXT NOT NULL,
  version     TEXT NOT NULL,
  by_whom     TEXT NOT NULL,
  plan        TEXT NOT NULL,
  plan_hash   TEXT NOT NULL,
  outcome     TEXT NOT NULL DEFAULT '',
  reason      TEXT NOT NULL DEFAULT '',
  created_ms  INTEGER NOT NULL,
  ended_ms    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX releases_by_app ON releases (app, environment, number);
CREATE INDEX releases_unfinished ON releases (number) WHERE outcome = '';

CREATE TABLE journal (
  seq     INTEGER PRIMARY KEY AUTOINCREMENT,
  release TEXT NOT NULL REFERENCES releases (id),
  epoch   INTEGER NOT NULL,
  at_ms   INTEGER NOT NULL,
  event   TEXT NOT NULL,
  step    TEXT NOT NULL,
  op      TEXT NOT NULL,
  detail  TEXT NOT NULL,
  state   TEXT NOT NULL,
  hash    TEXT NOT NULL
) STRICT;
CREATE INDEX journal_by_release ON journal (release, seq);

CREATE TABLE leases (
  app         TEXT NOT NULL,
  environment TEXT NOT NULL,
  epoch       INTEGER NOT NULL,
  owner       TEXT NOT NULL,
  release     TEXT NOT NULL,
  PRIMARY KEY (app, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE live (
  app                    TEXT NOT NULL,
  environment            TEXT NOT NULL,
  release                TEXT NOT NULL,
  previous               TEXT NOT NULL,
  previous_warm_until_ms INTEGER NOT NULL,
  PRIMARY KEY (app, environment)
) STRICT, WITHOUT ROWID;

CREATE TABLE named_values (
  key  TEXT NOT NULL PRIMARY KEY,
  json TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA application_id = 0x736c7779;
PRAGMA user_version = 1;
)sql";

// Notices had been named values; those of releases that have been are kept for their history.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE notices (
  key     TEXT NOT NULL PRIMARY KEY,
  release TEXT NOT NULL,
  at_ms   INTEGER NOT NULL,
  body    TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notices_by_release ON notices (release);

CREATE TABLE deliveries (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  notice   TEXT NOT NULL REFERENCES notices (key),
  channel  TEXT NOT NULL,
  queue    TEXT NOT NULL,
  settings TEXT NOT NULL,
  state    TEXT NOT NULL DEFAULT 'waiting',
  attempts INTEGER NOT NULL DEFAULT 0,
  next_ms  INTEGER NOT NULL,
  ended_ms INTEGER NOT NULL DEFAULT 0,
  error    TEXT NOT NULL DEFAULT '',
  UNIQUE (notice, channel)
) STRICT;
CREATE INDEX deliveries_waiting ON deliveries (queue, id) WHERE state = 'waiting';

INSERT INTO notices (key, release, at_ms, body)
SELECT substr(key, 8), coalesce(json ->> '$.release', ''), coalesce(json ->> '$.at_ms', 0),
       json_set(json, '$.key', substr(key, 8))
FROM named_values WHERE key LIKE 'notice/%';
DELETE FROM named_values WHERE key LIKE 'notice/%';

PRAGMA user_version = 2;
)sql";

constexpr const char* kVersion3 = R"sql(
CREATE TABLE incidents (
  number      INTEGER PRIMARY KEY AUTOINCREMENT,
  id          TEXT NOT NULL UNIQUE,
  app         TEXT NOT NULL,
  environment TEXT NOT NULL,
  severity    TEXT NOT NULL,
  status      TEXT NOT NULL,
  release     TEXT NOT NULL,
  opened_ms   INTEGER NOT NULL,
  closed_ms   INTEGER NOT NULL DEFAULT 0,
  body        TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_by_app ON incidents (app, environment, number);
CREATE INDEX incidents_open ON incidents (number) WHERE closed_ms = 0;

PRAGMA user_version = 3;
)sql";

// kMigrations[n] leads from version n to n + 1 and sets user_version itself.
constexpr const char* kMigrations[] = {kVersion1, kVersion2, kVersion3};
static_assert(std::size(kMigrations) == kSchemaVersion);

Result<std::int64_t> version_of(Database& database) {
  return database.number("PRAGMA user_version");
}

// Two processes may open an old store at once: the version is read again under the write lock.
Result<void> migrate_one(Database& database) {
  return database.transact([&]() -> Result<void> {
    const std::int64_t version = TRY(version_of(database));
    if (version >= kSchemaVersion) return ok();
    return database.script(kMigrations[version]);
  });
}
}  // namespace

Result<void> check_identity(Database& database) {
  const std::int64_t application = TRY(database.number("PRAGMA application_id"));
  const std::int64_t tables = TRY(database.number("SELECT count(*) FROM sqlite_schema"));
  const bool is_empty = application == 0 && tables == 0;
  if (!is_empty && application != kApplicationId) {
    return Error(Code::AlreadyExists,
                 "cannot open " + database.path() + ": it is a database of another program",
                 "move it away, or name another state folder with --state");
  }
  const std::int64_t version = TRY(version_of(database));
  if (version > kSchemaVersion) {
    return Error(
        Code::StoreTooNew,
        "cannot open " + database.path() + ": its schema version is " + std::to_string(version) +
            ", this slipway knows " + std::to_string(kSchemaVersion) + " at most",
        "start the newer slipway that wrote it, or restore the copy made before the upgrade");
  }
  return ok();
}

Result<void> bring_up_to_date(Database& database) {
  TRY(check_identity(database));
  TRY(database.script("PRAGMA journal_mode = WAL"));
  while (TRY(version_of(database)) < kSchemaVersion) TRY(migrate_one(database));
  return ok();
}

}  // namespace slipway::store
