#include "app/migrate_files.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "database/lint/text.h"
#include "io/files.h"

namespace slipway::app {
namespace {
// Which of a folder's names are migrations, in the order they are applied.
bool is_migration(const std::string& name) {
  // Flyway's way back: U7__name.sql.
  const bool goes_back = name.size() > 1 && name[0] == 'U' && name[1] >= '0' && name[1] <= '9';
  return name.ends_with(".sql") && !name.ends_with(".down.sql") && !goes_back;
}

Result<std::vector<std::string>> files_of(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& name : TRY(io::list_dir(folder))) {
    const std::string path = io::join_path(folder, name);
    if (is_migration(name)) out.push_back(path);
    // Prisma's: a folder for each, with one file in it.
    const std::string inside = io::join_path(path, "migration.sql");
    if (io::is_dir(path) && io::exists(inside)) out.push_back(inside);
  }
  return out;
}

// The folder whose names are in order: for Prisma's the one above.
std::string folder_of(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/'));
  return path.ends_with("/migration.sql") ? folder.substr(0, folder.rfind('/')) : folder;
}

}  // namespace

Result<MigrationFiles> files_meant(const std::vector<std::string>& words) {
  MigrationFiles out;
  for (const auto& word : words) {
    const std::string path = io::absolute_path(word);
    if (io::is_dir(path)) {
      for (auto& file : TRY(files_of(path))) out.meant.push_back(std::move(file));
    } else {
      out.meant.push_back(path);
    }
  }
  if (out.meant.empty())
    return Error(Code::NotFound, fmt::format("there is no .sql file in {}", join(words, ", ")),
                 "name the folder of the migrations, or a file");
  const auto first = *std::min_element(out.meant.begin(), out.meant.end());
  for (auto& file : TRY(files_of(folder_of(first)))) {
    if (file < first) out.before.push_back(std::move(file));
  }
  return out;
}

Result<std::string> text_of_file(const std::string& path) {
  return std::string(database::lint::part_that_goes_up(TRY(io::read_file(path))));
}

}  // namespace slipway::app
