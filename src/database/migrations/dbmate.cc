// dbmate: VERSION_name.sql with `-- migrate:up [transaction:false]` and `-- migrate:down`.
// Source: amacneil/dbmate, pkg/dbmate/migration.go (0b6e2ee8): the two marks, in this order, both
// needed, nothing but comments before the first; pkg/dbmate/db.go: version = the leading digits,
// order by file name.
#include <fmt/core.h>

#include "base/text.h"
#include "database/migrations/formats.h"

namespace slipway::database::migrations {
namespace {
// Where the line `-- migrate:WORD …` begins; npos when there is none.
std::size_t mark_at(std::string_view text, std::string_view word) {
  std::size_t at = 0;
  for (const auto line : split(text, '\n')) {
    if (line.starts_with("--")) {
      auto said = trim(line.substr(2));
      if (said.starts_with(word) &&
          (said.size() == word.size() || said[word.size()] == ' ' || said[word.size()] == '\t'))
        return at;
    }
    at += line.size() + 1;
  }
  return std::string_view::npos;
}

Script block_of(std::string_view text) {
  Script out{std::string(text), Wrap::Transaction};
  const auto first = text.substr(0, text.find('\n'));
  for (const auto word : split(first, ' ')) {
    if (trim(word) == "transaction:false") out.wrap = Wrap::None;
  }
  return out;
}

Error unreadable(const File& file, std::string_view what) {
  return Error(Code::Malformed, fmt::format("{}: {}", file.path, what),
               "dbmate wants -- migrate:up, its statements, -- migrate:down, its statements");
}
}  // namespace

Result<std::vector<Migration>> read_dbmate(const Folder& folder) {
  std::vector<Migration> out;
  for (const File& file : folder.files) {
    if (!is_at_top(file.path) || !file.path.ends_with(".sql") || leading_digits(file.path).empty())
      continue;
    const std::size_t up = mark_at(file.text, "migrate:up");
    const std::size_t down = mark_at(file.text, "migrate:down");
    if (up == std::string::npos) return unreadable(file, "there is no -- migrate:up");
    if (down == std::string::npos) return unreadable(file, "there is no -- migrate:down");
    if (down < up) return unreadable(file, "-- migrate:down stands before -- migrate:up");
    Migration migration;
    migration.path = file.path;
    migration.id = leading_digits(file.path);
    migration.name = file.path.substr(0, file.path.size() - 4);
    TRY(describe(file.text, migration));
    const Wrap said = migration.up.wrap;
    const std::string_view text = file.text;
    migration.up = block_of(text.substr(up, down - up));
    if (said != Wrap::Automatic) migration.up.wrap = said;
    // dbmate would fail at a build inside a transaction; a file with that one statement means it.
    if (migration.up.wrap == Wrap::Transaction) migration.up.wrap = Wrap::Automatic;
    migration.down = block_of(text.substr(down));
    out.push_back(std::move(migration));
  }
  return out;
}

}  // namespace slipway::database::migrations
