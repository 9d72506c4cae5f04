#include "database/migrations/migration.h"

#include <array>
#include <utility>

namespace slipway::database::migrations {
namespace {
constexpr std::array<std::pair<Tool, std::string_view>, 9> kTools = {{
    {Tool::Plain, "sql"},
    {Tool::Prisma, "prisma"},
    {Tool::Drizzle, "drizzle"},
    {Tool::Dbmate, "dbmate"},
    {Tool::GolangMigrate, "golang-migrate"},
    {Tool::Flyway, "flyway"},
    {Tool::NodePgMigrate, "node-pg-migrate"},
    {Tool::Knex, "knex"},
    {Tool::Command, "command"},
}};
constexpr std::array<std::pair<Phase, std::string_view>, 4> kPhases = {{
    {Phase::Unknown, "unknown"},
    {Phase::Expand, "expand"},
    {Phase::Backfill, "data"},
    {Phase::Contract, "contract"},
}};

template <class Key, std::size_t N>
std::string_view name_in(const std::array<std::pair<Key, std::string_view>, N>& table, Key key) {
  for (const auto& [one, name] : table) {
    if (one == key) return name;
  }
  return "";
}
template <class Key, std::size_t N>
std::optional<Key> key_in(const std::array<std::pair<Key, std::string_view>, N>& table,
                          std::string_view name) {
  for (const auto& [key, one] : table) {
    if (one == name) return key;
  }
  return std::nullopt;
}
}  // namespace

std::string_view name_of(Tool tool) { return name_in(kTools, tool); }
std::optional<Tool> tool_named(std::string_view name) { return key_in(kTools, name); }
std::string_view name_of(Phase phase) { return name_in(kPhases, phase); }
std::optional<Phase> phase_named(std::string_view name) { return key_in(kPhases, name); }

}  // namespace slipway::database::migrations
