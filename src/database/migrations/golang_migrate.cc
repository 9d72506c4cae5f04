// golang-migrate: VERSION_title.up.sql and VERSION_title.down.sql.
// Source: golang-migrate/migrate, source/parse.go (^([0-9]+)_(.*)\.(down|up)\.(.*)$) and
// database/postgres/postgres.go (0165cfcf).
#include <fmt/core.h>

#include <algorithm>

#include "database/migrations/formats.h"
#include "database/migrations/header.h"

namespace slipway::database::migrations {
namespace {
std::string version_of(std::string_view path) {
  auto digits = leading_digits(path);
  while (digits.size() > 1 && digits[0] == '0') digits.remove_prefix(1);
  return std::string(digits);
}
}  // namespace

Result<std::vector<Migration>> read_golang_migrate(const Folder& folder) {
  std::vector<Migration> out;
  for (const File& file : folder.files) {
    if (!is_at_top(file.path) || !file.path.ends_with(".up.sql") ||
        leading_digits(file.path).empty())
      continue;
    Migration migration;
    migration.path = file.path;
    migration.id = version_of(file.path);
    migration.name = stem_of(file.path);
    migration.up.text = file.text;
    TRY(describe(file.text, migration));
    out.push_back(std::move(migration));
  }
  for (const File& file : folder.files) {
    if (!is_at_top(file.path) || !file.path.ends_with(".down.sql")) continue;
    for (Migration& migration : out) {
      if (migration.id == version_of(file.path))
        migration.down = Script{file.text, Wrap::Automatic};
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Migration& a, const Migration& b) {
    return compare_numbers(a.id, b.id) < 0;
  });
  return out;
}

}  // namespace slipway::database::migrations
