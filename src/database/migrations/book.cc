// The books. Sources, beside those in the files of the formats:
//   Prisma: prisma-engines, sql-schema-connector …/postgres (create_migrations_table) and
//     schema-connector …/migration_persistence.rs; lock 72707369.
//   Drizzle: npm drizzle-orm 0.45.4, pg-core/dialect.js (migrate); no lock.
//   dbmate: pkg/driver/postgres/postgres.go (015cc7fe), and npm dbmate 2.36.0 for the type of its
//     column; no lock.
//   golang-migrate: database/postgres/postgres.go (0165cfcf), database/util.go (16d63e3a).
//   Flyway: flyway-database-postgresql …/PostgreSQLDatabase.java (196c21b3),
//     PostgreSQLAdvisoryLockTemplate.java (56582363), PostgreSQLConnection.java (57539650).
//   node-pg-migrate: npm 9.0.0, dist/legacy/runner.js and migration.js.
//   Knex: npm knex 3.3.0, lib/migrations/migrate/table-creator.js.
#include "database/migrations/book.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "database/migrations/formats.h"

namespace slipway::database::migrations {
namespace {
using postgres::Parameter;

std::string quote(std::string_view name) {
  return "\"" + replace_all(std::string(name), "\"", "\"\"") + "\"";
}

Result<void> do_it(Connection& database, const std::string& statement,
                   const std::vector<Parameter>& parameters = {}) {
  const auto rows = database.query(statement, parameters);
  if (!rows) return rows.error();
  return ok();
}

std::string number(Millis took) { return std::to_string(took.count()); }

class PlainBook final : public Book {
 public:
  using Book::Book;
  std::vector<std::string> create() const override {
    return {
        fmt::format("create schema if not exists {}", quote(place_.schema)),
        fmt::format("create table if not exists {} (id text primary key, checksum text not null, "
                    "phase text not null, applied_at timestamptz not null default now(), "
                    "took_ms bigint not null, applied_by text not null default current_user)",
                    place_.quoted())};
  }
  Result<std::vector<Entry>> read(Connection& database, const std::vector<Migration>&) override {
    const auto rows = TRY(database.query(fmt::format(
        "select id, checksum, applied_at::timestamptz(0) from {} order by applied_at, id",
        place_.quoted())));
    std::vector<Entry> out;
    for (int i = 0; i < rows.count(); ++i)
      out.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), Entry::State::Done,
                     std::string(rows.text(i, 2))});
    return out;
  }
  Result<void> finish(Connection& database, const Migration& migration, Millis took,
                      bool) override {
    return do_it(
        database,
        fmt::format("insert into {} (id, checksum, phase, took_ms) values ($1, $2, $3, $4)",
                    place_.quoted()),
        {migration.id, migration.checksum, std::string(name_of(migration.phase)), number(took)});
  }
  Result<void> forget(Connection& database, const Migration& migration, const Migration*) override {
    return do_it(database, fmt::format("delete from {} where id = $1", place_.quoted()),
                 {migration.id});
  }
};

