#pragma once
// What a database holds, as plain data: tables, columns, keys. Read in one transaction, so that it
// is one state.
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace slipway::database::postgres {
class Connection;
}

namespace slipway::database::copy {

struct Column {
  std::string name;
  int number = 0;           // pg_attribute.attnum
  std::string type;         // as written in a table: "character varying(40)"
  std::string base;         // the type below domains, its element's for arrays: "text", "jsonb"
  std::string base_schema;  // "pg_catalog" for the server's own types
  char base_kind = 'b';     // pg_type.typtype: b base, c composite, e enum, r range, m multirange
  bool is_array = false;
  bool has_binary = true;   // send and receive functions
  int most_characters = 0;  // varchar(n), char(n); 0: any
  bool is_not_null = false;
  bool is_generated = false;  // the target computes it
  bool is_unique = false;     // part of a primary key, a unique index or an exclusion
  bool is_primary = false;
  bool is_key = false;  // part of a primary key or of a foreign key
};

struct Table {
  std::uint32_t id = 0;  // pg_class.oid
  std::string schema;
  std::string name;
  std::string root_schema;  // of the partitioned table it is a part of; else its own
  std::string root_name;
  bool is_partition = false;
  double rows = 0;  // as the planner estimates them
  std::int64_t bytes = 0;
  std::int64_t pages = 0;
  std::vector<Column> columns;

  const Column* column(std::string_view wanted) const;
  std::string full_name() const { return schema + "." + name; }
};

struct ForeignKey {
  std::string name;
  std::uint32_t from = 0;  // Table::id
  std::uint32_t to = 0;
  std::vector<std::string> from_columns;
  std::vector<std::string> to_columns;
};

struct Sequence {
  std::string schema;
  std::string name;
  std::int64_t last = 0;
  bool is_called = false;
};

struct Catalogue {
  std::vector<Table> tables;
  std::vector<ForeignKey> foreign_keys;
  std::int64_t large_objects = 0;

  const Table* table(std::uint32_t id) const;
};

Result<Catalogue> read_catalogue(postgres::Connection& source);
Result<std::vector<Sequence>> read_sequences(postgres::Connection& source);

}  // namespace slipway::database::copy
