#include "database/rehearsal/rehearse.h"

#include <fmt/core.h>

#include <algorithm>

#include "database/lint/check.h"
#include "database/rehearsal/promises.h"
#include "database/rehearsal/tracer.h"
#include "database/sql/parse.h"
#include "database/sql/split.h"

namespace slipway::database::rehearsal {
namespace {
using postgres::Connection;

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
                            const std::map<std::string, std::int64_t, std::less<>>& here) {
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

class Run {
 public:
  Run(Connection& connection, Connection& watcher, Clock& clock, const Terms& terms)
      : connection_(connection), watcher_(watcher), clock_(clock), terms_(terms) {}

  Result<Rehearsal> all(const std::vector<PendingMigration>& migrations) {
    here_ = TRY(rows_of_tables(connection_));
    before_ = TRY(read_promises(connection_, terms_.old.role));
    out_.unready = TRY(broken_now(false));
    for (const auto& migration : migrations) {
      TRY(one(migration));
      if (out_.has_failed) break;
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
    auto tracer = Tracer::begin(connection_, clock_);
    if (!tracer) return tracer.error();
    if (!is_alone) TRY(connection_.run("begin"));
    for (const auto& statement : *statements) {
      TRY(step(*tracer, migration, statement, is_alone));
      if (out_.has_failed) break;
    }
    if (!is_alone) TRY(connection_.run(out_.has_failed ? "rollback" : "commit"));
    return ok();
  }

  Result<void> step(Tracer& tracer, const PendingMigration& migration,
                    const sql::Statement& statement, bool is_alone) {
    const std::string text(statement.text);
    auto measured = is_alone ? tracer.apply_alone(text, watcher_) : tracer.apply(text);
    if (!measured) return measured.error();
    Rehearsed done;
    done.migration = migration.name;
    done.line = statement.line;
    done.statement = text;
    done.effect = std::move(*measured);
    out_.has_failed = done.effect.failed;
    if (!out_.has_failed) TRY(try_old_release(done.effect, !is_alone));
    judge(done);
    out_.statements.push_back(std::move(done));
    return ok();
  }

  void judge(Rehearsed& done) const {
    Effect there = done.effect;
    there.scanned = scaled(terms_, done.effect.scanned, here_);
    there.rewritten = scaled(terms_, done.effect.rewritten, here_);
    there.changed = scaled(terms_, done.effect.changed, here_);
    done.harms = harms_of(there, terms_.long_rows);
    double factor = 1;
    for (std::size_t i = 0; i < there.scanned.size(); ++i) {
      const auto rows = std::max<std::int64_t>(done.effect.scanned[i].rows, 1);
      factor =
          std::max(factor, static_cast<double>(there.scanned[i].rows) / static_cast<double>(rows));
    }
    const double took = static_cast<double>(done.effect.took.count());
    done.estimated = Micros(static_cast<std::int64_t>(took * factor));
  }

  Connection& connection_;
  Connection& watcher_;
  Clock& clock_;
  const Terms& terms_;
  Rehearsal out_;
  Promises before_;
  std::map<std::string, std::int64_t, std::less<>> here_;
  std::vector<std::string> told_;  // what is broken, and its SQLSTATE
};
}  // namespace

bool Rehearsal::is_dangerous() const {
  return std::any_of(statements.begin(), statements.end(),
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
