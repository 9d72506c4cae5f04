#include "database/migrations/backfill.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/crash_point.h"
#include "base/units.h"
#include "database/migrations/runner.h"
#include "database/migrations/words.h"
#include "database/sql/split.h"

namespace slipway::database::migrations {
namespace {
using postgres::Connection;
constexpr Millis kAim(350);
constexpr std::int64_t kMostRows = 100'000;
constexpr Millis kRest(500);  // before it is looked again whether there is room
constexpr Millis kTellAgain(5000);
constexpr Millis kLocks(2000);  // for rows that the app has locked

Error malformed(const Migration& migration, std::string what) {
  return Error(Code::Malformed, fmt::format("{}: {}", migration.path, what),
               "write one statement with WHERE key BETWEEN :from AND :to");
}

struct Cursor {
  std::optional<std::string> key;  // the last one that is done
  std::int64_t rows = 0;
  std::int64_t batches = 0;
  std::int64_t batch_rows = 0;
};

struct Target {
  std::string type;           // of the key
  std::int64_t estimate = 0;  // rows of the table
};

// A key that may be NULL would leave rows out, one without an index would scan the table each time.
constexpr const char* kTarget = R"(
select format_type(a.atttypid, a.atttypmod), greatest(c.reltuples, 0)::bigint, a.attnotnull,
       exists (select 1 from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum
               and i.indisvalid and i.indpred is null)
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.oid = to_regclass($1) and a.attname = $2 and not a.attisdropped)";

Result<Target> target_of(Connection& database, const Migration& migration) {
  const Batches& batches = *migration.batches;
  const auto rows = TRY(database.query(kTarget, {batches.table, batches.key}));
  if (rows.count() == 0)
    return Error(Code::NotFound,
                 fmt::format("{}: there is no {}.{}", migration.path, batches.table, batches.key),
                 "correct table and key in its header");
  if (!rows.is_true(0, 2) || !rows.is_true(0, 3))
    return Error(Code::MigrationRefused,
                 fmt::format("{}: {} is no key for batches: {}", migration.path, batches.key,
                             rows.is_true(0, 2) ? "it has no index" : "it may be NULL"),
                 "choose a column that is NOT NULL and has an index, the primary key for example");
  return Target{std::string(rows.text(0, 0)), rows.integer(0, 1)};
}

Result<Cursor> cursor_of(Connection& database, const Migration& migration) {
  Cursor out;
  out.batch_rows = migration.batches->rows;
  const auto rows = TRY(database.query(
      "select cursor, rows, batches, batch_rows from slipway.backfills where id = $1",
      {migration.id}));
  if (rows.count() == 0) return out;
  if (!rows.is_null(0, 0)) out.key = std::string(rows.text(0, 0));
  out.rows = rows.integer(0, 1);
  out.batches = rows.integer(0, 2);
  out.batch_rows = std::max<std::int64_t>(1, rows.integer(0, 3));
  return out;
}

Result<void> keep(Connection& database, const std::string& id, const Cursor& cursor,
                  bool has_ended) {
  const auto done = database.query(
      "insert into slipway.backfills (id, cursor, rows, batches, batch_rows, ended_at) values "
      "($1, $2, $3, $4, $5, case when $6::boolean then now() end) on conflict (id) do update set "
      "cursor = excluded.cursor, rows = excluded.rows, batches = excluded.batches, batch_rows = "
      "excluded.batch_rows, changed_at = now(), ended_at = excluded.ended_at",
      {id, cursor.key, std::to_string(cursor.rows), std::to_string(cursor.batches),
       std::to_string(cursor.batch_rows), has_ended ? "true" : "false"});
  if (!done) return done.error();
  return ok();
}

struct Bounds {
  std::string from;
  std::string to;
  std::int64_t rows = 0;
};
Result<Bounds> bounds_of(Connection& database, const Batches& batches, const Target& target,
                         const Cursor& cursor) {
  const std::string key = database.quote_name(batches.key);
  const std::string after = cursor.key ? fmt::format("where {} > {}::{}", key,
                                                     database.quote_text(*cursor.key), target.type)
                                       : std::string();
  const auto rows = TRY(database.query(
      fmt::format("with s as materialized (select {0} as k from {1} {2} order by {0} limit {3}) "
                  "select (select s.k::text from s order by s.k limit 1), "
                  "(select s.k::text from s order by s.k desc limit 1), count(*) from s",
                  key, batches.table, after, cursor.batch_rows)));
  return Bounds{std::string(rows.text(0, 0)), std::string(rows.text(0, 1)), rows.integer(0, 2)};
}

Json facts_of(const Cursor& cursor, const Target& target, Millis took, Millis left) {
  return Json::object()
      .set("rows", cursor.rows)
      .set("of_about", target.estimate)
      .set("batches", cursor.batches)
      .set("batch_rows", cursor.batch_rows)
      .set("batch_ms", static_cast<std::int64_t>(took.count()))
      .set("left_ms", static_cast<std::int64_t>(left.count()));
}

// One batch and the cursor behind it, in the transaction that is open. `cursor.key` stays when
// there was no row left: then the whole is in the book instead.
Result<void> run_batch(Connection& database, Book& book, const Migration& migration,
                       const Target& target, Cursor& cursor, bool& has_ended) {
  TRY(database.run(fmt::format("set local lock_timeout = {}", kLocks.count())));
  const Bounds bounds = TRY(bounds_of(database, *migration.batches, target, cursor));
  has_ended = bounds.rows == 0;
  if (has_ended) {
    TRY(book.finish(database, migration, Millis(0), false));
    return keep(database, migration.id, cursor, true);
  }
  const auto literal = [&](const std::string& text) {
    return fmt::format("{}::{}", database.quote_text(text), target.type);
  };
  const auto done =
      database.run(TRY(batch_statement(migration, literal(bounds.from), literal(bounds.to))));
  if (!done)
    return done.error().in(
        fmt::format("{}, rows from {} to {}", migration.path, bounds.from, bounds.to));
  crash_point("migrate/batch-run");
  cursor.key = bounds.to;
  cursor.rows += bounds.rows;
  ++cursor.batches;
  return keep(database, migration.id, cursor, false);
}

// Of the replica that is furthest behind. One that has nothing to do has no lag, and whose rows we
// may not see has none that we know of.
Result<Millis> lag_of(Connection& database) {
  const auto said =
      TRY(database.query("select coalesce(max(extract(epoch from replay_lag) * 1000), 0)::bigint "
                         "from pg_stat_replication"));
  return Millis(said.integer(0, 0));
}

Millis time_left(const Cursor& cursor, const Target& target, std::int64_t rows_before,
                 Millis since) {
  const std::int64_t to_do = std::max<std::int64_t>(0, target.estimate - cursor.rows);
  return Millis(since.count() * to_do / std::max<std::int64_t>(1, cursor.rows - rows_before));
}
}  // namespace