class PrismaBook final : public Book {
 public:
  using Book::Book;
  std::vector<std::string> create() const override {
    return {fmt::format(
        "CREATE TABLE {} (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, "
        "finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, logs TEXT, "
        "rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), "
        "applied_steps_count INTEGER NOT NULL DEFAULT 0)",
        place_.quoted())};
  }
  Result<std::vector<Entry>> read(Connection& database, const std::vector<Migration>&) override {
    const auto rows = TRY(
        database.query(fmt::format("select migration_name, checksum, finished_at::timestamptz(0), "
                                   "rolled_back_at is not null from {} order by started_at",
                                   place_.quoted())));
    std::vector<Entry> out;
    for (int i = 0; i < rows.count(); ++i) {
      const auto state = rows.is_true(i, 3)   ? Entry::State::TakenBack
                         : rows.is_null(i, 2) ? Entry::State::Unfinished
                                              : Entry::State::Done;
      out.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), state,
                     std::string(rows.text(i, 2))});
    }
    return out;
  }
  Result<void> start(Connection& database, const Migration& migration) override {
    return do_it(database,
                 fmt::format("insert into {} (id, checksum, migration_name) values "
                             "(gen_random_uuid()::text, $1, $2)",
                             place_.quoted()),
                 {migration.checksum, migration.id});
  }
  Result<void> finish(Connection& database, const Migration& migration, Millis,
                      bool was_started) override {
    if (was_started)
      return do_it(database,
                   fmt::format("update {} set finished_at = clock_timestamp(), "
                               "applied_steps_count = 1 where {}",
                               place_.quoted(), kOpen),
                   {migration.id});
    return do_it(database,
                 fmt::format("insert into {} (id, checksum, migration_name, started_at, "
                             "finished_at, applied_steps_count) values (gen_random_uuid()::text, "
                             "$1, $2, now(), clock_timestamp(), 1)",
                             place_.quoted()),
                 {migration.checksum, migration.id});
  }
  Result<void> drop_start(Connection& database, const Migration& migration,
                          const Migration*) override {
    return do_it(database, fmt::format("delete from {} where {}", place_.quoted(), kOpen),
                 {migration.id});
  }
  Result<void> forget(Connection& database, const Migration& migration, const Migration*) override {
    return do_it(database, fmt::format("delete from {} where migration_name = $1", place_.quoted()),
                 {migration.id});
  }
  std::vector<std::int64_t> locks(const std::string&) const override { return {72707369}; }

 private:
  static constexpr std::string_view kOpen =
      "migration_name = $1 and finished_at is null and rolled_back_at is null";
};

class DrizzleBook final : public Book {
 public:
  using Book::Book;
  std::vector<std::string> create() const override {
    return {fmt::format("CREATE SCHEMA IF NOT EXISTS {}", quote(place_.schema)),
            fmt::format("CREATE TABLE IF NOT EXISTS {} (id SERIAL PRIMARY KEY, hash text NOT NULL, "
                        "created_at bigint)",
                        place_.quoted())};
  }
  Result<std::vector<Entry>> read(Connection& database,
                                  const std::vector<Migration>& folder) override {
    const auto rows = TRY(database.query(
        fmt::format("select created_at, hash, to_timestamp(created_at / 1000)::timestamptz(0) "
                    "from {} order by created_at, id",
                    place_.quoted())));
    std::vector<Entry> out;
    for (int i = 0; i < rows.count(); ++i) {
      const auto when = rows.integer(i, 0);
      const auto known = std::find_if(folder.begin(), folder.end(),
                                      [&](const Migration& one) { return one.when == when; });
      out.push_back({known == folder.end() ? fmt::format("created_at {}", when) : known->id,
                     std::string(rows.text(i, 1)), Entry::State::Done,
                     std::string(rows.text(i, 2))});
    }
    return out;
  }
  Result<void> finish(Connection& database, const Migration& migration, Millis, bool) override {
    return do_it(database,
                 fmt::format("insert into {} (hash, created_at) values ($1, $2)", place_.quoted()),
                 {migration.checksum, std::to_string(migration.when)});
  }
  Result<void> forget(Connection& database, const Migration& migration, const Migration*) override {
    return do_it(database, fmt::format("delete from {} where created_at = $1", place_.quoted()),
                 {std::to_string(migration.when)});
  }
};

class DbmateBook final : public Book {
 public:
  using Book::Book;
  std::vector<std::string> create() const override {
    return {fmt::format("create table if not exists {} (version varchar primary key)",
                        place_.quoted())};
  }
  Result<std::vector<Entry>> read(Connection& database, const std::vector<Migration>&) override {
    const auto rows = TRY(
        database.query(fmt::format("select version from {} order by version", place_.quoted())));
    std::vector<Entry> out;
    for (int i = 0; i < rows.count(); ++i)
      out.push_back({std::string(rows.text(i, 0)), "", Entry::State::Done, ""});
    return out;
  }
  Result<void> finish(Connection& database, const Migration& migration, Millis, bool) override {
    return do_it(database, fmt::format("insert into {} (version) values ($1)", place_.quoted()),
                 {migration.id});
  }
  Result<void> forget(Connection& database, const Migration& migration, const Migration*) override {
    return do_it(database, fmt::format("delete from {} where version = $1", place_.quoted()),
                 {migration.id});
  }
};

