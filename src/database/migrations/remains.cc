#include "database/migrations/remains.h"

#include <fmt/core.h>

namespace slipway::database::migrations {
namespace {
using postgres::Connection;

// The index a CREATE INDEX CONCURRENTLY makes: its name as SQL, and whether it is whole.
constexpr const char* kIndexOf = R"(
select format('%I.%I', n.nspname, c.relname), i.indisvalid and i.indisready and i.indislive
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
where i.indrelid = to_regclass($1) and '"' || replace(c.relname, '"', '""') || '"' = $2)";

// What REINDEX CONCURRENTLY leaves: the copy it was making, or the old one it was dropping.
constexpr const char* kCopies = R"(
with wanted as (
  select coalesce((select indrelid from pg_index where indexrelid = to_regclass($2)),
                  to_regclass($1)) as oid)
select format('%I.%I', n.nspname, c.relname)
from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace
where i.indrelid in (select oid from wanted) and not i.indisvalid
  and c.relname ~ '_cc(new|old)[0-9]*$')";

constexpr const char* kDetaching = R"(
select inhdetachpending from pg_inherits
where inhparent = to_regclass($1) and inhrelid = to_regclass($2))";

// NULL for to_regclass: an empty name would be a syntax error.
postgres::Parameter name(const std::string& text) {
  return text.empty() ? postgres::Parameter() : postgres::Parameter(text);
}

Result<void> drop(Connection& database, const std::string& index, std::vector<std::string>& told) {
  const auto done = database.run("drop index concurrently if exists " + index);
  if (!done)
    return done.error().in(fmt::format("while dropping {}, which was not finished", index));
  told.push_back(fmt::format("dropped {}, whose build was cut off", index));
  return ok();
}
}  // namespace

Result<Standing> standing_of(Connection& database, const Alone& alone) {
  switch (alone.kind) {
    case Alone::Kind::CreateIndex: {
      const auto rows = TRY(database.query(kIndexOf, {name(alone.table), name(alone.index)}));
      if (rows.count() == 0) return Standing::Nothing;
      return rows.is_true(0, 1) ? Standing::All : Standing::Part;
    }
    case Alone::Kind::DropIndex: {
      const auto there = TRY(database.value("select to_regclass($1)", {name(alone.index)}));
      return there ? Standing::Nothing : Standing::All;
    }
    case Alone::Kind::Detach: {
      if (database.server_version() < 140000) return Standing::Nothing;
      const auto rows = TRY(database.query(kDetaching, {name(alone.table), name(alone.partition)}));
      if (rows.count() == 0) return Standing::All;
      return rows.is_true(0, 0) ? Standing::Part : Standing::Nothing;
    }
    case Alone::Kind::Reindex:
    case Alone::Kind::Other:
      return Standing::Nothing;
  }
  return Standing::Nothing;
}

Result<std::vector<std::string>> clean(Connection& database, const Alone& alone) {
  std::vector<std::string> told;
  if (alone.kind == Alone::Kind::CreateIndex) {
    const auto rows = TRY(database.query(kIndexOf, {name(alone.table), name(alone.index)}));
    if (rows.count() > 0 && !rows.is_true(0, 1))
      TRY(drop(database, std::string(rows.text(0, 0)), told));
  }
  if (alone.kind == Alone::Kind::Reindex) {
    const auto rows = TRY(database.query(kCopies, {name(alone.table), name(alone.index)}));
    for (int i = 0; i < rows.count(); ++i) TRY(drop(database, std::string(rows.text(i, 0)), told));
  }
  if (alone.kind == Alone::Kind::Detach && TRY(standing_of(database, alone)) == Standing::Part) {
    const auto done = database.run(
        fmt::format("alter table {} detach partition {} finalize", alone.table, alone.partition));
    if (!done) return done.error().in("while ending a DETACH that was cut off");
    told.push_back(fmt::format("ended the DETACH of {}, which was cut off", alone.partition));
  }
  return told;
}

}  // namespace slipway::database::migrations
