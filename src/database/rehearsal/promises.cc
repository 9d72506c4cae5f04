#include "database/rehearsal/promises.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace slipway::database::rehearsal {
namespace {
using postgres::Connection;
using postgres::Rows;

// relation, its columns, what stays the same when names change, what, amount, is a demand, spares
// who does not know the columns
constexpr const char* kPromises = R"(
with mine as (
  select c.oid, c.relkind, c.relrowsecurity, c.oid::regclass::text as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'),
columns as (
  select m.oid, m.name || '.' || a.attname as name, a.attnum, a.attidentity,
         a.atthasdef or a.attidentity <> '' or t.typdefault is not null as fills_itself,
         coalesce(nullif(a.atttypmod, -1), t.typtypmod) as modifier, a.atttypid,
         a.attnotnull or exists (
           select from pg_constraint k where k.conrelid = m.oid and k.conkey = array[a.attnum]
              and pg_get_constraintdef(k.oid) ~ '^CHECK \(\(\S+ IS NOT NULL\)\)') as is_required,
         coalesce(b.typname, t.typname) as type,
         case when coalesce(b.typname, t.typname) in ('text', 'varchar', 'bpchar') then 'text'
              when coalesce(b.typname, t.typname) in ('int2', 'int4', 'int8') then 'integer'
              when coalesce(b.typname, t.typname) in ('timestamp', 'timestamptz') then 'timestamp'
              when coalesce(b.typname, t.typname) in ('cidr', 'inet') then 'inet'
              else coalesce(b.typname, t.typname) end as family
    from mine m join pg_attribute a on a.attrelid = m.oid join pg_type t on t.oid = a.atttypid
    left join pg_type b on b.oid = t.typbasetype
   where a.attnum > 0 and not a.attisdropped)
select oid, attnum::text, 'given', name || ' must be given', 0::bigint, true, false from columns
 where is_required and not fills_itself
union all
select oid, attnum::text, 'null', name || ' must not be NULL', 0, true, true from columns where is_required
union all
select oid, attnum::text, 'always', name || ' must not be given', 0, true, true from columns
 where attidentity = 'a'
union all
select oid, attnum::text, 'length', name || ' has a limited length',
       case when modifier = -1 then 2147483647 else modifier end, true, true
  from columns where type in ('text', 'varchar', 'bpchar')
union all
select oid, attnum::text, 'range', name || ' has a limited range',
       case type when 'int2' then 2 when 'int4' then 4 else 8 end, true, true
  from columns where type in ('int2', 'int4', 'int8')
union all
select oid, attnum::text, 'digits', name || ' has a limited number of digits',
       case when modifier = -1 then 2147483647
            else ((modifier - 4) >> 16 & 65535) - ((modifier - 4) & 65535) end, true, true
  from columns where type = 'numeric'
union all
select oid, attnum::text, 'type ' || family, name || ' must be of type ' || family, 0, true, true
  from columns
union all
select m.oid, array_to_string(k.conkey, ','), case k.contype when 'f' then 'key to ' || k.confrelid else 'constraint ' || k.oid end,
       m.name || ' ' ||
       regexp_replace(pg_get_constraintdef(k.oid), ' (NOT VALID|(NOT )?DEFERRABLE|INITIALLY \w+)', '', 'g'),
       0, true, true
  from mine m join pg_constraint k on k.conrelid = m.oid where k.contype in ('c', 'f', 'x')
union all
select m.oid, array_to_string(x.indkey::int2[], ','), 'index ' || x.indexrelid, m.name || ' unique ' ||
       regexp_replace(pg_get_indexdef(x.indexrelid), '^CREATE UNIQUE INDEX \S+ ON (ONLY )?', ''), 0, true, true
  from mine m join pg_index x on x.indrelid = m.oid where x.indisunique and x.indisvalid
union all
select c.oid, c.attnum::text, 'domain ' || k.oid, c.name || ' ' ||
       regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID', ''), 0, true, true
  from columns c join pg_constraint k on k.contypid = c.atttypid
union all
select c.oid, c.attnum::text, 'domain null', c.name || ' must not be NULL by its domain', 0, true, true
  from columns c join pg_type t on t.oid = c.atttypid where t.typtype = 'd' and t.typnotnull
union all
select oid, '', 'row security', name || ' lets nobody in: row security without a policy', 0, true, false from mine m
 where relrowsecurity and not exists (select from pg_policy where polrelid = m.oid and polpermissive)
union all
select c.oid, '', 'sequence ' || s.oid, c.name || ' needs a right on the sequence ' || s.oid::regclass, 0, true, false
  from columns c join pg_attrdef d on d.adrelid = c.oid and d.adnum = c.attnum
  join pg_depend p on p.classid = 'pg_attrdef'::regclass and p.objid = d.oid
   and p.refclassid = 'pg_class'::regclass
  join pg_class s on s.oid = p.refobjid and s.relkind = 'S'
 where case when $1 = '' or s.relkind <> 'S' then false
            else not has_sequence_privilege($1, s.oid, 'USAGE') end
union all
select 0, '', '', 'enum value ' || t.oid::regtype || '.' || e.enumlabel, 0, false, false
  from pg_enum e join pg_type t on t.oid = e.enumtypid
union all
select i.inhparent, '', 'partition ' || i.inhrelid, 'a partition of ' || m.name || ': ' || i.inhrelid::regclass, 0, false, false
  from mine m join pg_inherits i on i.inhparent = m.oid where m.relkind = 'p' and not i.inhdetachpending)";

constexpr const char* kColumns = R"(
  select a.attrelid, a.attnum from pg_attribute a join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace
   where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p')
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema')";

std::vector<int> numbers(std::string_view joined) {
  std::vector<int> out;
  for (const auto word : split(joined, ',')) {
    int number = 0;
    std::from_chars(word.data(), word.data() + word.size(), number);
    if (number != 0) out.push_back(number);
  }
  return out;
}

const Promise* same_in(const Promises& promises, const Promise& wanted) {
  const auto found =
      std::find_if(promises.all.begin(), promises.all.end(), [&](const Promise& one) {
        if (one.relation != wanted.relation) return false;
        const bool is_same =
            !one.topic.empty() && one.topic == wanted.topic && one.columns == wanted.columns;
        return is_same || one.what == wanted.what;
      });
  return found == promises.all.end() ? nullptr : &*found;
}

// Nobody of the old release knows one of its columns.
bool is_about_new(const Promises& before, const Promise& one) {
  return one.spares_new && !one.columns.empty() &&
         std::none_of(one.columns.begin(), one.columns.end(), [&](int column) {
           return before.columns.contains({one.relation, column});
         });
}
}  // namespace

