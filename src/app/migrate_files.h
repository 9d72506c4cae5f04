#pragma once
// The migrations that FILE… of the command line means.
#include <string>
#include <vector>

#include "base/result.h"

namespace slipway::app {

struct MigrationFiles {
  std::vector<std::string> before;  // of the same folder, which come before the first one meant
  std::vector<std::string> meant;   // absolute paths, in their order
};
// A folder means the .sql files in it (Prisma's folders of one file too), without those that go
// down.
Result<MigrationFiles> files_meant(const std::vector<std::string>& words);
// Without the part that takes it back.
Result<std::string> text_of_file(const std::string& path);

}  // namespace slipway::app
