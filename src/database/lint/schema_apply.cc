// What each kind of statement leaves behind. Kinds that change nothing a rule asks for are not
// here.
#include <algorithm>

#include "database/lint/schema.h"

namespace slipway::database::lint {
namespace {
void add_column(Schema& schema, Table& table, const Json& definition) {
  Column column;
  column.name = definition.text("colname");
  column.type = type_of(definition.at("typeName"));
  column.is_new = true;
  column.has_default = is_serial(*column.type);
  column.is_required = is_serial(*column.type);
  for (const Json& item : definition.at("constraints").items()) {
    const Json& one = item.at("Constraint");
    const std::string kind = one.text("contype");
    if (kind == "CONSTR_NOTNULL" || kind == "CONSTR_PRIMARY" || kind == "CONSTR_IDENTITY")
      column.is_required = true;
    if (kind == "CONSTR_DEFAULT" || kind == "CONSTR_IDENTITY" || kind == "CONSTR_GENERATED")
      column.has_default = true;
    if (kind == "CONSTR_GENERATED") {
      for (const auto& used : columns_in(one.at("raw_expr"))) {
        if (Column* source = table.column(used)) source->is_used = true;
      }
    }
    Constraint constraint = constraint_of(one);
    if (constraint.kind == ConstraintKind::NotKnown) continue;
    const bool is_unique =
        constraint.kind == ConstraintKind::Unique || constraint.kind == ConstraintKind::Primary;
    if (constraint.columns.empty()) constraint.columns = {column.name};
    constraint.is_new = true;
    if (constraint.name.empty() && is_unique)
      constraint.name = constraint.kind == ConstraintKind::Primary
                            ? table.name + "_pkey"
                            : table.name + "_" + column.name + "_key";
    if (is_unique)
      schema.indexes[constraint.name] = {constraint.name, table.name, constraint.columns, true,
                                         true};
    table.constraints.push_back(std::move(constraint));
  }
  if (table.column(column.name) == nullptr) table.columns.push_back(std::move(column));
}

void add_constraint(Schema& schema, Table& table, const Json& node) {
  Constraint constraint = constraint_of(node);
  constraint.is_new = true;
  const bool is_primary = constraint.kind == ConstraintKind::Primary;
  if (is_primary || constraint.kind == ConstraintKind::Unique) {
    if (constraint.name.empty()) constraint.name = table.name + (is_primary ? "_pkey" : "_key");
    const std::string used = node.text("indexname");
    if (const auto index = schema.indexes.find(used); index != schema.indexes.end()) {
      constraint.columns = index->second.columns;
      schema.indexes.erase(index);
    }
    schema.indexes[constraint.name] = {constraint.name, table.name, constraint.columns, true, true};
  }
  if (is_primary) {
    for (const auto& name : constraint.columns) {
      if (Column* column = table.column(name)) column->is_required = true;
    }
  }
  table.constraints.push_back(std::move(constraint));
}

Table& table_named(Schema& schema, const std::string& name) {
  Table& table = schema.tables[name];
  if (table.name.empty()) table.name = name;
  return table;
}

void create_table(Schema& schema, const Json& node) {
  const std::string name = name_of(node.at("relation"));
  if (schema.tables.contains(name)) return;
  Table& table = table_named(schema, name);
  table.is_new = true;
  table.is_whole = true;
  table.kind = node.find("partspec") != nullptr ? TableKind::Partitioned : TableKind::Table;
  for (const Json& element : node.at("tableElts").items()) {
    const auto [kind, member] = sql::only_member(element);
    if (kind == "ColumnDef") add_column(schema, table, *member);
    if (kind == "Constraint") add_constraint(schema, table, *member);
    if (kind == "TableLikeClause") table.is_whole = false;
  }
  for (const Json& parent : node.at("inhRelations").items()) {
    Table* found = schema.table(name_of(parent.at("RangeVar")));
    if (found != nullptr)
      table.columns.insert(table.columns.end(), found->columns.begin(), found->columns.end());
    if (found != nullptr && node.at("partbound").flag("is_default"))
      found->default_partition = name;
  }
}

void create_from_query(Schema& schema, const std::string& name, TableKind kind, const Json& query) {
  Table& table = table_named(schema, name);
  const bool was_there = !table.columns.empty() && kind == TableKind::View;
  table.is_new = !was_there || table.is_new;
  table.kind = kind;
  table.columns.clear();
  table.is_whole = true;
  for (const Json& item : query.at("SelectStmt").at("targetList").items()) {
    const Json& target = item.at("ResTarget");
    Column column;
    column.name = target.text("name");
    const auto named = columns_in(target.at("val"));
    if (column.name.empty() && !named.empty()) column.name = named.back();
    if (column.name.empty()) table.is_whole = false;
    table.columns.push_back(std::move(column));
  }
  if (kind == TableKind::Table) return;
  // What a view names cannot change its type.
  std::vector<Table*> sources;
  walk(query, [&](std::string_view node_name, const Json& node) {
    if (node_name != "RangeVar") return;
    if (Table* source = schema.table(lint::name_of(node))) sources.push_back(source);
  });
  for (const auto& used : columns_in(query)) {
    for (Table* source : sources) {
      if (Column* column = source->column(used)) column->is_used = true;
    }
  }
}

void set_default(Column& column, const Json& command) {
  column.has_default = command.find("def") != nullptr;
}

void alter_column(Schema& schema, Table& table, const std::string& kind, const Json& command) {
  Column* column = table.column(command.text("name"));
  if (column == nullptr) return;
  if (kind == "AT_ColumnDefault") set_default(*column, command);
  if (kind == "AT_SetNotNull") column->is_required = true;
  if (kind == "AT_DropNotNull") column->is_required = false;
  if (kind == "AT_DropIdentity") column->has_default = false;
  if (kind == "AT_AddIdentity") column->has_default = true;
  if (kind == "AT_AlterColumnType")
    column->type = type_of(command.at("def").at("ColumnDef").at("typeName"));
  if (kind == "AT_DropColumn")
    std::erase_if(table.columns,
                  [&](const Column& one) { return one.name == command.text("name"); });
  static_cast<void>(schema);
}

void alter_constraint(Table& table, const std::string& kind, const Json& command) {
  const std::string name = command.text("name");
  if (kind == "AT_DropConstraint") {
    std::erase_if(table.constraints, [&](const Constraint& one) { return one.name == name; });
    return;
  }
  if (Constraint* found = table.constraint(name)) {
    found->is_valid = true;
  } else {
    table.constraints.emplace_back().name = name;  // it is there, and valid now; no more is known
  }
}

constexpr std::string_view kWeakCommands[] = {
    "AT_ValidateConstraint", "AT_SetStatistics", "AT_SetRelOptions", "AT_ResetRelOptions",
    "AT_SetOptions",         "AT_ResetOptions",  "AT_ClusterOn",     "AT_DropCluster"};

void alter_table(Schema& schema, const Json& node) {
  const std::string kind = node.text("objtype");
  if (kind != "OBJECT_TABLE" && kind != "OBJECT_MATVIEW") return;
  const std::string name = name_of(node.at("relation"));
  Table& table = table_named(schema, name);
  for (const Json& item : node.at("cmds").items()) {
    const Json& command = item.at("AlterTableCmd");
    const std::string subtype = command.text("subtype");
    const bool is_weak = std::find(std::begin(kWeakCommands), std::end(kWeakCommands), subtype) !=
                         std::end(kWeakCommands);
    if (!is_weak && !table.is_new) schema.locked.insert(name);
    if (subtype == "AT_AddColumn") {
      add_column(schema, table, command.at("def").at("ColumnDef"));
    } else if (subtype == "AT_AddConstraint") {
      add_constraint(schema, table, command.at("def").at("Constraint"));
    } else if (subtype == "AT_ValidateConstraint" || subtype == "AT_DropConstraint") {
      alter_constraint(table, subtype, command);
    } else if (subtype == "AT_EnableRowSecurity" || subtype == "AT_DisableRowSecurity") {
      table.has_row_security = subtype == "AT_EnableRowSecurity";
    } else {
      alter_column(schema, table, subtype, command);
    }
  }
}

void create_index(Schema& schema, const Json& node) {
  Index index;
  index.name = node.text("idxname");
  index.table = name_of(node.at("relation"));
  index.is_unique = node.flag("unique");
  index.is_new = true;
  for (const Json& item : node.at("indexParams").items())
    index.columns.push_back(item.at("IndexElem").text("name"));
  const Table* table = schema.table(index.table);
  const bool is_old = table == nullptr || !table->is_new;
  if (is_old && !node.flag("concurrent")) schema.locked.insert(index.table);
  if (!index.name.empty()) schema.indexes.emplace(index.name, index);
}

void drop(Schema& schema, const Json& node) {
  for (const Json& object : node.at("objects").items()) {
    const auto [kind, member] = sql::only_member(object);
    const std::string name = kind == "List" ? name_of_list(member->at("items")) : "";
    if (schema.tables.erase(name) > 0 || !schema.is_complete) schema.vacant.insert(name);
    schema.indexes.erase(name);
  }
}

void rename(Schema& schema, const Json& node) {
  const std::string name = name_of(node.at("relation"));
  const std::string kind = node.text("renameType");
  const std::string now = node.text("newname");
  if (kind == "OBJECT_COLUMN") {
    Table* table = schema.table(name);
    Column* column = table == nullptr ? nullptr : table->column(node.text("subname"));
    if (column != nullptr) column->name = now;
    return;
  }
  if (kind != "OBJECT_TABLE" && kind != "OBJECT_VIEW" && kind != "OBJECT_MATVIEW") return;
  schema.vacant.insert(name);
  auto moved = schema.tables.extract(name);
  if (moved.empty()) return;
  moved.mapped().name = now;
  moved.key() = now;
  schema.tables.insert(std::move(moved));
}

void create_domain(Schema& schema, const Json& node) {
  Domain domain;
  domain.base = schema.base_of(type_of(node.at("typeName")));
  domain.is_constrained = node.at("constraints").size() > 0;
  domain.is_new = true;
  schema.domains.emplace(name_of_list(node.at("domainname")), domain);
}

void create_function(Schema& schema, const Json& node) {
  Function function;
  function.is_new = true;
  for (const Json& option : node.at("options").items()) {
    const Json& element = option.at("DefElem");
    if (element.text("defname") == "volatility")
      function.is_volatile = element.at("arg").at("String").text("sval") == "volatile";
    if (element.text("defname") == "as") {
      for (const auto& body : sql::names_of(element.at("arg").at("List").at("items")))
        function.may_refuse = function.may_refuse || may_refuse(body);
    }
  }
  if (node.find("returnType") != nullptr) function.returns = type_of(node.at("returnType"));
  const std::string name = name_of_list(node.at("funcname"));
  const auto key = name + "/" + std::to_string(node.at("parameters").size());
  if (!schema.functions.contains(key)) schema.functions.emplace(key, function);
}

void create_policy(Schema& schema, const Json& node) {
  Table& table = table_named(schema, name_of(node.at("table")));
  if (node.flag("permissive")) table.has_open_policy = true;
}

void set_variable(Schema& schema, const Json& node) {
  const std::string name = node.text("name");
  const auto& values = node.at("args").items();
  if ((name == "timezone" || name == "TimeZone") && values.size() == 1)
    schema.time_zone = values[0].at("A_Const").at("sval").text("sval");
}

// GRANT SELECT (a, b) ON t
void grant_columns(Table& table, const Json& privileges) {
  for (const Json& privilege : privileges.items()) {
    for (const auto& name : sql::names_of(privilege.at("AccessPriv").at("cols"))) {
      Column* column = table.column(name);
      if (column != nullptr) column->has_rights = true;
    }
  }
}

void grant(Schema& schema, const Json& node) {
  if (!node.flag("is_grant")) return;
  for (const Json& object : node.at("objects").items()) {
    const std::string name = name_of(object.at("RangeVar"));
    schema.granted.insert(name);
    Table* table = schema.table(name);
    if (table != nullptr) grant_columns(*table, node.at("privileges"));
  }
  // ON ALL TABLES IN SCHEMA, and the like.
  if (node.text("targtype") != "ACL_TARGET_OBJECT") schema.granted.insert("*");
}

// LOCK TABLE in a mode that keeps writers out, as ALTER TABLE would.
void lock(Schema& schema, const Json& node) {
  constexpr std::int64_t kShare = 5;  // PostgreSQL's number of the weakest such mode
  if (node.integer("mode") < kShare) return;
  for (const Json& item : node.at("relations").items()) {
    const std::string name = name_of(item.at("RangeVar"));
    if (!schema.is_new(name)) schema.locked.insert(name);
  }
}

void create_query_table(Schema& schema, const Json& node) {
  const bool is_view = node.text("objtype") == "OBJECT_MATVIEW";
  create_from_query(schema, name_of(node.at("into").at("rel")),
                    is_view ? TableKind::Materialized : TableKind::Table, node.at("query"));
}

void create_view(Schema& schema, const Json& node) {
  create_from_query(schema, name_of(node.at("view")), TableKind::View, node.at("query"));
}

void select_into(Schema& schema, const Json& node) {
  const Json& into = node.at("intoClause").at("rel");
  if (into.is_null()) return;
  Table& table = table_named(schema, name_of(into));
  table.is_new = true;
}

void add_enum_value(Schema& schema, const Json& node) {
  const bool is_new = schema.new_objects.contains(name_of_list(node.at("typeName")));
  if (!is_new && node.text("oldVal").empty()) schema.new_enum_values.insert(node.text("newVal"));
}

void create_named(Schema& schema, const Json& node) {
  for (const char* member : {"typeName", "defnames"}) {
    const std::string name = name_of_list(node.at(member));
    if (!name.empty()) schema.new_objects.insert(name);
  }
  if (node.find("sequence") != nullptr) schema.new_objects.insert(name_of(node.at("sequence")));
  if (node.find("schemaname") != nullptr) schema.new_objects.insert(node.text("schemaname"));
}

struct Change {
  std::string_view kind;
  void (*apply)(Schema&, const Json&);
};
constexpr Change kChanges[] = {
    {"CreateStmt", create_table},
    {"AlterTableStmt", alter_table},
    {"IndexStmt", create_index},
    {"DropStmt", drop},
    {"RenameStmt", rename},
    {"CreateDomainStmt", create_domain},
    {"CreateFunctionStmt", create_function},
    {"CreatePolicyStmt", create_policy},
    {"VariableSetStmt", set_variable},
    {"GrantStmt", grant},
    {"LockStmt", lock},
    {"CreateTableAsStmt", create_query_table},
    {"ViewStmt", create_view},
    {"SelectStmt", select_into},
    {"AlterEnumStmt", add_enum_value},
    {"CreateEnumStmt", create_named},
    {"CreateSeqStmt", create_named},
    {"CompositeTypeStmt", create_named},
    {"CreateSchemaStmt", create_named},
    {"DefineStmt", create_named},
};
}  // namespace

void Schema::apply(const sql::Parsed& statement) {
  for (const auto& change : kChanges) {
    if (change.kind == statement.kind) return change.apply(*this, statement.node);
  }
}

}  // namespace slipway::database::lint
