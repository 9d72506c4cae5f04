#include "database/migrations/new_file.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "database/migrations/formats.h"

namespace slipway::database::migrations {
namespace {
// "Add status to orders" -> "add_status_to_orders"
std::string slug_of(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const char low = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool is_kept = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
    if (is_kept) {
      out += low;
    } else if (!out.empty() && out.back() != '_') {
      out += '_';
    }
  }
  while (out.ends_with('_')) out.pop_back();
  return out;
}

// 20261121103107
std::string stamp_of(WallTime now) {
  std::string out;
  for (const char c : to_iso8601(now)) {
    if (c >= '0' && c <= '9') out += c;
  }
  return out.substr(0, 14);
}

// As the folder counts: the next number with as many digits, or the time where it counts by time.
std::string next_number(const Folder& folder, WallTime now, std::string_view prefix) {
  std::string last;
  for (const File& file : folder.files) {
    std::string_view name = file_name_of(file.path);
    if (!name.starts_with(prefix)) continue;
    const auto digits = leading_digits(name.substr(prefix.size()));
    if (last.empty() || compare_numbers(digits, last) > 0) last = digits;
  }
  if (last.size() > 8) return stamp_of(now);
  if (last.empty()) return prefix.empty() ? "0001" : "1";
  const std::string next = std::to_string(std::stol(last) + 1);
  return std::string(last.size() > next.size() ? last.size() - next.size() : 0, '0') + next;
}

std::string head_of(Phase phase) {
  return phase == Phase::Unknown ? std::string()
                                 : fmt::format("-- slipway: phase={}\n", name_of(phase));
}

constexpr std::string_view kBatches =
    "-- slipway: phase=data, table=TABLE, key=id, batch=1000\n"
    "UPDATE TABLE SET COLUMN = VALUE WHERE id BETWEEN :from AND :to;\n";
}  // namespace

Result<std::vector<File>> new_migration(Tool tool, const Folder& folder, const std::string& name,
                                        Phase phase, WallTime now) {
  const std::string slug = slug_of(name);
  if (slug.empty())
    return Error(Code::Usage, fmt::format("\"{}\" is no name", name),
                 "say what it does: slipway migrate new \"add status to orders\"");
  const std::string head = head_of(phase);
  const std::string number = next_number(folder, now, "");
  std::vector<File> out;
  switch (tool) {
    case Tool::Plain:
      out.push_back({fmt::format("{}_{}.sql", number, slug),
                     phase == Phase::Backfill ? std::string(kBatches) : head});
      out.push_back({fmt::format("{}_{}.down.sql", number, slug), ""});
      return out;
    case Tool::Prisma:
      out.push_back({fmt::format("{}_{}/migration.sql", stamp_of(now), slug), head});
      return out;
    case Tool::Dbmate:
      out.push_back({fmt::format("{}_{}.sql", stamp_of(now), slug),
                     head + "-- migrate:up\n\n\n-- migrate:down\n\n"});
      return out;
    case Tool::GolangMigrate:
      out.push_back({fmt::format("{}_{}.up.sql", number, slug), head});
      out.push_back({fmt::format("{}_{}.down.sql", number, slug), ""});
      return out;
    case Tool::Flyway:
      out.push_back({fmt::format("V{}__{}.sql", next_number(folder, now, "V"), slug), head});
      return out;
    case Tool::NodePgMigrate:
      out.push_back({fmt::format("{}_{}.sql", to_unix_ms(now), slug),
                     head + "-- Up Migration\n\n\n-- Down Migration\n\n"});
      return out;
    case Tool::Drizzle:
    case Tool::Knex:
    case Tool::Command:
      break;
  }
  return Error(Code::Unsupported, fmt::format("{} makes its migrations itself", name_of(tool)),
               tool == Tool::Drizzle ? "npx drizzle-kit generate (--custom for an empty one)"
                                     : "npx knex migrate:make NAME");
}

}  // namespace slipway::database::migrations