std::uint32_t crc32_ieee(std::string_view bytes) {
  std::uint32_t sum = 0xFFFFFFFFU;
  for (const char c : bytes) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~sum;
}

// One row: the number of the last migration, and whether it is unfinished.
class GolangMigrateBook final : public Book {
 public:
  using Book::Book;
  std::vector<std::string> create() const override {
    return {
        fmt::format("CREATE TABLE IF NOT EXISTS {} (version bigint not null primary key, dirty "
                    "boolean not null)",
                    place_.quoted())};
  }
  Result<std::vector<Entry>> read(Connection& database,
                                  const std::vector<Migration>& folder) override {
    const auto rows =
        TRY(database.query(fmt::format("select version, dirty from {} limit 1", place_.quoted())));
    std::vector<Entry> out;
    if (rows.count() == 0) return out;
    const std::string last(rows.text(0, 0));
    for (const Migration& one : folder) {
      if (compare_numbers(one.id, last) <= 0) out.push_back({one.id, "", Entry::State::Done, ""});
    }
    if (out.empty() || out.back().id != last) out.push_back({last, "", Entry::State::Done, ""});
    if (rows.is_true(0, 1)) out.back().state = Entry::State::Unfinished;
    return out;
  }
  Result<void> start(Connection& database, const Migration& migration) override {
    return set(database, migration.id, "true");
  }
  Result<void> finish(Connection& database, const Migration& migration, Millis, bool) override {
    return set(database, migration.id, "false");
  }
  Result<void> drop_start(Connection& database, const Migration& migration,
                          const Migration* before) override {
    return forget(database, migration, before);
  }
  Result<void> forget(Connection& database, const Migration&, const Migration* before) override {
    if (before != nullptr) return set(database, before->id, "false");
    return do_it(database, fmt::format("delete from {}", place_.quoted()));
  }
  // Its command line takes the path of the URL as the name, with "/"; its library the name itself.
  std::vector<std::int64_t> locks(const std::string& database) const override {
    return {lock_of("/" + database), lock_of(database)};
  }

 private:
  std::int64_t lock_of(const std::string& database) const {
    std::string bytes = database;
    bytes += '\0';
    bytes += place_.schema;
    bytes += '\0';
    bytes += place_.table;
    return crc32_ieee(bytes) * 1486364155U;
  }
  Result<void> set(Connection& database, const std::string& version, const std::string& dirty) {
    TRY(do_it(database, fmt::format("delete from {}", place_.quoted())));
    return do_it(database,
                 fmt::format("insert into {} (version, dirty) values ($1, $2)", place_.quoted()),
                 {version, dirty});
  }
};

class FlywayBook final : public Book {
 public:
  using Book::Book;
  std::vector<std::string> create() const override {
    return {
        fmt::format("CREATE TABLE {} (\"installed_rank\" INT NOT NULL, \"version\" VARCHAR(50), "
                    "\"description\" VARCHAR(200) NOT NULL, \"type\" VARCHAR(20) NOT NULL, "
                    "\"script\" VARCHAR(1000) NOT NULL, \"checksum\" INTEGER, "
                    "\"installed_by\" VARCHAR(100) NOT NULL, "
                    "\"installed_on\" TIMESTAMP NOT NULL DEFAULT now(), "
                    "\"execution_time\" INTEGER NOT NULL, \"success\" BOOLEAN NOT NULL)",
                    place_.quoted()),
        fmt::format("ALTER TABLE {} ADD CONSTRAINT {} PRIMARY KEY (\"installed_rank\")",
                    place_.quoted(), quote(place_.table + "_pk")),
        fmt::format("CREATE INDEX {} ON {} (\"success\")", quote(place_.table + "_s_idx"),
                    place_.quoted())};
  }
  Result<std::vector<Entry>> read(Connection& database,
                                  const std::vector<Migration>& folder) override {
    const auto rows =
        TRY(database.query(fmt::format("select version, description, type, checksum, success, "
                                       "installed_on::timestamp(0) from {} order by installed_rank",
                                       place_.quoted())));
    std::vector<Entry> out;
    for (int i = 0; i < rows.count(); ++i) add(rows, i, folder, out);
    return out;
  }
  Result<void> finish(Connection& database, const Migration& migration, Millis took,
                      bool) override {
    return insert(database, migration,
                  migration.kind == Migration::Kind::Baseline ? "SQL_BASELINE" : "SQL", took);
  }
  Result<void> forget(Connection& database, const Migration& migration, const Migration*) override {
    return insert(database, migration, "UNDO_SQL", Millis(0));
  }
  // The constant of its lock, "Flyway" in letters, and the hash that Java has for the table's name.
  std::vector<std::int64_t> locks(const std::string&) const override {
    constexpr std::int64_t kMagic = (std::int64_t{0x46} << 40) + (std::int64_t{0x6C} << 32) +
                                    (std::int64_t{0x79} << 24) + (0x77 << 16) + (0x61 << 8) + 0x79;
    std::uint32_t hash = 0;
    for (const char c : place_.quoted()) hash = hash * 31 + static_cast<unsigned char>(c);
    return {kMagic + static_cast<std::int32_t>(hash)};
  }

