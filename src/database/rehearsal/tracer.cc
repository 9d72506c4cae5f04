#include "database/rehearsal/tracer.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/text.h"
#include "database/sql/split.h"

namespace slipway::database::rehearsal {
namespace {
using postgres::Connection;
using Answer = postgres::Rows;

constexpr const char* kRelations = R"(
  select c.oid, case when n.nspname = 'public' then '' else n.nspname || '.' end || c.relname,
         c.relkind, coalesce(pg_relation_filenode(c.oid), 0),
         greatest(coalesce(t.reltuples, c.reltuples), 0)::bigint,
         (select string_agg(attname, chr(1) order by attnum) from pg_attribute
           where attrelid = c.oid and attnum > 0 and not attisdropped),
         quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_index i on i.indexrelid = c.oid left join pg_class t on t.oid = i.indrelid
   where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     and c.relkind in ('r', 'p', 'm', 'v', 'i', 'I')
   order by c.oid)";

// pg_stat_xact_… counts what this transaction did; the others what all have done. What is read out
// of an index alone is counted by that index.
constexpr const char* kInTransaction = R"(
  select s.relid, s.seq_tup_read + coalesce((
           select sum(pg_stat_get_xact_tuples_returned(i.indexrelid)) from pg_index i
            where i.indrelid = s.relid), 0)::bigint,
         s.n_tup_upd + s.n_tup_del, s.seq_scan
    from pg_stat_xact_user_tables s)";
constexpr const char* kOverall = R"(
  select s.relid, s.seq_tup_read + coalesce((
           select sum(pg_stat_get_tuples_returned(i.indexrelid)) from pg_index i
            where i.indrelid = s.relid), 0)::bigint,
         s.n_tup_upd + s.n_tup_del, s.seq_scan
    from pg_stat_user_tables s)";

constexpr const char* kLocks = R"(
  select relation, mode from pg_locks
   where pid = $1 and granted and locktype = 'relation' and relation >= 16384)";

Result<CountsByRelation> counts(Connection& connection, const char* statistics) {
  const Answer rows = TRY(connection.query(statistics));
  CountsByRelation out;
  for (int i = 0; i < rows.count(); ++i)
    out[rows.integer(i, 0)] = {rows.integer(i, 1), rows.integer(i, 3), rows.integer(i, 2)};
  return out;
}

using Locks = std::map<std::int64_t, LockMode>;
Result<void> add_locks(Connection& connection, int pid, Locks& locks) {
  const Answer rows = TRY(connection.query(kLocks, {std::to_string(pid)}));
  for (int i = 0; i < rows.count(); ++i) {
    LockMode& held = locks[rows.integer(i, 0)];
    held = std::max(held, lock_mode(rows.text(i, 1)));
  }
  return ok();
}

enum class Indexes { Told, Left };
void tell_locks(const Relations& known, const Locks& locks, Indexes indexes, Effect& effect) {
  for (const auto& [oid, mode] : locks) {
    const auto found = known.find(oid);
    if (found == known.end() || mode <= LockMode::AccessShare) continue;
    const bool is_index = found->second.kind == 'i' || found->second.kind == 'I';
    // Weaker locks on an index follow from those on its table.
    if (is_index && (indexes == Indexes::Left || mode != LockMode::AccessExclusive)) continue;
    effect.locks.push_back({found->second.name, mode});
  }
}

// What rows a statement goes over is the planner's choice, and without rows it chooses otherwise.
bool is_about_rows(const std::string& statement) {
  constexpr std::string_view kWords[] = {"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH"};
  const auto words = sql::first_words(statement, 1);
  return !words.empty() &&
         std::find(std::begin(kWords), std::end(kWords), words[0]) != std::end(kWords);
}

void tell_failure(const Connection& connection, const Error& error, Effect& effect) {
  effect.failed = true;
  effect.sqlstate = connection.sqlstate();
  effect.message = error.what;
}
}  // namespace

Result<Relations> look_at_relations(Connection& connection) {
  const Answer rows = TRY(connection.query(kRelations));
  Relations out;
  for (int i = 0; i < rows.count(); ++i) {
    Relation& one = out[rows.integer(i, 0)];
    one.name = rows.text(i, 1);
    one.kind = rows.text(i, 2).empty() ? 'r' : rows.text(i, 2)[0];
    one.file = rows.integer(i, 3);
    one.rows = rows.integer(i, 4);
    for (const auto name : split(rows.text(i, 5), '\1')) one.columns.emplace_back(name);
    one.quoted = rows.text(i, 6);
  }
  return out;
}

Result<Tracer> Tracer::begin(Connection& connection, Clock& clock, Rows rows) {
  Tracer out(connection, clock, rows);
  out.first_ = TRY(look_at_relations(connection));
  return out;
}

