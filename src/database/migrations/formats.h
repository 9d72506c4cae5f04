#pragma once
// The formats one by one; folder.cc chooses. Each tells in its file where its facts come from.
#include <string>
#include <string_view>
#include <vector>

#include "database/migrations/folder.h"

namespace slipway::database::migrations {

Result<std::vector<Migration>> read_plain(const Folder& folder);
Result<std::vector<Migration>> read_prisma(const Folder& folder);
Result<std::vector<Migration>> read_drizzle(const Folder& folder);
Result<std::vector<Migration>> read_dbmate(const Folder& folder);
Result<std::vector<Migration>> read_golang_migrate(const Folder& folder);
Result<std::vector<Migration>> read_flyway(const Folder& folder);
Result<std::vector<Migration>> read_node_pg_migrate(const Folder& folder);
Result<std::vector<Migration>> read_code(const Folder& folder, bool with_ending);  // Knex, others

bool prisma_checksum_matches(const Migration& migration, std::string_view recorded);
// CRC-32 over the lines without their ends, as a signed number.
std::string flyway_checksum(std::string_view text);
// "1_2" is "1.2"; compared number by number.
int compare_versions(std::string_view a, std::string_view b);

// For the readers. Digits at the beginning of a file name.
std::string_view leading_digits(std::string_view name);
// -1, 0, 1 of two runs of digits of any length, as numbers.
int compare_numbers(std::string_view a, std::string_view b);
std::string_view file_name_of(std::string_view path);
bool is_at_top(std::string_view path);
bool has_line_of_comment(std::string_view text, std::string_view words);  // "migrate:up"
// Phase by name, then what the header says.
Result<void> describe(std::string_view text, Migration& migration);

}  // namespace slipway::database::migrations