 private:
  static void add(const postgres::Rows& rows, int i, const std::vector<Migration>& folder,
                  std::vector<Entry>& out) {
    const std::string_view type = rows.text(i, 2);
    Entry entry;
    entry.id =
        rows.is_null(i, 0) ? "R " + std::string(rows.text(i, 1)) : std::string(rows.text(i, 0));
    entry.checksum = rows.text(i, 3);
    entry.when = rows.text(i, 5);
    if (!rows.is_true(i, 4)) entry.state = Entry::State::Unfinished;
    if (type == "SCHEMA" || type == "DELETE") return;
    if (type == "BASELINE" || type == "SQL_BASELINE") {
      for (const Migration& one : folder) {
        if (one.kind == Migration::Kind::Versioned && compare_versions(one.id, entry.id) <= 0)
          out.push_back({one.id, "", Entry::State::Done, entry.when});
      }
      if (type == "BASELINE") return;
    }
    for (const Migration& one : folder) {
      if (!rows.is_null(i, 0) && one.kind != Migration::Kind::Repeatable &&
          compare_versions(one.id, entry.id) == 0)
        entry.id = one.id;
    }
    // A later row of the same one is what holds: repeated, or taken back.
    std::erase_if(out, [&](const Entry& earlier) { return earlier.id == entry.id; });
    if (type.starts_with("UNDO")) entry.state = Entry::State::TakenBack;
    out.push_back(std::move(entry));
  }
  Result<void> insert(Connection& database, const Migration& migration, const std::string& type,
                      Millis took) {
    const bool has_version = migration.kind != Migration::Kind::Repeatable;
    return do_it(
        database,
        fmt::format(
            "insert into {0} (installed_rank, version, description, type, script, checksum, "
            "installed_by, execution_time, success) select coalesce(max(installed_rank), 0) "
            "+ 1, $1, $2, $3, $4, $5::integer, current_user, $6::integer, true from {0}",
            place_.quoted()),
        {has_version ? Parameter(migration.id) : std::nullopt, migration.description, type,
         migration.path, migration.checksum, number(took)});
  }
};

class NodePgMigrateBook final : public Book {
 public:
  using Book::Book;
  std::vector<std::string> create() const override {
    return {
        fmt::format("CREATE TABLE {} (id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, "
                    "run_on timestamp NOT NULL)",
                    place_.quoted())};
  }
  Result<std::vector<Entry>> read(Connection& database, const std::vector<Migration>&) override {
    const auto rows = TRY(database.query(fmt::format(
        "select name, run_on::timestamp(0) from {} order by run_on, id", place_.quoted())));
    std::vector<Entry> out;
    for (int i = 0; i < rows.count(); ++i)
      out.push_back(
          {std::string(rows.text(i, 0)), "", Entry::State::Done, std::string(rows.text(i, 1))});
    return out;
  }
  Result<void> finish(Connection& database, const Migration& migration, Millis, bool) override {
    return do_it(database,
                 fmt::format("insert into {} (name, run_on) values ($1, now())", place_.quoted()),
                 {migration.id});
  }
  Result<void> forget(Connection& database, const Migration& migration, const Migration*) override {
    return do_it(database, fmt::format("delete from {} where name = $1", place_.quoted()),
                 {migration.id});
  }
  std::vector<std::int64_t> locks(const std::string&) const override { return {7241865325823964}; }
};