Result<std::string> batch_statement(const Migration& migration, const std::string& from,
                                    const std::string& to) {
  const auto statements = TRY(sql::split(migration.up.text));
  if (statements.size() != 1)
    return malformed(migration, fmt::format("it has {} statements", statements.size()));
  const std::string_view text = statements[0].text;
  std::string out;
  std::size_t behind = 0;
  bool has_from = false;
  bool has_to = false;
  for (const Word& word : words_of(text)) {
    if (word.kind != Word::Kind::Parameter) continue;
    const bool is_from = word.text == ":from";
    if (!is_from && word.text != ":to")
      return malformed(migration,
                       fmt::format("it has {}, and only :from and :to are known", word.text));
    (is_from ? has_from : has_to) = true;
    out += std::string(text.substr(behind, word.offset - behind)) + (is_from ? from : to);
    behind = word.offset + word.text.size();
  }
  if (!has_from || !has_to) return malformed(migration, "it does not have both :from and :to");
  return out + std::string(text.substr(behind));
}

std::int64_t next_batch(std::int64_t rows, Millis took) {
  const double factor = static_cast<double>(kAim.count()) /
                        static_cast<double>(std::max<std::int64_t>(1, took.count()));
  const double wanted = static_cast<double>(rows) * std::clamp(factor, 0.5, 2.0);
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(wanted), 1, kMostRows);
}

