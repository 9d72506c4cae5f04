#include "database/migrations/folder.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "database/migrations/derive.h"
#include "database/migrations/formats.h"
#include "database/migrations/header.h"
#include "io/files.h"

namespace slipway::database::migrations {
namespace {
constexpr std::size_t kMostFiles = 10'000;
constexpr std::string_view kRead[] = {".sql", ".toml", ".json", ".conf", ".js",
                                      ".ts",  ".cjs",  ".mjs",  ".cts",  ".mts"};

bool is_read(std::string_view name) {
  return std::any_of(std::begin(kRead), std::end(kRead),
                     [&](std::string_view ending) { return name.ends_with(ending); });
}

Result<void> load_into(const std::string& folder, const std::string& below, bool goes_deeper,
                       std::vector<File>& out) {
  for (const std::string& name : TRY(io::list_dir(folder))) {
    if (name.starts_with('.')) continue;
    const std::string path = io::join_path(folder, name);
    if (io::is_dir(path)) {
      if (goes_deeper && name != "node_modules") TRY(load_into(path, name + "/", false, out));
      continue;
    }
    if (out.size() >= kMostFiles)
      return Error(Code::TooLarge, fmt::format("{} holds more than {} files", folder, kMostFiles),
                   "name the folder of the migrations alone");
    if (is_read(name)) out.push_back({below + name, TRY(io::read_file(path))});
  }
  return ok();
}

bool any_file(const Folder& folder, auto&& wanted) {
  return std::any_of(folder.files.begin(), folder.files.end(), wanted);
}

bool is_code(std::string_view name) {
  return is_read(name) && !name.ends_with(".sql") && !name.ends_with(".toml") &&
         !name.ends_with(".json") && !name.ends_with(".conf");
}

std::optional<Tool> tool_of_sql(const Folder& folder) {
  const auto sql_with = [&](auto&& test) {
    return any_file(folder, [&](const File& file) {
      return file.path.ends_with(".sql") && is_at_top(file.path) && test(file);
    });
  };
  if (sql_with([](const File& file) { return has_line_of_comment(file.text, "migrate:up"); }))
    return Tool::Dbmate;
  if (sql_with([](const File& file) { return has_line_of_comment(file.text, "up migration"); }))
    return Tool::NodePgMigrate;
  if (sql_with([](const File& file) {
        return file.path.ends_with(".up.sql") && !leading_digits(file.path).empty();
      }))
    return Tool::GolangMigrate;
  if (sql_with([](const File& file) {
        return (file.path[0] == 'V' || file.path[0] == 'R' || file.path[0] == 'B') &&
               file.path.find("__") != std::string::npos;
      }))
    return Tool::Flyway;
  if (sql_with([](const File& file) { return !leading_digits(file.path).empty(); }))
    return Tool::Plain;
  return std::nullopt;
}
}  // namespace

const File* Folder::find(std::string_view file_path) const {
  for (const File& file : files) {
    if (file.path == file_path) return &file;
  }
  return nullptr;
}

Result<Folder> load_folder(const std::string& path) {
  if (!io::is_dir(path))
    return Error(Code::NotFound, fmt::format("there is no folder {}", path),
                 "name the folder of the migrations with --path, or as database.migrations.path "
                 "in slipway.yaml");
  Folder out;
  out.path = path;
  TRY(load_into(path, "", true, out.files));
  std::sort(out.files.begin(), out.files.end(),
            [](const File& a, const File& b) { return a.path < b.path; });
  return out;
}

std::optional<Tool> tool_of(const Folder& folder) {
  if (folder.find("meta/_journal.json") != nullptr) return Tool::Drizzle;
  if (folder.find("migration_lock.toml") != nullptr ||
      any_file(folder, [](const File& file) { return file.path.ends_with("/migration.sql"); }))
    return Tool::Prisma;
  if (const auto by_sql = tool_of_sql(folder)) return by_sql;
  const auto code_with = [&](std::string_view word) {
    return any_file(folder, [&](const File& file) {
      return is_code(file.path) && file.text.find(word) != std::string::npos;
    });
  };
  if (code_with("pgm")) return Tool::NodePgMigrate;
  if (code_with("knex")) return Tool::Knex;
  return std::nullopt;
}

Result<std::vector<Migration>> read_migrations(Tool tool, const Folder& folder) {
  Result<std::vector<Migration>> out = std::vector<Migration>();
  switch (tool) {
    case Tool::Plain:
      out = read_plain(folder);
      break;
    case Tool::Prisma:
      out = read_prisma(folder);
      break;
    case Tool::Drizzle:
      out = read_drizzle(folder);
      break;
    case Tool::Dbmate:
      out = read_dbmate(folder);
      break;
    case Tool::GolangMigrate:
      out = read_golang_migrate(folder);
      break;
    case Tool::Flyway:
      out = read_flyway(folder);
      break;
    case Tool::NodePgMigrate:
      out = read_node_pg_migrate(folder);
      break;
    case Tool::Knex:
      out = read_code(folder, true);
      break;
    case Tool::Command:
      out = read_code(folder, false);
      break;
  }
  if (!out) return out;
  for (Migration& one : *out) {
    if (one.phase != Phase::Unknown || one.is_delegated) continue;
    auto derived = derive_phase(one.up.text);
    one.derived = derived.phase;
    one.mixed = std::move(derived.mixed);
  }
  for (std::size_t i = 0; i < out->size(); ++i) {
    for (std::size_t j = i + 1; j < out->size(); ++j) {
      if ((*out)[i].id == (*out)[j].id && (*out)[i].kind == (*out)[j].kind)
        return Error(Code::Malformed,
                     fmt::format("{} and {} have the same version, {}", (*out)[i].path,
                                 (*out)[j].path, (*out)[i].id),
                     "give the newer one a version of its own");
    }
  }
  return out;
}

bool checksum_matches(Tool tool, const Migration& migration, std::string_view recorded) {
  if (migration.checksum.empty() || recorded.empty()) return true;
  if (tool == Tool::Prisma) return prisma_checksum_matches(migration, recorded);
  return migration.checksum == recorded;
}

std::string_view leading_digits(std::string_view name) {
  const auto end = name.find_first_not_of("0123456789");
  return name.substr(0, end == std::string_view::npos ? name.size() : end);
}

int compare_numbers(std::string_view a, std::string_view b) {
  while (a.size() > 1 && a[0] == '0') a.remove_prefix(1);
  while (b.size() > 1 && b[0] == '0') b.remove_prefix(1);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

std::string_view file_name_of(std::string_view path) {
  const auto at = path.rfind('/');
  return at == std::string_view::npos ? path : path.substr(at + 1);
}

bool is_at_top(std::string_view path) { return path.find('/') == std::string_view::npos; }

bool has_line_of_comment(std::string_view text, std::string_view words) {
  for (const auto raw : split(text, '\n')) {
    const auto line = trim(raw);
    if (!line.starts_with("--")) continue;
    const auto begin = line.find_first_not_of("- \t");
    if (begin == std::string_view::npos) continue;
    std::string said(line.substr(begin, words.size()));
    std::transform(said.begin(), said.end(), said.begin(), [](unsigned char c) {
      return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    if (said == words) return true;
  }
  return false;
}

Result<void> describe(std::string_view text, Migration& migration) {
  migration.phase = phase_by_name(file_name_of(migration.path));
  return read_header(text, migration);
}

}  // namespace slipway::database::migrations
