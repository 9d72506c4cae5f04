#include "database/copy/catalogue.h"

#include <algorithm>
#include <map>

#include "base/text.h"
#include "database/postgres/connection.h"

namespace slipway::database::copy {
namespace {

using postgres::Connection;

// Tables with rows of their own, outside of the system's schemas and of extensions that make their
// tables themselves.
constexpr const char* kTables = R"(
select c.oid, n.nspname, c.relname, coalesce(rn.nspname, n.nspname), coalesce(r.relname, c.relname),
       c.relispartition, greatest(c.reltuples, 0), pg_relation_size(c.oid),
       pg_relation_size(c.oid) / current_setting('block_size')::int
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_class r on c.relispartition and r.oid = pg_partition_root(c.oid)
left join pg_namespace rn on rn.oid = r.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't'
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass
                  and d.objid = c.oid and d.deptype = 'e')
order by 2, 3)";

// A type is followed through its domains to what is stored; of an array, to what its elements are.
constexpr const char* kColumns = R"(
with recursive below(origin, id, typmod, array_seen) as (
  select distinct a.atttypid, a.atttypid, null::int, false from pg_attribute a
  where a.attnum > 0 and not a.attisdropped
  union all
  select b.origin, case when t.typtype = 'd' then t.typbasetype else t.typelem end,
         case when t.typtype = 'd' and t.typtypmod >= 0 then t.typtypmod else b.typmod end,
         b.array_seen or t.typtype <> 'd'
  from below b join pg_type t on t.oid = b.id
  where t.typtype = 'd' or (t.typcategory = 'A' and t.typelem <> 0 and not b.array_seen)
)
select a.attrelid, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), t.typname, tn.nspname,
       t.typtype, b.array_seen, t.typsend <> 0 and t.typreceive <> 0,
       case when t.typname in ('varchar', 'bpchar') then
         greatest(case when a.atttypmod >= 0 then a.atttypmod else coalesce(b.typmod, 4) end - 4, 0)
       else 0 end,
       a.attnotnull, a.attgenerated <> ''
from pg_attribute a
join pg_class c on c.oid = a.attrelid and c.relkind = 'r'
join pg_namespace n on n.oid = c.relnamespace
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
join below b on b.origin = a.atttypid
join pg_type t on t.oid = b.id and t.typtype <> 'd'
     and (b.array_seen or not (t.typcategory = 'A' and t.typelem <> 0))
join pg_namespace tn on tn.oid = t.typnamespace
where a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum)";

// Columns that an index needs to tell apart, also those inside of its expressions.
constexpr const char* kUnique = R"(
select i.indrelid, k.attnum, bool_or(i.indisprimary)
from pg_index i
cross join lateral (
  select unnest(i.indkey)::int as attnum
  union
  select d.refobjsubid from pg_depend d
  where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid
    and d.refclassid = 'pg_class'::regclass and d.refobjid = i.indrelid and d.refobjsubid > 0) k
where (i.indisunique or i.indisexclusion) and k.attnum > 0
group by 1, 2)";

constexpr const char* kForeignKeys = R"(
select k.conname, k.conrelid, k.confrelid,
       (select string_agg(a.attname, chr(1) order by u.place) from unnest(k.conkey)
          with ordinality u(number, place)
        join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.number),
       (select string_agg(a.attname, chr(1) order by u.place) from unnest(k.confkey)
          with ordinality u(number, place)
        join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.number)
from pg_constraint k where k.contype = 'f')";

std::vector<std::string> names_in(std::string_view joined) {
  std::vector<std::string> out;
  for (const auto name : split(joined, '\1')) out.emplace_back(name);
  return out;
}

using Places = std::map<std::uint32_t, std::size_t>;  // a table's id -> its place in the list

std::uint32_t id_at(const postgres::Rows& rows, int row, int column) {
  return static_cast<std::uint32_t>(rows.integer(row, column));
}

