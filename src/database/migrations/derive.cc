#include "database/migrations/derive.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "database/sql/parse.h"
#include "database/sql/split.h"

namespace slipway::database::migrations {
namespace {
// Neutral: right in any phase. Seed: a few rows said one by one, data when they come alone.
enum class Does { Neutral, Adds, Seeds, Changes, TakesAway };

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "other.t" and "t" are told apart; "public.t" is "t".
std::string name_of(const Json& relation) {
  const std::string schema = relation.text("schemaname");
  const std::string name = relation.text("relname");
  return schema.empty() || schema == "public" ? name : schema + "." + name;
}

std::string name_of_list(const Json& list) {
  auto parts = sql::names_of(list);
  if (parts.size() > 1 && parts.front() == "public") parts.erase(parts.begin());
  return join(parts, ".");
}

// A table, view, function or type by its name; a function comes with its arguments.
std::string name_of_object(const Json& object) {
  const auto [kind, node] = sql::only_member(object);
  if (kind == "List") return name_of_list(node->at("items"));
  if (kind == "TypeName") return name_of_list(node->at("names"));
  if (kind == "ObjectWithArgs") return name_of_list(node->at("objname"));
  return kind == "String" ? node->text("sval") : "";
}

std::string name_made_by(const sql::Parsed& parsed) {
  const Json& node = parsed.node;
  if (parsed.kind == "CreateStmt") return name_of(node.at("relation"));
  if (parsed.kind == "CreateTableAsStmt") return name_of(node.at("into").at("rel"));
  if (parsed.kind == "ViewStmt") return name_of(node.at("view"));
  if (parsed.kind == "CreateSeqStmt") return name_of(node.at("sequence"));
  if (parsed.kind == "CreateFunctionStmt") return name_of_list(node.at("funcname"));
  if (parsed.kind == "CreateEnumStmt") return name_of_list(node.at("typeName"));
  if (parsed.kind == "CompositeTypeStmt") return name_of(node.at("typevar"));
  if (parsed.kind == "CreateDomainStmt") return name_of_list(node.at("domainname"));
  if (parsed.kind == "CreateSchemaStmt") return node.text("schemaname");
  if (parsed.kind == "CreateExtensionStmt") return node.text("extname");
  return parsed.kind == "DefineStmt" ? name_of_list(node.at("defnames")) : "";
}

class Reader {
 public:
  explicit Reader(const std::vector<sql::Statement>& statements) {
    for (const auto& statement : statements) {
      auto parsed = sql::parse(statement.text);
      // What nobody can read is left to the lint, which says so.
      if (!parsed) continue;
      made_.insert(name_made_by(*parsed));
      read_.emplace_back(statement.line, std::move(*parsed));
    }
  }

  Derived derive() {
    for (const auto& [line, parsed] : read_) {
      const Does does = what(parsed);
      if (!first_.contains(does)) first_[does] = line;
    }
    const bool adds = first_.contains(Does::Adds);
    const bool takes_away = first_.contains(Does::TakesAway);
    const bool changes = first_.contains(Does::Changes) || (first_.contains(Does::Seeds) && !adds);
    Derived out;
    if (takes_away) {
      out.phase = Phase::Contract;
    } else if (changes && !adds) {
      out.phase = Phase::Backfill;
    }
    const bool has_changes = first_.contains(Does::Changes);
    if (int{adds} + int{has_changes} + int{takes_away} > 1) out.mixed = mixture();
    return out;
  }

 private:
  bool is_made(const std::string& name) const { return !name.empty() && made_.contains(name); }

