// Flyway's SQL migrations: V1_2__name.sql, R__name.sql, B7__name.sql, U1_2__name.sql.
// Source: flyway/flyway, flyway-core …/resolver/ChecksumCalculator.java (0ea67c60): CRC-32 over the
// UTF-8 bytes of the lines without their ends and without a byte order mark; …/MigrationInfoHelper
// .java: what stands before "__" is the version, "_" in the rest is a blank; PostgreSQL's driver
// keeps versions as written with "_" as ".".
#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "database/migrations/formats.h"

namespace slipway::database::migrations {
namespace {
std::uint32_t crc32_of(std::uint32_t sum, std::string_view bytes) {
  for (const char c : bytes) {
    sum ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return sum;
}

struct Name {
  char prefix = 0;
  std::string version;  // "" for R
  std::string description;
};

std::optional<Name> name_of_file(std::string_view file) {
  if (!file.ends_with(".sql")) return std::nullopt;
  file.remove_suffix(4);
  const auto gap = file.find("__");
  if (gap == std::string_view::npos || gap == 0) return std::nullopt;
  Name out;
  out.prefix = file[0];
  if (std::string_view("VRBU").find(out.prefix) == std::string_view::npos) return std::nullopt;
  out.version = replace_all(std::string(file.substr(1, gap - 1)), "_", ".");
  out.description = replace_all(std::string(file.substr(gap + 2)), "_", " ");
  const bool is_version =
      !out.version.empty() && out.version.find_first_not_of("0123456789.") == std::string::npos;
  if ((out.prefix == 'R') != out.version.empty() || (out.prefix != 'R' && !is_version))
    return std::nullopt;
  return out;
}

bool is_set(const File* settings, std::string_view line) {
  if (settings == nullptr) return false;
  for (const auto raw : split(settings->text, '\n')) {
    if (replace_all(std::string(trim(raw)), " ", "") == line) return true;
  }
  return false;
}

Result<Migration> migration_of(const Folder& folder, const File& file, const Name& name) {
  Migration out;
  out.path = file.path;
  out.kind = name.prefix == 'R'   ? Migration::Kind::Repeatable
             : name.prefix == 'B' ? Migration::Kind::Baseline
                                  : Migration::Kind::Versioned;
  out.id = name.prefix == 'R' ? "R " + name.description : name.version;
  out.description = name.description;
  out.name = std::string(file_name_of(file.path));
  out.up.text = file.text;
  out.checksum = flyway_checksum(file.text);
  TRY(describe(file.text, out));
  if (is_set(folder.find(file.path + ".conf"), "executeInTransaction=false"))
    out.up.wrap = Wrap::None;
  if (file.text.find("${") != std::string::npos)
    out.trouble = "it has ${placeholders}, which only Flyway fills in";
  return out;
}
}  // namespace

std::string flyway_checksum(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::uint32_t sum = 0xFFFFFFFFU;
  // Every end of a line is left out, so it is enough to leave out the characters.
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = text.find_first_of("\r\n", begin);
    sum = crc32_of(sum, text.substr(begin, end == std::string_view::npos ? end : end - begin));
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  return std::to_string(static_cast<std::int32_t>(~sum));
}

int compare_versions(std::string_view a, std::string_view b) {
  const auto parts_of = [](std::string_view text) { return split(text, '.'); };
  const auto left = parts_of(a);
  const auto right = parts_of(b);
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const int order = compare_numbers(i < left.size() && !left[i].empty() ? left[i] : "0",
                                      i < right.size() && !right[i].empty() ? right[i] : "0");
    if (order != 0) return order;
  }
  return 0;
}

Result<std::vector<Migration>> read_flyway(const Folder& folder) {
  std::vector<Migration> out;
  for (const File& file : folder.files) {
    const auto name = name_of_file(file_name_of(file.path));
    if (!name || name->prefix == 'U') continue;
    out.push_back(TRY(migration_of(folder, file, *name)));
  }
  for (const File& file : folder.files) {
    const auto name = name_of_file(file_name_of(file.path));
    if (!name || name->prefix != 'U') continue;
    for (Migration& migration : out) {
      if (migration.kind == Migration::Kind::Versioned &&
          compare_versions(migration.id, name->version) == 0)
        migration.down = Script{file.text, Wrap::Automatic};
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Migration& a, const Migration& b) {
    const bool a_last = a.kind == Migration::Kind::Repeatable;
    const bool b_last = b.kind == Migration::Kind::Repeatable;
    if (a_last != b_last) return b_last;
    return a_last ? a.description < b.description : compare_versions(a.id, b.id) < 0;
  });
  return out;
}

}  // namespace slipway::database::migrations
