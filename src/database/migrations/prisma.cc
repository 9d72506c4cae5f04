// Prisma Migrate: NAME/migration.sql, in the order of the names.
// Source: prisma/prisma-engines, schema-engine/connectors/schema-connector/src/checksum.rs
// (48784dc4) and migrations_directory.rs: the checksum is SHA-256 of the file; another line end is
// no change, and rows of old versions lack the zero that pads a byte below 0x10.
#include <fmt/core.h>

#include <algorithm>

#include "base/digest.h"
#include "base/text.h"
#include "database/migrations/formats.h"
#include "database/migrations/header.h"

namespace slipway::database::migrations {
namespace {
constexpr std::string_view kFile = "/migration.sql";
constexpr std::size_t kHexLength = 64;

std::string without_padding(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    if (hex[i] != '0') out += hex[i];
    out += hex[i + 1];
  }
  return out;
}
}  // namespace

Result<std::vector<Migration>> read_prisma(const Folder& folder) {
  std::vector<Migration> out;
  for (const File& file : folder.files) {
    if (!file.path.ends_with(kFile)) continue;
    Migration migration;
    migration.path = file.path;
    migration.id = migration.name = file.path.substr(0, file.path.size() - kFile.size());
    migration.up.text = file.text;
    migration.checksum = sha256_hex(file.text);
    TRY(describe(file.text, migration));
    if (migration.phase == Phase::Unknown) migration.phase = phase_by_name(migration.id);
    // Prisma itself takes nothing back; a down.sql beside it is the usual place for the way back.
    if (const File* down = folder.find(migration.id + "/down.sql"))
      migration.down = Script{down->text, Wrap::Automatic};
    out.push_back(std::move(migration));
  }
  std::sort(out.begin(), out.end(),
            [](const Migration& a, const Migration& b) { return a.id < b.id; });
  return out;
}

bool prisma_checksum_matches(const Migration& migration, std::string_view recorded) {
  const std::string& text = migration.up.text;
  const std::string unix_ends = replace_all(text, "\r\n", "\n");
  // Their rule puts \r\n for every \n of the file as it is, so \r\n becomes \r\r\n there too.
  for (const std::string& one : {text, unix_ends, replace_all(text, "\n", "\r\n")}) {
    const std::string hex = sha256_hex(one);
    if ((recorded.size() == kHexLength ? hex : without_padding(hex)) == recorded) return true;
  }
  return false;
}

}  // namespace slipway::database::migrations