Result<void> read_tables(Connection& source, Catalogue& out) {
  const auto rows = TRY(source.query(kTables));
  for (int i = 0; i < rows.count(); ++i) {
    Table table;
    table.id = id_at(rows, i, 0);
    table.schema = rows.text(i, 1);
    table.name = rows.text(i, 2);
    table.root_schema = rows.text(i, 3);
    table.root_name = rows.text(i, 4);
    table.is_partition = rows.is_true(i, 5);
    table.rows = rows.real(i, 6);
    table.bytes = rows.integer(i, 7);
    table.pages = rows.integer(i, 8);
    out.tables.push_back(std::move(table));
  }
  return ok();
}

Result<void> read_columns(Connection& source, const Places& places, Catalogue& out) {
  const auto rows = TRY(source.query(kColumns));
  for (int i = 0; i < rows.count(); ++i) {
    const auto place = places.find(id_at(rows, i, 0));
    if (place == places.end()) continue;
    Column column;
    column.name = rows.text(i, 1);
    column.number = static_cast<int>(rows.integer(i, 2));
    column.type = rows.text(i, 3);
    column.base = rows.text(i, 4);
    column.base_schema = rows.text(i, 5);
    column.base_kind = rows.text(i, 6).front();
    column.is_array = rows.is_true(i, 7);
    column.has_binary = rows.is_true(i, 8);
    column.most_characters = static_cast<int>(rows.integer(i, 9));
    column.is_not_null = rows.is_true(i, 10);
    column.is_generated = rows.is_true(i, 11);
    out.tables[place->second].columns.push_back(std::move(column));
  }
  return ok();
}

Column* column_of(Catalogue& out, const Places& places, std::uint32_t table, int number) {
  const auto place = places.find(table);
  if (place == places.end()) return nullptr;
  for (auto& column : out.tables[place->second].columns) {
    if (column.number == number) return &column;
  }
  return nullptr;
}

Result<void> read_keys(Connection& source, const Places& places, Catalogue& out) {
  const auto unique = TRY(source.query(kUnique));
  for (int i = 0; i < unique.count(); ++i) {
    Column* column =
        column_of(out, places, id_at(unique, i, 0), static_cast<int>(unique.integer(i, 1)));
    if (column == nullptr) continue;
    column->is_unique = true;
    column->is_primary = unique.is_true(i, 2);
    column->is_key = column->is_key || column->is_primary;
  }
  const auto keys = TRY(source.query(kForeignKeys));
  for (int i = 0; i < keys.count(); ++i) {
    ForeignKey key{std::string(keys.text(i, 0)), id_at(keys, i, 1), id_at(keys, i, 2),
                   names_in(keys.text(i, 3)), names_in(keys.text(i, 4))};
    if (const auto from = places.find(key.from); from != places.end()) {
      for (auto& column : out.tables[from->second].columns) {
        const auto& names = key.from_columns;
        column.is_key =
            column.is_key || std::find(names.begin(), names.end(), column.name) != names.end();
      }
    }
    out.foreign_keys.push_back(std::move(key));
  }
  return ok();
}

}  // namespace

const Column* Table::column(std::string_view wanted) const {
  for (const auto& one : columns) {
    if (one.name == wanted) return &one;
  }
  return nullptr;
}

const Table* Catalogue::table(std::uint32_t id) const {
  for (const auto& one : tables) {
    if (one.id == id) return &one;
  }
  return nullptr;
}

Result<Catalogue> read_catalogue(Connection& source) {
  Catalogue out;
  TRY(read_tables(source, out));
  Places places;
  for (std::size_t i = 0; i < out.tables.size(); ++i) places[out.tables[i].id] = i;
  TRY(read_columns(source, places, out));
  TRY(read_keys(source, places, out));
  const auto objects = TRY(source.query("select count(*) from pg_largeobject_metadata"));
  out.large_objects = objects.integer(0, 0);
  return out;
}

Result<std::vector<Sequence>> read_sequences(Connection& source) {
  const auto rows = TRY(source.query(
      "select schemaname, sequencename, last_value, last_value is not null from pg_sequences "
      "where schemaname !~ '^pg_' order by 1, 2"));
  std::vector<Sequence> out;
  for (int i = 0; i < rows.count(); ++i) {
    out.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), rows.integer(i, 2),
                   rows.is_true(i, 3)});
  }
  return out;
}

}  // namespace slipway::database::copy