void Tracer::tell_counts(const CountsByRelation& before, const CountsByRelation& after,
                         bool counts_scans, Effect& effect) const {
  for (const auto& [oid, relation] : first_) {
    const auto now = after.find(oid);
    if (now == after.end()) continue;
    const auto then = before.find(oid);
    const Counts base = then == before.end() ? Counts{} : then->second;
    if (now->second.read > base.read) {
      effect.scanned.push_back({relation.name, now->second.read - base.read});
    } else if (counts_scans && now->second.scans > base.scans) {
      effect.scanned.push_back({relation.name, relation.rows});
    }
    if (now->second.changed > base.changed)
      effect.changed.push_back({relation.name, now->second.changed - base.changed});
  }
}

Result<Effect> Tracer::measure(const std::string& statement,
                               const std::function<Result<void>(Effect&)>& run,
                               const char* statistics) {
  const Relations before = TRY(look_at_relations(*connection_));
  const CountsByRelation counts_before = TRY(counts(*connection_, statistics));
  Effect effect;
  const auto begun = clock_->monotonic();
  TRY(run(effect));
  effect.took = clock_->monotonic() - begun;
  if (effect.failed) return effect;
  const bool counts_scans = rows_ == Rows::Counted && !is_about_rows(statement);
  tell_counts(counts_before, TRY(counts(*connection_, statistics)), counts_scans, effect);
  TRY(compare(before, effect));
  return effect;
}

Result<Effect> Tracer::apply(const std::string& statement) {
  const auto run = [&](Effect& effect) -> Result<void> {
    const auto answer = connection_->run(statement);
    if (!answer && !connection_->is_alive()) return answer.error();
    if (!answer) {
      tell_failure(*connection_, answer.error(), effect);
      return ok();
    }
    Locks locks;
    TRY(add_locks(*connection_, connection_->backend_pid(), locks));
    tell_locks(first_, locks, Indexes::Told, effect);
    return ok();
  };
  return measure(statement, run, kInTransaction);
}

Result<Effect> Tracer::apply_alone(const std::string& statement, Connection& watcher) {
  const int pid = connection_->backend_pid();
  const auto run = [&](Effect& effect) -> Result<void> {
    std::atomic<bool> is_done = false;
    std::optional<Result<Answer>> answer;
    std::thread worker([&] {
      answer = connection_->run(statement);
      is_done = true;
    });
    Locks locks;
    Result<void> watched = ok();
    while (!is_done && watched) watched = add_locks(watcher, pid, locks);
    worker.join();
    TRY(watched);
    if (!*answer && !connection_->is_alive()) return answer->error();
    if (!*answer) tell_failure(*connection_, answer->error(), effect);
    // A concurrent build swaps and drops old indexes in an instant: no such lock is held for long.
    tell_locks(first_, locks, Indexes::Left, effect);
    // The counters of a session reach the others when it says so.
    TRY(connection_->query("select pg_stat_force_next_flush()"));
    return ok();
  };
  TRY(connection_->query("select pg_stat_force_next_flush()"));
  return measure(statement, run, kOverall);
}

Result<void> Tracer::compare(const Relations& before, Effect& effect) {
  const Relations after = TRY(look_at_relations(*connection_));
  for (const auto& [oid, old] : before) {
    const auto first = first_.find(oid);
    if (first == first_.end()) continue;
    const std::int64_t rows = rows_ == Rows::Counted ? first->second.rows : old.rows;
    const bool is_index = old.kind == 'i' || old.kind == 'I';
    const auto found = after.find(oid);
    if (found == after.end()) {
      if (!is_index && old.kind != 'v') effect.gone.push_back("table " + old.name);
      continue;
    }
    if (found->second.file != old.file) effect.rewritten.push_back({old.name, rows});
    for (const auto& column : old.columns) {
      const auto& now = found->second.columns;
      const bool is_there = std::find(now.begin(), now.end(), column) != now.end();
      // As many columns as before: one got another name.
      const bool is_fewer = now.size() < old.columns.size();
      if (!is_there && is_fewer && !is_index && rows > 0)
        effect.gone.push_back(fmt::format("column {}.{}", old.name, column));
    }
  }
  return rows_ == Rows::Counted ? ok() : count_emptied(before, after, effect);
}

// A table with a new file that holds no row any more was emptied, not rewritten.
Result<void> Tracer::count_emptied(const Relations& before, const Relations& after,
                                   Effect& effect) {
  for (const auto& [oid, relation] : after) {
    const auto old = before.find(oid);
    if (relation.kind != 'r' || old == before.end() || !first_.contains(oid)) continue;
    if (old->second.file == relation.file || old->second.rows == 0) continue;
    const auto any = TRY(
        connection_->value(fmt::format("select 1 where exists (select from {})", relation.quoted)));
    if (!any) effect.gone.push_back("rows of " + relation.name);
  }
  return ok();
}

}  // namespace slipway::database::rehearsal
