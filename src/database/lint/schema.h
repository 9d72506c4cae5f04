#pragma once
// What is known about the database when a statement comes: from the catalogue, from the migrations
// before it, from the statements before it in its own. Plain data; nothing here asks a server.
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "database/lint/type.h"
#include "database/sql/parse.h"

namespace slipway::database::lint {

struct Column {
  std::string name;
  std::optional<Type> type;
  bool is_required = false;  // NOT NULL
  bool has_default = false;  // or is an identity, or generated
  bool is_used = false;      // by a view or a generated column
  bool is_new = false;       // of this migration
  bool has_rights = false;   // somebody was given rights on it alone
  double distinct = 0;       // different values, as ANALYZE guessed them; 0: not known
};

enum class ConstraintKind { Check, ForeignKey, Unique, Primary, Exclude, NotKnown };
struct Constraint {
  std::string name;
  ConstraintKind kind = ConstraintKind::NotKnown;
  std::vector<std::string> columns;
  std::vector<std::string> given;  // columns that a CHECK says are NOT NULL
  bool is_valid = true;
  bool is_new = false;
};

struct Index {
  std::string name;
  std::string table;
  std::vector<std::string> columns;
  bool is_unique = false;
  bool is_new = false;
};

enum class TableKind { Table, Partitioned, View, Materialized };
struct Table {
  std::string name;
  TableKind kind = TableKind::Table;
  std::optional<std::int64_t> rows;  // nullopt: not known, taken for many
  bool is_new = false;               // of this migration: nobody uses it yet
  bool is_whole = false;             // all its columns are known
  bool has_row_security = false;
  bool has_open_policy = false;  // one that lets somebody in
  std::string tablespace;        // "": the database's own
  std::string default_partition;
  std::vector<Column> columns;
  std::vector<Constraint> constraints;

  Column* column(std::string_view wanted);
  const Column* column(std::string_view wanted) const;
  Constraint* constraint(std::string_view wanted);
};

struct Function {
  bool is_volatile = true;
  bool may_refuse = false;  // RAISE EXCEPTION stands in it
  bool is_new = false;
  std::optional<Type> returns;
};

struct Domain {
  bool is_constrained = false;
  bool is_new = false;
  Type base;
};

// Names are as written in a statement, without quotes and without "public.".
struct Schema {
  bool is_complete = false;  // what is not here does not exist
  std::string time_zone;     // of the session; "": not known
  std::map<std::string, Table, std::less<>> tables;
  std::map<std::string, Index, std::less<>> indexes;
  std::map<std::string, Domain, std::less<>> domains;
  std::map<std::string, Function, std::less<>> functions;  // "name/number of arguments"
  std::set<std::string, std::less<>> new_objects;  // types, sequences, schemas … of this migration
  std::set<std::string, std::less<>> new_enum_values;  // of enums that were there before
  std::set<std::string, std::less<>> vacant;   // names that this migration dropped or renamed away
  std::set<std::string, std::less<>> granted;  // names that this migration gave rights on
  std::set<std::string, std::less<>> locked;   // tables that this transaction keeps writers out of

  Table* table(std::string_view name);
  const Table* table(std::string_view name) const;
  // Not of this migration, and as far as is known more than a few rows: work on it takes long.
  bool is_large(std::string_view name) const;
  bool is_new(std::string_view table) const;
  // It is certain that there is none.
  bool is_missing(std::string_view table) const;
  bool is_missing_column(std::string_view table, std::string_view column) const;
  // The type behind domains without constraints; nullopt when it is not known.
  std::optional<Type> type_of(std::string_view table, std::string_view column) const;
  Type base_of(const Type& type) const;
  const Domain* constrained_domain(const Type& type) const;
  // A column of a table that was there before has this domain (or nobody knows).
  bool is_domain_used(std::string_view domain) const;

  // The statement was run: what is known now.
  void apply(const sql::Parsed& statement);
  // The migration is committed: nothing is new any more.
  void settle();
};

// Fewer rows than this are read and written before anybody notices.
inline constexpr std::int64_t kManyRows = 10'000;

// RAISE EXCEPTION, or RAISE with nothing that makes it a remark.
bool may_refuse(std::string_view body);
// "t", "other.t": the name of a RangeVar.
std::string name_of(const Json& range_var);
// The same of [{"String": …}, …].
std::string name_of_list(const Json& list);
// Every column an expression names, in order, each once.
std::vector<std::string> columns_in(const Json& expression);
// The columns that are NOT NULL wherever the expression is true.
std::vector<std::string> given_in(const Json& expression);
Constraint constraint_of(const Json& constraint);
// Calls `visit` with the name and members of every node, outer ones first.
template <class Visit>
void walk(const Json& node, const Visit& visit) {
  for (const Json& item : node.items()) walk(item, visit);
  for (const auto& [name, member] : node.members()) {
    visit(std::string_view(name), member);
    walk(member, visit);
  }
}

}  // namespace slipway::database::lint