  Does what(const sql::Parsed& parsed) const {
    const Json& node = parsed.node;
    const std::string& kind = parsed.kind;
    const bool is_new = is_made(name_of(node.at("relation")));
    if (kind == "AlterTableStmt") return is_new ? Does::Neutral : of_commands(node);
    if (kind == "DropStmt") return of_drop(node);
    if (kind == "RenameStmt") return is_new ? Does::Neutral : of_rename(node);
    if (kind == "InsertStmt") return is_new ? Does::Neutral : of_insert(node);
    if (is_one_of(kind, {"UpdateStmt", "DeleteStmt", "MergeStmt"}))
      return is_new ? Does::Neutral : Does::Changes;
    if (is_one_of(kind, {"TruncateStmt", "AlterObjectSchemaStmt", "DropOwnedStmt"}))
      return Does::TakesAway;
    if (kind == "AlterEnumStmt") return node.text("oldVal").empty() ? Does::Adds : Does::TakesAway;
    const bool makes = kind.starts_with("Create") || kind == "ViewStmt" || kind == "IndexStmt" ||
                       kind == "DefineStmt" || kind == "CompositeTypeStmt";
    return makes ? Does::Adds : Does::Neutral;
  }

  static Does of_commands(const Json& node) {
    Does out = Does::Neutral;
    for (const Json& item : node.at("cmds").items()) {
      const Json& command = item.at("AlterTableCmd");
      const std::string kind = command.text("subtype");
      const bool loses_default = kind == "AT_ColumnDefault" && command.at("def").is_null();
      if (loses_default || is_one_of(kind, {"AT_DropColumn", "AT_AlterColumnType", "AT_SetNotNull",
                                            "AT_DetachPartition"}))
        return Does::TakesAway;
      if (is_one_of(kind, {"AT_AddColumn", "AT_AddConstraint", "AT_AddIdentity",
                           "AT_AttachPartition", "AT_ColumnDefault"}))
        out = Does::Adds;
    }
    return out;
  }

  // What gets its name back in the same file is replaced, not taken away.
  Does of_drop(const Json& node) const {
    if (is_one_of(node.text("removeType"), {"OBJECT_INDEX", "OBJECT_TRIGGER", "OBJECT_POLICY",
                                            "OBJECT_RULE", "OBJECT_STATISTIC_EXT", "OBJECT_CAST"}))
      return Does::Neutral;
    const auto& objects = node.at("objects").items();
    const bool are_all_made = std::all_of(objects.begin(), objects.end(), [&](const Json& one) {
      return is_made(name_of_object(one));
    });
    return are_all_made ? Does::Neutral : Does::TakesAway;
  }

  static Does of_rename(const Json& node) {
    return is_one_of(node.text("renameType"),
                     {"OBJECT_INDEX", "OBJECT_TABCONSTRAINT", "OBJECT_TRIGGER", "OBJECT_POLICY",
                      "OBJECT_RULE", "OBJECT_ROLE", "OBJECT_DOMCONSTRAINT"})
               ? Does::Neutral
               : Does::TakesAway;
  }

  static Does of_insert(const Json& node) {
    const bool is_said = !node.at("selectStmt").at("SelectStmt").at("valuesLists").items().empty();
    return is_said ? Does::Seeds : Does::Changes;
  }

  std::string mixture() const {
    std::vector<std::string> parts;
    const auto tell = [&](Does does, const char* words) {
      const auto found = first_.find(does);
      if (found != first_.end()) parts.push_back(fmt::format("{} (line {})", words, found->second));
    };
    tell(Does::Adds, "adds");
    tell(Does::Changes, "changes rows");
    tell(Does::TakesAway, "takes away");
    return "it " + join(parts, " and ");
  }

  std::vector<std::pair<int, sql::Parsed>> read_;
  std::set<std::string> made_;
  std::map<Does, int> first_;  // the line on which it does so first
};
}  // namespace

Derived derive_phase(std::string_view text) {
  const auto statements = sql::split(text);
  if (!statements) return {};
  return Reader(*statements).derive();
}

Phase phase_in(const Migration& migration, Past past) {
  if (migration.phase != Phase::Unknown) return migration.phase;
  return past == Past::Empty ? Phase::Expand : migration.derived;
}

}  // namespace slipway::database::migrations
