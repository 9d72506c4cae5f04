#include "database/migrations/holders.h"

#include <fmt/core.h>

#include "base/text.h"
#include "base/units.h"

namespace slipway::database::migrations {
namespace {
constexpr Millis kLong(1000);
constexpr Millis kLookAgain(100);
constexpr Millis kTellAgain(5000);

// An array of names for a parameter: {"\"shop\".\"orders\""}.
std::string array_of(const std::vector<std::string>& names) {
  std::string out = "{";
  for (const auto& name : names) {
    if (out.size() > 1) out += ",";
    out += "\"" + replace_all(replace_all(name, "\\", "\\\\"), "\"", "\\\"") + "\"";
  }
  return out + "}";
}

// An index is held with its table; a name that is no relation falls away.
constexpr const char* kHolders = R"(
with wanted as (
  select coalesce(i.indrelid, c.oid) as oid
  from unnest($1::text[]) as n(name)
  join pg_class c on c.oid = to_regclass(n.name)
  left join pg_index i on i.indexrelid = c.oid
  where c.relnamespace <> 'pg_catalog'::regnamespace)
select a.pid, a.application_name, coalesce(a.usename, ''),
       (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::bigint,
       min(l.relation::regclass::text), a.backend_type = 'autovacuum worker'
from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'relation' and l.granted and l.relation in (select oid from wanted)
  and l.database = (select oid from pg_database where datname = current_database())
  and a.pid <> pg_backend_pid()
  and a.xact_start < clock_timestamp() - $2::bigint * interval '1 ms'
group by 1, 2, 3, 4, 6 order by 4 desc limit 10)";

std::string told(const std::vector<Holder>& holders) {
  std::vector<std::string> out;
  for (const Holder& holder : holders) out.push_back(holder.text());
  return join(out, "; ");
}
}  // namespace

std::string Holder::text() const {
  return fmt::format("process {} ({}{}), open for {}, holds {}", pid,
                     application.empty() ? "no application name" : application,
                     user.empty() ? "" : ", " + user, to_text(Millis(age.count() / 100 * 100)),
                     relation);
}

Json Holder::json() const {
  Json out = Json::object();
  return out.set("pid", pid)
      .set("application_name", application)
      .set("user", user)
      .set("age_ms", static_cast<std::int64_t>(age.count()))
      .set("relation", relation);
}

Result<std::vector<Holder>> holders_of(postgres::Connection& database,
                                       const std::vector<std::string>& relations, Millis age) {
  std::vector<Holder> out;
  if (relations.empty()) return out;
  const auto rows =
      TRY(database.query(kHolders, {array_of(relations), std::to_string(age.count())}));
  for (int i = 0; i < rows.count(); ++i)
    out.push_back({static_cast<int>(rows.integer(i, 0)), std::string(rows.text(i, 1)),
                   std::string(rows.text(i, 2)), Millis(rows.integer(i, 3)),
                   std::string(rows.text(i, 4)), rows.is_true(i, 5)});
  return out;
}

Result<void> wait_for_holders(postgres::Connection& database,
                              const std::vector<std::string>& relations,
                              const std::string& migration, Millis until, World& world) {
  Millis tell_at(0);
  while (true) {
    const auto holders = TRY(holders_of(database, relations, kLong));
    if (holders.empty()) return ok();
    if (world.clock.monotonic() >= until)
      return Error(Code::Timeout, fmt::format("{} waits for {}", migration, told(holders)),
                   "end that transaction, or allow a longer --wait; nothing has been changed");
    if (world.clock.monotonic() >= tell_at) {
      tell_at = world.clock.monotonic() + kTellAgain;
      Json facts = Json::object();
      for (const Holder& holder : holders) facts["blocked_by"].push_back(holder.json());
      world.tell({Event::Kind::Waiting, migration,
                  fmt::format("waits, without queueing, for {}", told(holders)), facts});
    }
    for (const Holder& holder : holders) {
      if (!holder.is_autovacuum) continue;
      // Without the right to do so the answer is an error, and autovacuum is waited for.
      if (!database.query("select pg_cancel_backend($1)", {std::to_string(holder.pid)})) break;
    }
    if (!world.stop.rest(kLookAgain))
      return Error(Code::Aborted,
                   fmt::format("stopped before {}: nothing of it stands", migration));
  }
}

}  // namespace slipway::database::migrations