Result<Promises> read_promises(Connection& connection, const std::string& role) {
  Promises out;
  const Rows rows = TRY(connection.query(kPromises, {role}));
  for (int i = 0; i < rows.count(); ++i) {
    out.all.push_back({rows.integer(i, 0), numbers(rows.text(i, 1)), std::string(rows.text(i, 2)),
                       std::string(rows.text(i, 3)), rows.integer(i, 4), rows.is_true(i, 5),
                       rows.is_true(i, 6)});
  }
  const Rows columns = TRY(connection.query(kColumns));
  for (int i = 0; i < columns.count(); ++i) {
    out.relations.insert(columns.integer(i, 0));
    out.columns.insert({columns.integer(i, 0), static_cast<int>(columns.integer(i, 1))});
  }
  return out;
}

std::vector<Broken> broken_promises(const Promises& before, const Promises& after) {
  std::vector<Broken> out;
  for (const auto& one : after.all) {
    if (!one.is_demand || !before.relations.contains(one.relation)) continue;
    const Promise* old = same_in(before, one);
    const bool is_harder = old == nullptr || one.amount < old->amount;
    // A new column's demand spares old writers, but for one that must be given.
    if (is_harder && !is_about_new(before, one)) out.push_back({one.what, "", "it was not so"});
  }
  for (const auto& one : before.all) {
    if (one.is_demand || same_in(after, one) != nullptr) continue;
    out.push_back({one.what, "", "it is gone"});
  }
  return out;
}

}  // namespace slipway::database::rehearsal
