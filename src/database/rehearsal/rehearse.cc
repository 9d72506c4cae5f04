#include "database/rehearsal/rehearse.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "database/lint/check.h"
#include "database/rehearsal/catalogue.h"
#include "database/rehearsal/promises.h"
#include "database/rehearsal/stage.h"
#include "database/rehearsal/tracer.h"
#include "database/sql/parse.h"
#include "database/sql/split.h"

namespace slipway::database::rehearsal {
namespace {
using postgres::Connection;
using Rows = std::map<std::string, std::int64_t, std::less<>>;

bool runs_alone(std::string_view statement) {
  const auto parsed = sql::parse(statement);
  return parsed && sql::refuses_transaction(*parsed);
}

std::int64_t at_production(const Terms& terms, const Touched& one) {
  const auto found = terms.production_rows.find(one.relation);
  return found == terms.production_rows.end() ? one.rows : std::max(one.rows, found->second);
}

// The rows it went over, as production has them.
std::vector<Touched> scaled(const Terms& terms, const std::vector<Touched>& touched,
                            const Rows& here) {
  std::vector<Touched> out;
  for (const auto& one : touched) {
    const auto found = here.find(one.relation);
    const std::int64_t all = found == here.end() ? one.rows : found->second;
    const auto there = at_production(terms, {one.relation, all});
    const auto rows = all <= 0 ? one.rows : one.rows * std::max(there, all) / all;
    out.push_back({one.relation, rows});
  }
  return out;
}

// Measured on 20,000 rows with four indexes: 30 µs a row to write it again, 0.5 to read it.
Micros by_rule_of_thumb(const Effect& effect) {
  std::int64_t written = 0;
  std::int64_t read = 0;
  for (const auto& one : effect.rewritten) written = std::max(written, one.rows);
  for (const auto& one : effect.scanned) read = std::max(read, one.rows);
  return Micros(written * 30 + read / 2);
}

std::string without_values(const std::string& text) {
  auto out = sql::normalise(text);
  return out ? std::move(*out) : join(sql::first_words(text, 2), " ") + " …";
}

// As the last ANALYZE of production counted them: building an index of an empty table forgets it.
Result<void> count_rows(Connection& connection, const Rows& rows) {
  std::string names = "{";
  std::string counts = "{";
  for (const auto& [name, count] : rows) {
    const char* comma = names.size() > 1 ? "," : "";
    names += comma + ("\"" + replace_all(replace_all(name, "\\", "\\\\"), "\"", "\\\"") + "\"");
    counts += comma + std::to_string(count);
  }
  TRY(connection.query(
      "update pg_class c set reltuples = w.rows from pg_namespace n, "
      "unnest($1::text[], $2::bigint[]) as w(name, rows) where n.oid = c.relnamespace and "
      "c.relkind in ('r', 'm') and w.name = case when n.nspname = 'public' then '' else n.nspname "
      "|| '.' end || c.relname and c.reltuples <> w.rows",
      {names + "}", counts + "}"}));
  return ok();
}

class Run {
 public:
  Run(Connection& connection, Connection& watcher, Clock& clock, const Terms& terms)
      : connection_(connection), watcher_(watcher), clock_(clock), terms_(terms) {}

  Result<Rehearsal> all(const std::vector<PendingMigration>& migrations) {
    if (terms_.rows == Terms::Rows::Counted) TRY(count_rows(connection_, terms_.production_rows));
    here_ = TRY(rows_of_tables(connection_));
    before_ = TRY(read_promises(connection_, terms_.old.role));
    out_.unready = TRY(broken_now(false));
    for (const auto& migration : migrations) {
      if (terms_.tell) terms_.tell("rehearsing " + migration.name);
      const bool tries_back = migration.down && terms_.shape;
      const std::string before = tries_back ? TRY(terms_.shape()) : std::string();
      TRY(one(migration));
      if (out_.has_failed) break;
      if (tries_back) TRY(try_way_back(migration, before));
    }
    return std::move(out_);
  }

 private:
  Result<std::vector<Broken>> broken_now(bool is_in_transaction) {
    if (is_in_transaction) return find_broken(connection_, terms_.old);
    TRY(connection_.run("begin"));
    auto out = find_broken(connection_, terms_.old);
    TRY(connection_.run("rollback"));
    return out;
  }

  // What breaks by this statement: by trying the old release, and by the catalogue.
  Result<void> try_old_release(Effect& effect, bool is_in_transaction) {
    effect.broken = newly_broken(out_.unready, TRY(broken_now(is_in_transaction)));
    const Promises now = TRY(read_promises(connection_, terms_.old.role));
    for (auto& one : broken_promises(before_, now)) effect.broken.push_back(std::move(one));
    // The migration's later statements answer for themselves alone: a new reason is told again.
    std::erase_if(effect.broken, [&](const Broken& one) {
      return std::find(told_.begin(), told_.end(), one.statement + one.sqlstate) != told_.end();
    });
    for (const auto& one : effect.broken) told_.push_back(one.statement + one.sqlstate);
    return ok();
  }

  Result<void> one(const PendingMigration& migration) {
    const auto statements = sql::split(migration.text);
    if (!statements) return statements.error().in(migration.name);
    const bool is_alone = !lint::header_of(migration.text).in_transaction ||
                          std::any_of(statements->begin(), statements->end(),
                                      [](const sql::Statement& s) { return runs_alone(s.text); });
    if (terms_.rows == Terms::Rows::Counted) TRY(count_rows(connection_, terms_.production_rows));
    known_ = TRY(read_schema(connection_));
    auto tracer = Tracer::begin(
        connection_, clock_,
        terms_.rows == Terms::Rows::Counted ? Tracer::Rows::Counted : Tracer::Rows::InTables);
    if (!tracer) return tracer.error();
    if (!is_alone) TRY(connection_.run("begin"));
    for (const auto& statement : *statements) {
      TRY(step(*tracer, migration, statement, is_alone));
      if (out_.has_failed) break;
    }
    if (!is_alone) TRY(connection_.run(out_.has_failed ? "rollback" : "commit"));
    return ok();
  }

