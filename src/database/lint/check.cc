#include "database/lint/check.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "database/lint/look.h"
#include "database/sql/split.h"

namespace slipway::database::lint {
namespace {
// What the migration leaves behind may repair what one of its statements did: a view under the old
// name of a table, with rights on it.
struct Repairable {
  std::size_t finding;
  std::string name;
};

class Checker {
 public:
  Checker(std::string_view text, Schema& schema, std::string_view phase)
      : text_(text), schema_(schema), header_(header_of(text)) {
    if (header_.phase.empty()) header_.phase = phase;
  }

  std::vector<Finding> run() {
    auto statements = sql::split(text_);
    if (!statements) {
      add(RuleId::Unparsed, statements.error().what, 1, 1);
      return std::move(findings_);
    }
    const auto counted = std::count_if(statements->begin(), statements->end(), is_counted);
    is_alone_ = counted <= 1 || !header_.in_transaction;
    for (const auto& statement : *statements) look_at(statement);
    resolve();
    acknowledge();
    return std::move(findings_);
  }

 private:
  // SET and RESET may stand beside a statement that wants to be alone.
  static bool is_counted(const sql::Statement& statement) {
    const auto words = sql::first_words(statement.text, 1);
    return words.empty() || (words[0] != "SET" && words[0] != "RESET");
  }

  void add(RuleId rule, std::string subject, int line, int column) {
    findings_.push_back({&rule_of(rule), std::move(subject), line, column});
  }

  void look_at(const sql::Statement& statement) {
    const auto parsed = sql::parse(statement.text);
    if (!parsed) {
      add(RuleId::Unparsed, parsed.error().what, statement.line, statement.column);
      return;
    }
    const auto find = [&](RuleId rule, std::string subject, std::int64_t location) {
      const auto [line, column] = place(statement, location);
      add(rule, std::move(subject), line, column);
    };
    if (parsed->kind == "DoStmt") {
      look_inside(statement);
    } else {
      look_at_parsed(*parsed, false, find);
      recreated(*parsed, statement);
      schema_.apply(*parsed);
      is_alone_transaction(parsed->kind);
    }
  }

  template <class Find>
  void look_at_parsed(const sql::Parsed& parsed, bool is_repeated, const Find& find) {
    const Look look{parsed.node, schema_, is_alone_, is_repeated, find};
    for (const auto rules : {table_rules(), index_rules(), object_rules(), row_rules()}) {
      for (const auto& rule : rules) {
        if (rule.kind == parsed.kind) rule.look(look);
      }
    }
    find_early_values(parsed, find);
  }

  // A value of an enum that this transaction added cannot be used in it.
  template <class Find>
  void find_early_values(const sql::Parsed& parsed, const Find& find) {
    if (schema_.new_enum_values.empty() || parsed.kind == "AlterEnumStmt") return;
    walk(parsed.node, [&](std::string_view kind, const Json& node) {
      if (kind != "A_Const") return;
      const std::string value = node.at("sval").text("sval");
      if (schema_.new_enum_values.contains(value))
        find(RuleId::EnumValueTooEarly, value, node.integer("location"));
    });
  }

  // COMMIT inside of the file gives the locks back.
  void is_alone_transaction(std::string_view kind) {
    if (kind == "TransactionStmt") schema_.locked.clear();
  }

  void look_inside(const sql::Statement& block) {
    const auto inside = sql::statements_inside(block.text);
    if (!inside) {
      add(RuleId::HiddenStatement, "DO", block.line, block.column);
      return;
    }
    for (const auto& one : *inside) {
      const int line = block.line + one.line - 1;
      const auto find = [&](RuleId rule, std::string subject, std::int64_t) {
        add(rule, std::move(subject), line, 1);
      };
      const auto parsed = sql::parse(one.text);
      if (one.is_hidden || !parsed) {
        find(RuleId::HiddenStatement, "EXECUTE", 0);
        continue;
      }
      // The conditions and variables of a block are unknown: SELECT in it asks, mostly.
      if (parsed->kind != "SelectStmt" || !parsed->node.at("intoClause").is_null())
        look_at_parsed(*parsed, one.is_repeated, find);
      schema_.apply(*parsed);
    }
  }

