// slipway's own format: NNNN_name.sql, NNNN_name.down.sql beside it (docs/formats/migrations.md).
#include <fmt/core.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "database/migrations/formats.h"
#include "database/migrations/header.h"

namespace slipway::database::migrations {
namespace {
bool is_plain(const File& file) {
  return is_at_top(file.path) && file.path.ends_with(".sql") && !leading_digits(file.path).empty();
}
}  // namespace

Result<std::vector<Migration>> read_plain(const Folder& folder) {
  std::vector<Migration> out;
  for (const File& file : folder.files) {
    if (!is_plain(file) || file.path.ends_with(".down.sql")) continue;
    Migration migration;
    migration.path = file.path;
    migration.id = migration.name = stem_of(file.path);
    migration.up.text = file.text;
    // Git may change line ends on the way; the statements stay the same.
    migration.checksum = sha256_hex(replace_all(file.text, "\r\n", "\n"));
    TRY(describe(file.text, migration));
    out.push_back(std::move(migration));
  }
  for (const File& file : folder.files) {
    if (!is_plain(file) || !file.path.ends_with(".down.sql")) continue;
    const std::string id = stem_of(file.path);
    const auto up = std::find_if(out.begin(), out.end(),
                                 [&](const Migration& migration) { return migration.id == id; });
    if (up == out.end())
      return Error(Code::Malformed, fmt::format("{} has no {}.sql beside it", file.path, id),
                   "remove it, or put the migration it takes back into the folder");
    Migration down;
    down.path = file.path;
    TRY(read_header(file.text, down));
    up->down = Script{file.text, down.up.wrap};
  }
  std::sort(out.begin(), out.end(), [](const Migration& a, const Migration& b) {
    const int order = compare_numbers(leading_digits(a.id), leading_digits(b.id));
    return order != 0 ? order < 0 : a.id < b.id;
  });
  return out;
}

// Files of code: only their own tool runs them. Knex keeps the ending in its book.
Result<std::vector<Migration>> read_code(const Folder& folder, bool with_ending) {
  std::vector<Migration> out;
  for (const File& file : folder.files) {
    if (!is_at_top(file.path) || file.path.ends_with(".d.ts") || file.path.ends_with(".toml") ||
        file.path.ends_with(".json") || file.path.ends_with(".conf"))
      continue;
    if (with_ending && file.path.ends_with(".sql")) continue;
    Migration migration;
    migration.path = file.path;
    migration.id = with_ending ? file.path : file.path.substr(0, file.path.rfind('.'));
    migration.name = file.path.substr(0, file.path.rfind('.'));
    migration.is_delegated = true;
    out.push_back(std::move(migration));
  }
  return out;
}

}  // namespace slipway::database::migrations