  // Down and up again, unmeasured: the schema must be what it was before, and what it was after.
  Result<void> try_way_back(const PendingMigration& migration, const std::string& before) {
    const std::string after = TRY(terms_.shape());
    const auto bad = [&](std::string what) {
      out_.ways_back.push_back({migration.name, std::move(what)});
      return ok();
    };
    const auto down = TRY(run_plainly(*migration.down));
    if (!down.empty()) {
      return bad("its way back fails: " + down);
    }
    const std::string there = difference(before, TRY(terms_.shape()));
    const auto up = TRY(run_plainly(migration.text));
    if (!up.empty()) {
      // What follows needs it, and it is not there.
      out_.has_failed = true;
      return bad("after its way back it does not go up again: " + up);
    }
    const std::string again = difference(after, TRY(terms_.shape()));
    if (!there.empty()) return bad("its way back does not lead to what was before:\n" + there);
    if (!again.empty()) return bad("up, back and up again is not what up was:\n" + again);
    return ok();
  }

  // What the server says against it; "" when it is done.
  Result<std::string> run_plainly(const std::string& text) {
    const auto statements = TRY(sql::split(text));
    const bool is_alone = !lint::header_of(text).in_transaction ||
                          std::any_of(statements.begin(), statements.end(),
                                      [](const sql::Statement& s) { return runs_alone(s.text); });
    if (!is_alone) TRY(connection_.run("begin"));
    for (const auto& statement : statements) {
      const auto done = connection_.run(std::string(statement.text));
      if (done) continue;
      if (!connection_.is_alive()) return done.error();
      const std::string what = done.error().what;
      if (connection_.is_in_transaction()) TRY(connection_.run("rollback"));
      return what;
    }
    if (connection_.is_in_transaction()) TRY(connection_.run("commit"));
    return std::string();
  }

  Result<void> step(Tracer& tracer, const PendingMigration& migration,
                    const sql::Statement& statement, bool is_alone) {
    const std::string text(statement.text);
    auto measured = is_alone ? tracer.apply_alone(text, watcher_) : tracer.apply(text);
    if (!measured) return measured.error();
    Rehearsed done;
    done.migration = migration.name;
    done.line = statement.line;
    done.statement = migration.holds_values ? without_values(text) : text;
    done.effect = std::move(*measured);
    out_.has_failed = done.effect.failed;
    if (!out_.has_failed) TRY(try_old_release(done.effect, !is_alone));
    const auto parsed = sql::parse(text);
    judge(done, parsed && lint::changes_few_rows(*parsed, known_));
    if (parsed) known_.apply(*parsed);
    out_.statements.push_back(std::move(done));
    return ok();
  }

  // Few rows by what it says are as few in production.
  void judge(Rehearsed& done, bool changes_few) const {
    Effect there = done.effect;
    there.scanned = scaled(terms_, done.effect.scanned, here_);
    there.rewritten = scaled(terms_, done.effect.rewritten, here_);
    if (!changes_few) there.changed = scaled(terms_, done.effect.changed, here_);
    done.harms = harms_of(there, terms_.long_rows);
    double factor = 1;
    for (std::size_t i = 0; i < there.scanned.size(); ++i) {
      const auto rows = std::max<std::int64_t>(done.effect.scanned[i].rows, 1);
      factor =
          std::max(factor, static_cast<double>(there.scanned[i].rows) / static_cast<double>(rows));
    }
    const double took = static_cast<double>(done.effect.took.count());
    done.estimated = Micros(static_cast<std::int64_t>(took * factor));
    if (terms_.rows == Terms::Rows::Counted) done.estimated += by_rule_of_thumb(there);
  }

  Connection& connection_;
  Connection& watcher_;
  Clock& clock_;
  const Terms& terms_;
  Rehearsal out_;
  Promises before_;
  Rows here_;
  lint::Schema known_;
  std::vector<std::string> told_;  // what is broken, and its SQLSTATE
};
}  // namespace

bool Rehearsal::is_dangerous() const {
  return !ways_back.empty() || std::any_of(statements.begin(), statements.end(),
                                           [](const Rehearsed& one) { return one.harms.any(); });
}

Result<Rehearsal> rehearse(Connection& connection, Connection& watcher, Clock& clock,
                           const std::vector<PendingMigration>& migrations, const Terms& terms) {
  return Run(connection, watcher, clock, terms).all(migrations);
}

Result<std::vector<OldStatement>> statements_of(Connection& production, int most) {
  std::vector<OldStatement> out;
  const auto there = TRY(production.value("select to_regclass('pg_stat_statements') is not null"));
  if (there != "t") return out;
  const auto rows = TRY(production.query(
      "select query from pg_stat_statements s join pg_database d on d.oid = s.dbid "
      "where d.datname = current_database() and query ~* "
      "'^\\s*(select|insert|update|delete|with|merge)' "
      "order by calls desc limit $1",
      {std::to_string(most)}));
  for (int i = 0; i < rows.count(); ++i) {
    const std::string text(rows.text(i, 0));
    out.push_back({text, text});
  }
  return out;
}

Result<std::map<std::string, std::int64_t, std::less<>>> rows_of_tables(Connection& production) {
  std::map<std::string, std::int64_t, std::less<>> out;
  for (const auto& [oid, relation] : TRY(look_at_relations(production)))
    out[relation.name] = relation.rows;
  return out;
}

}  // namespace slipway::database::rehearsal
