#pragma once
// The folder of a migration tool, in memory, and the migrations in it. Everything but load_folder
// is pure.
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "database/migrations/migration.h"

namespace slipway::database::migrations {

struct File {
  std::string path;  // below the folder, with "/"
  std::string text;
};
struct Folder {
  std::string path;
  std::vector<File> files;  // by path
  const File* find(std::string_view file_path) const;
};

// The folder and the folders in it (one level), at most 10,000 files. NotFound names the folder.
Result<Folder> load_folder(const std::string& path);

// Whose folder it is, by what lies in it; nullopt when nothing in it is known.
std::optional<Tool> tool_of(const Folder& folder);

// In the order in which the tool would apply them. Malformed when a file cannot be read as the tool
// would read it; two of one version are an error.
Result<std::vector<Migration>> read_migrations(Tool tool, const Folder& folder);

// Whether the book's checksum is this migration's, by the tool's own rule. A tool without
// checksums always agrees.
bool checksum_matches(Tool tool, const Migration& migration, std::string_view recorded);

}  // namespace slipway::database::migrations