// Read only: its own command writes it.
class KnexBook final : public Book {
 public:
  using Book::Book;
  std::vector<std::string> create() const override { return {}; }
  Result<std::vector<Entry>> read(Connection& database, const std::vector<Migration>&) override {
    const auto rows = TRY(database.query(fmt::format(
        "select name, migration_time::timestamptz(0) from {} order by id", place_.quoted())));
    std::vector<Entry> out;
    for (int i = 0; i < rows.count(); ++i)
      out.push_back(
          {std::string(rows.text(i, 0)), "", Entry::State::Done, std::string(rows.text(i, 1))});
    const Place lock{place_.schema, place_.table + "_lock"};
    if (!TRY(is_there(database, lock))) return out;
    const auto held = TRY(
        database.value(fmt::format("select 1 from {} where is_locked = 1 limit 1", lock.quoted())));
    if (held) out.push_back({place_.table + "_lock", "", Entry::State::Unfinished, ""});
    return out;
  }
  Result<void> finish(Connection&, const Migration&, Millis, bool) override { return ok(); }
  Result<void> forget(Connection&, const Migration&, const Migration*) override { return ok(); }
};
}  // namespace

std::string Place::quoted() const { return quote(schema) + "." + quote(table); }

Result<void> Book::start(Connection&, const Migration&) { return ok(); }
Result<void> Book::drop_start(Connection&, const Migration&, const Migration*) { return ok(); }
std::vector<std::int64_t> Book::locks(const std::string&) const { return {}; }

Place place_of(Tool tool, const std::string& table, const std::string& current_schema) {
  Place out{current_schema.empty() ? "public" : current_schema, table};
  if (tool == Tool::Plain) out = {"slipway", "migrations"};
  if (tool == Tool::Drizzle) out.schema = "drizzle";
  if (tool == Tool::NodePgMigrate) out.schema = "public";
  if (const auto dot = table.find('.'); dot != std::string::npos)
    return {table.substr(0, dot), table.substr(dot + 1)};
  if (!table.empty()) return {out.schema, table};
  switch (tool) {
    case Tool::Plain:
      out.table = "migrations";
      break;
    case Tool::Prisma:
      out.table = "_prisma_migrations";
      break;
    case Tool::Drizzle:
      out.table = "__drizzle_migrations";
      break;
    case Tool::Dbmate:
    case Tool::GolangMigrate:
      out.table = "schema_migrations";
      break;
    case Tool::Flyway:
      out.table = "flyway_schema_history";
      break;
    case Tool::NodePgMigrate:
      out.table = "pgmigrations";
      break;
    case Tool::Knex:
      out.table = "knex_migrations";
      break;
    case Tool::Command:
      break;
  }
  return out;
}

std::unique_ptr<Book> make_book(Tool tool, Place place) {
  switch (tool) {
    case Tool::Plain:
      return std::make_unique<PlainBook>(std::move(place));
    case Tool::Prisma:
      return std::make_unique<PrismaBook>(std::move(place));
    case Tool::Drizzle:
      return std::make_unique<DrizzleBook>(std::move(place));
    case Tool::Dbmate:
      return std::make_unique<DbmateBook>(std::move(place));
    case Tool::GolangMigrate:
      return std::make_unique<GolangMigrateBook>(std::move(place));
    case Tool::Flyway:
      return std::make_unique<FlywayBook>(std::move(place));
    case Tool::NodePgMigrate:
      return std::make_unique<NodePgMigrateBook>(std::move(place));
    case Tool::Knex:
      return std::make_unique<KnexBook>(std::move(place));
    case Tool::Command:
      return nullptr;
  }
  return nullptr;
}

Result<bool> is_there(Connection& database, const Place& place) {
  const auto found = TRY(database.value("select to_regclass($1)", {place.quoted()}));
  return found.has_value();
}

}  // namespace slipway::database::migrations
