#include "app/migrate_safety.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/backup.h"

namespace slipway::app {
namespace {
namespace backup = database::backup;

// The second makes it one that was never given before.
std::string name_for(const cli::Session& session, const Migrating& what) {
  std::string stamp = to_iso8601(session.around().clock->now()).substr(0, 19);
  std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
  const std::string who = what.release.empty() ? "by-hand" : what.release;
  return fmt::format("slipway_{}_{}_{}", who, session.given().text("--phase"), stamp);
}

Error not_possible(const std::string& why) {
  return Error(Code::Refused, "no restore point can be made before the migrations: " + why,
               "set up pgBackRest (slipway db backup ENV --setup), or set "
               "database.migrations.safety_point");
}
}  // namespace

Result<std::optional<backup::SafetyPoint>> make_safety_point(const cli::Session& session,
                                                             const Migrating& what,
                                                             const backup::World& world) {
  const auto& migrations = what.database.migrations;
  if (migrations.safety_point == "off") return std::optional<backup::SafetyPoint>();
  const bool is_required = migrations.safety_point == "require";
  if (!what.database.backup.is_set && !is_required) return std::optional<backup::SafetyPoint>();
  if (!what.database.backup.is_set) return not_possible("there is no database.backup");
  auto settings =
      TRY(backup_settings(what.database, {what.app, what.settings.environment, what.home,
                                          session.state_folder(), what.release, what.url}));
  settings.wait = what.settings.wait;
  const auto tool = TRY(backup::make_tool(settings, world));
  if (is_required && tool->tool() == backup::Tool::PgDump)
    return not_possible("pg_dump has no point-in-time recovery");
  auto made = tool->safety_point(name_for(session, what), migrations.safety_point_age);
  if (!made) return made.error().in("while making the restore point before the migrations");
  return std::optional<backup::SafetyPoint>(std::move(*made));
}

std::string words_of(const backup::SafetyPoint& made) {
  const double seconds = made.backup_seconds + made.point_seconds + made.archive_seconds;
  if (!made.is_moment)
    return fmt::format("restore point {}: the dump {}{}, in {:.1f}s", made.point.name,
                       made.point.entry, made.backup ? "" : ", which is new enough", seconds);
  return fmt::format(
      "restore point {} at {}, archived{}, in {:.1f}s", made.point.name, made.point.lsn,
      made.backup ? ", after the backup " + made.backup->id : std::string(), seconds);
}

}  // namespace slipway::app
