// node-pg-migrate: NUMBER_name.sql with `-- Up Migration` and `-- Down Migration`, or code.
// Source: npm node-pg-migrate 9.0.0, dist/legacy/sqlMigration.js (the marks, upper or lower case;
// no mark: the whole file is up), migration.js (name = file name without ending),
// utils/comparators.js (order by the number in front, a 17-digit one is a UTC date).
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "database/migrations/formats.h"

namespace slipway::database::migrations {
namespace {
std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Where the comment line `-- WORD migration` begins; npos when there is none.
std::size_t mark_at(std::string_view text, std::string_view word) {
  std::size_t at = 0;
  for (const auto raw : split(text, '\n')) {
    const auto line = trim(raw);
    if (line.starts_with("--")) {
      const auto begin = line.find_first_not_of("- \t");
      if (begin != std::string_view::npos) {
        const std::string said = lower(line.substr(begin));
        const auto rest = said.starts_with(word) ? trim(std::string_view(said).substr(word.size()))
                                                 : std::string_view();
        if (rest.starts_with("migration") && said[word.size()] <= ' ') return at;
      }
    }
    at += raw.size() + 1;
  }
  return std::string_view::npos;
}

void split_marks(std::string_view text, Migration& migration) {
  const auto up = mark_at(text, "up");
  const auto down = mark_at(text, "down");
  const auto none = std::string_view::npos;
  migration.up.text = up == none                  ? text
                      : down == none || down < up ? text.substr(up)
                                                  : text.substr(up, down - up);
  if (down == none) return;
  migration.down = Script{
      std::string(up == none || up < down ? text.substr(down) : text.substr(down, up - down)),
      Wrap::Automatic};
}
}  // namespace

Result<std::vector<Migration>> read_node_pg_migrate(const Folder& folder) {
  std::vector<Migration> out;
  for (const File& file : folder.files) {
    const bool is_sql = file.path.ends_with(".sql");
    if (!is_at_top(file.path) || file.path.ends_with(".json") || file.path.ends_with(".toml") ||
        file.path.ends_with(".conf"))
      continue;
    Migration migration;
    migration.path = file.path;
    migration.id = migration.name = file.path.substr(0, file.path.rfind('.'));
    migration.is_delegated = !is_sql;
    if (is_sql) {
      TRY(describe(file.text, migration));
      split_marks(file.text, migration);
    }
    out.push_back(std::move(migration));
  }
  std::stable_sort(out.begin(), out.end(), [](const Migration& a, const Migration& b) {
    return compare_numbers(leading_digits(a.id), leading_digits(b.id)) < 0;
  });
  return out;
}

}  // namespace slipway::database::migrations