  std::pair<int, int> place(const sql::Statement& statement, std::int64_t location) const {
    const auto before =
        statement.text.substr(0, static_cast<std::size_t>(std::max<std::int64_t>(location, 0)));
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto last = before.rfind('\n');
    if (lines == 0) return {statement.line, statement.column + static_cast<int>(before.size())};
    return {statement.line + static_cast<int>(lines), static_cast<int>(before.size() - last)};
  }

  // A table or view takes a name that this migration made free: is anybody allowed to use it?
  void recreated(const sql::Parsed& parsed, const sql::Statement& statement) {
    std::string name;
    if (parsed.kind == "ViewStmt") name = name_of(parsed.node.at("view"));
    if (parsed.kind == "CreateStmt") name = name_of(parsed.node.at("relation"));
    if (parsed.kind == "CreateTableAsStmt") name = name_of(parsed.node.at("into").at("rel"));
    if (parsed.kind == "RenameStmt" && !parsed.node.at("relation").is_null() &&
        parsed.node.text("renameType") != "OBJECT_COLUMN")
      name = parsed.node.text("newname");
    if (name.empty() || !schema_.vacant.contains(name)) return;
    remade_.push_back({findings_.size(), name});
    add(RuleId::MadeAnewWithoutRights, name, statement.line, statement.column);
  }

  // With rights on the new holder of a name, neither its making nor the renaming or dropping before
  // it breaks anybody: what is left to fear is another shape, which the rehearsal sees.
  void resolve() {
    std::vector<std::size_t> repaired;
    for (const auto& one : remade_) {
      if (!schema_.granted.contains(one.name) && !schema_.granted.contains("*")) continue;
      repaired.push_back(one.finding);
      for (std::size_t i = 0; i < one.finding; ++i) {
        const bool is_cause = findings_[i].rule->id == RuleId::RenameTable ||
                              (findings_[i].rule->id == RuleId::DropTable && is_view(one.name));
        if (is_cause && findings_[i].subject == one.name) repaired.push_back(i);
      }
    }
    std::sort(repaired.begin(), repaired.end(), std::greater<>());
    for (const auto at : repaired)
      findings_.erase(findings_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  bool is_view(const std::string& name) const {
    const Table* found = schema_.table(name);
    return found != nullptr && found->kind == TableKind::View;
  }

  void acknowledge() {
    const auto& names = header_.acknowledged;
    for (auto& finding : findings_) {
      const bool is_named =
          std::find(names.begin(), names.end(), finding.rule->name) != names.end();
      const bool is_due = header_.phase == "contract" && finding.rule->harm == Harm::Breaks;
      finding.is_acknowledged = is_named || is_due;
    }
  }

  std::string_view text_;
  Schema& schema_;
  Header header_;
  std::vector<Finding> findings_;
  std::vector<Repairable> remade_;
  bool is_alone_ = true;
};

void read_setting(std::string_view setting, Header& out) {
  const auto at = setting.find('=');
  const auto name = trim(setting.substr(0, at));
  const auto value = at == setting.npos ? "" : trim(setting.substr(at + 1));
  if (name == "phase") out.phase = value;
  if (name == "ack") out.acknowledged.emplace_back(value);
  if (name == "transaction" && (value == "none" || value == "false")) out.in_transaction = false;
  if (name == "contract" || name == "data" || name == "expand") out.phase = name;
}
}  // namespace

Header header_of(std::string_view text) {
  Header out;
  for (const auto raw : split(text, '\n')) {
    auto line = trim(raw);
    if (line.empty()) continue;
    if (!line.starts_with("--")) break;
    line = trim(line.substr(2));
    if (!line.starts_with("slipway:")) continue;
    for (const auto setting : split(line.substr(8), ',')) read_setting(setting, out);
  }
  return out;
}

std::vector<Finding> check(std::string_view text, Schema& schema, std::string_view phase) {
  return Checker(text, schema, phase).run();
}

}  // namespace slipway::database::lint
