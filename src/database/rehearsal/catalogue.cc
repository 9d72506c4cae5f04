#include "database/rehearsal/catalogue.h"

#include "base/text.h"

namespace slipway::database::rehearsal {
namespace {
using lint::Schema;
using postgres::Connection;
using postgres::Rows;

// Names as lint writes them: without quotes, without "public.".
#define SLIPWAY_NAME(schema, name) \
  "case when " schema " = 'public' then '' else " schema " || '.' end || " name

constexpr const char* kTables = "select " SLIPWAY_NAME("n.nspname", "c.relname") R"(,
         c.relkind,
         (case when c.reltuples > 0 and c.relpages > 0
               then c.reltuples * greatest(1, pg_relation_size(c.oid)::float8 / 8192 / c.relpages)
               when c.relkind = 'r' then pg_relation_size(c.oid) / 8192 * 226
               else greatest(c.reltuples, 0) end)::bigint, c.relrowsecurity,
         exists (select from pg_policy where polrelid = c.oid and polpermissive),
         coalesce(ts.spcname, ''), coalesce((select )" SLIPWAY_NAME("dn.nspname", "d.relname") R"(
           from pg_partitioned_table pt join pg_class d on d.oid = pt.partdefid
           join pg_namespace dn on dn.oid = d.relnamespace where pt.partrelid = c.oid), ''),
         c.reltuples >= 0 or c.relkind = 'r'
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_tablespace ts on ts.oid = c.reltablespace
   where c.relkind in ('r', 'p', 'v', 'm') and n.nspname !~ '^pg_'
     and n.nspname <> 'information_schema')";

constexpr const char* kColumns = "select " SLIPWAY_NAME("n.nspname", "c.relname") R"(,
         a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
         a.atthasdef or a.attidentity <> '' or t.typdefault is not null,
         exists (select from pg_depend v
                  where v.refclassid = 'pg_class'::regclass and v.refobjid = c.oid
                    and v.refobjsubid = a.attnum and (v.classid = 'pg_rewrite'::regclass
                     or (v.classid = 'pg_attrdef'::regclass and exists (
                           select from pg_attrdef ad join pg_attribute g
                             on g.attrelid = ad.adrelid and g.attnum = ad.adnum
                            where ad.oid = v.objid and g.attgenerated <> '' and g.attnum <> a.attnum)))),
         coalesce((select case when s.stadistinct < 0 then -s.stadistinct * greatest(c.reltuples, 0)
                                else s.stadistinct end
                     from pg_statistic s where s.starelid = c.oid and s.staattnum = a.attnum
                     order by s.stainherit limit 1), 0)::float8,
         a.attacl is not null
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid
   where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm')
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   order by a.attrelid, a.attnum)";

constexpr const char* kConstraints = "select " SLIPWAY_NAME("n.nspname", "c.relname") R"(,
         k.conname, k.contype, k.convalidated,
         (select string_agg(a.attname, chr(1) order by p.place)
            from unnest(k.conkey) with ordinality p(number, place)
            join pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.number),
         case when k.contype = 'c' then pg_get_expr(k.conbin, k.conrelid) else '' end
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    join pg_namespace n on n.oid = c.relnamespace
   where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and k.contype in
         ('c', 'f', 'p', 'u', 'x'))";

constexpr const char* kIndexes =
    "select " SLIPWAY_NAME("n.nspname", "i.relname") ", " SLIPWAY_NAME("tn.nspname", "t.relname")
        R"(, x.indisunique,
         (select string_agg(coalesce(a.attname, ''), chr(1) order by p.place)
            from unnest(x.indkey) with ordinality p(number, place)
            left join pg_attribute a on a.attrelid = t.oid and a.attnum = p.number
             and p.number <> 0)
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
    join pg_namespace n on n.oid = i.relnamespace join pg_namespace tn on tn.oid = t.relnamespace
   where n.nspname !~ '^pg_' and n.nspname <> 'information_schema')";

constexpr const char* kDomains = "select " SLIPWAY_NAME("n.nspname", "t.typname") R"(,
         t.typnotnull or exists (select from pg_constraint where contypid = t.oid),
         format_type(t.typbasetype, t.typtypmod)
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
   where t.typtype = 'd' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema')";

constexpr const char* kFunctions =
    "select " SLIPWAY_NAME("n.nspname", "p.proname") R"( || '/' || p.pronargs,
         bool_or(p.provolatile = 'v'), min(format_type(p.prorettype, null)), count(*),
         string_agg(p.prosrc, chr(1))
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' group by 1)";

std::vector<std::string> words(std::string_view joined) {
  std::vector<std::string> out;
  if (joined.empty()) return out;
  for (const auto part : split(joined, '\1')) out.emplace_back(part);
  return out;
}