// Who a batch would disturb; "" when nobody.
Result<std::string> Runner::who_needs_room(const std::optional<Pulse>& before) {
  if (pulses_ != nullptr) {
    const auto now = pulses_->newest(world_.clock.monotonic());
    std::string why =
        now ? suffering(before, *now, Part::P95, settings_.max_latency) : std::string();
    if (!why.empty()) return why;
  }
  if (settings_.max_lag <= Millis(0)) return std::string();
  const Millis lag = TRY(lag_ ? lag_(*database_) : lag_of(*database_));
  if (lag <= settings_.max_lag) return std::string();
  return fmt::format("a replica is {} behind", to_text(lag));
}

Result<void> Runner::rest_for_app(const Job& job, std::int64_t rows_done,
                                  const std::optional<Pulse>& before) {
  Millis tell_at(0);
  for (;;) {
    Millis rest = throttle_ ? throttle_() : Millis(0);
    std::string why = "the app or a replica needs the room";
    if (rest <= Millis(0)) {
      why = TRY(who_needs_room(before));
      if (!why.empty()) rest = kRest;
    }
    if (rest <= Millis(0)) break;
    if (world_.clock.monotonic() >= tell_at)
      tell(Event::Kind::Waiting, job.migration.id, "waits: " + why);
    tell_at = world_.clock.monotonic() + kTellAgain;
    if (!world_.stop.rest(rest)) break;
  }
  if (!world_.stop.is_requested()) return ok();
  return Error(
      Code::Aborted,
      fmt::format("stopped: {} rows of {} are done and stay so", rows_done, job.migration.id),
      "slipway migrate up goes on there");
}

Result<void> Runner::backfill(const Job& job) {
  const Migration& migration = job.migration;
  TRY(batch_statement(migration, "", ""));
  const Target target = TRY(target_of(*database_, migration));
  Cursor cursor = TRY(cursor_of(*database_, migration));
  if (cursor.key)
    tell(Event::Kind::Resumed, migration.id,
         fmt::format("going on behind {} = {}, {} rows are done", migration.batches->key,
                     *cursor.key, cursor.rows));
  const Millis began = world_.clock.monotonic();
  const auto before = pulses_ != nullptr ? pulses_->newest(began) : std::nullopt;
  const std::int64_t rows_before = cursor.rows;
  int attempt = 1;
  bool has_ended = false;
  while (!has_ended) {
    TRY(rest_for_app(job, cursor.rows, before));
    const Millis batch_began = world_.clock.monotonic();
    Cursor after = cursor;
    const auto done = in_small_transaction([&] {
      const Stop::Under under(world_.stop, *database_);
      return run_batch(*database_, *book_, migration, target, after, has_ended);
    });
    if (!done) {
      has_ended = false;
      if (world_.stop.is_requested()) continue;
      if (!database_->is_alive() || !may_retry()) return done;
      cursor.batch_rows = std::max<std::int64_t>(1, cursor.batch_rows / 2);
      TRY(rest_before_retry(job, attempt++, done.error()));
      continue;
    }
    crash_point("migrate/batch");
    const Millis now = world_.clock.monotonic();
    cursor = after;
    cursor.batch_rows = next_batch(cursor.batch_rows, now - batch_began);
    if (has_ended) break;
    const Millis left = time_left(cursor, target, rows_before, now - began);
    tell(Event::Kind::Batch, migration.id,
         fmt::format("{} rows of about {}, {} left", cursor.rows, target.estimate, to_text(left)),
         facts_of(cursor, target, now - batch_began, left));
  }
  return ok();
}

}  // namespace slipway::database::migrations
