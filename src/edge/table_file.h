#pragma once
// The committed table on disk, and the one before it.
#include <string>

#include "base/result.h"
#include "edge/table.h"

namespace slipway::edge {

class TableFile {
 public:
  explicit TableFile(std::string folder);

  struct Loaded {
    Table table;
    std::string warning;  // not empty: the newest file was damaged and the one before it is used
  };
  // No file at all is an empty table. Corrupt when there are files and none can be used: serving an
  // empty table then would answer 404 for everything.
  Result<Loaded> load() const;
  // Durable when it returns; the file before stays as ".prev".
  Result<void> save(const Table& table) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::string previous_path_;
};

}  // namespace slipway::edge