lint::TableKind table_kind(std::string_view kind) {
  if (kind == "p") return lint::TableKind::Partitioned;
  if (kind == "v") return lint::TableKind::View;
  return kind == "m" ? lint::TableKind::Materialized : lint::TableKind::Table;
}

lint::ConstraintKind constraint_kind(std::string_view kind) {
  if (kind == "c") return lint::ConstraintKind::Check;
  if (kind == "f") return lint::ConstraintKind::ForeignKey;
  if (kind == "p") return lint::ConstraintKind::Primary;
  return kind == "u" ? lint::ConstraintKind::Unique : lint::ConstraintKind::Exclude;
}

Result<void> read_tables(Connection& connection, Schema& out) {
  const Rows rows = TRY(connection.query(kTables));
  for (int i = 0; i < rows.count(); ++i) {
    lint::Table& table = out.tables[std::string(rows.text(i, 0))];
    table.name = rows.text(i, 0);
    table.kind = table_kind(rows.text(i, 1));
    // Never analyzed: at most what its pages can hold, 226 rows without a column each. A
    // partitioned table's rows are its partitions'.
    const bool is_counted = rows.is_true(i, 7) && table.kind != lint::TableKind::Partitioned;
    if (is_counted) table.rows = rows.integer(i, 2);
    table.is_whole = true;
    table.has_row_security = rows.is_true(i, 3);
    table.has_open_policy = rows.is_true(i, 4);
    table.tablespace = rows.text(i, 5);
    table.default_partition = rows.text(i, 6);
  }
  return ok();
}

Result<void> read_columns(Connection& connection, Schema& out) {
  const Rows rows = TRY(connection.query(kColumns));
  for (int i = 0; i < rows.count(); ++i) {
    lint::Column column;
    column.name = rows.text(i, 1);
    column.type = lint::type_of_text(rows.text(i, 2));
    column.is_required = rows.is_true(i, 3);
    column.has_default = rows.is_true(i, 4);
    column.is_used = rows.is_true(i, 5);
    column.distinct = rows.real(i, 6);
    column.has_rights = rows.is_true(i, 7);
    out.tables[std::string(rows.text(i, 0))].columns.push_back(std::move(column));
  }
  return ok();
}

Result<void> read_constraints(Connection& connection, Schema& out) {
  const Rows rows = TRY(connection.query(kConstraints));
  for (int i = 0; i < rows.count(); ++i) {
    lint::Constraint constraint;
    constraint.name = rows.text(i, 1);
    constraint.kind = constraint_kind(rows.text(i, 2));
    constraint.is_valid = rows.is_true(i, 3);
    constraint.columns = words(rows.text(i, 4));
    if (constraint.kind == lint::ConstraintKind::Check) {
      const auto expression = sql::parse_expression(rows.text(i, 5));
      if (expression) constraint.given = lint::given_in(*expression);
    }
    out.tables[std::string(rows.text(i, 0))].constraints.push_back(std::move(constraint));
  }
  return ok();
}

Result<void> read_indexes(Connection& connection, Schema& out) {
  const Rows rows = TRY(connection.query(kIndexes));
  for (int i = 0; i < rows.count(); ++i) {
    lint::Index& index = out.indexes[std::string(rows.text(i, 0))];
    index.name = rows.text(i, 0);
    index.table = rows.text(i, 1);
    index.is_unique = rows.is_true(i, 2);
    index.columns = words(rows.text(i, 3));
  }
  return ok();
}

Result<void> read_types_and_functions(Connection& connection, Schema& out) {
  const Rows domains = TRY(connection.query(kDomains));
  for (int i = 0; i < domains.count(); ++i)
    out.domains[std::string(domains.text(i, 0))] = {domains.is_true(i, 1), false,
                                                    lint::type_of_text(domains.text(i, 2))};
  const Rows functions = TRY(connection.query(kFunctions));
  for (int i = 0; i < functions.count(); ++i) {
    lint::Function& function = out.functions[std::string(functions.text(i, 0))];
    function.is_volatile = functions.is_true(i, 1);
    function.may_refuse = lint::may_refuse(functions.text(i, 4));
    // Of several with as many arguments, which one is replaced depends on their types.
    if (functions.integer(i, 3) == 1) function.returns = lint::type_of_text(functions.text(i, 2));
  }
  return ok();
}
#undef SLIPWAY_NAME
}  // namespace

Result<Schema> read_schema(Connection& connection) {
  Schema out;
  out.is_complete = true;
  TRY(read_tables(connection, out));
  TRY(read_columns(connection, out));
  TRY(read_constraints(connection, out));
  TRY(read_indexes(connection, out));
  TRY(read_types_and_functions(connection, out));
  out.time_zone = TRY(connection.value("show timezone")).value_or("");
  return out;
}

}  // namespace slipway::database::rehearsal
