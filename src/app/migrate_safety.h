#pragma once
// The restore point before pending migrations.
#include <optional>

#include "app/migrate.h"
#include "database/backup/tool.h"

namespace slipway::app {

// nullopt when none is wanted: no backups are set up, or `safety_point: off`. An error when one is
// wanted and cannot be made; nothing must be migrated then.
Result<std::optional<database::backup::SafetyPoint>> make_safety_point(
    const cli::Session& session, const Migrating& what, const database::backup::World& world);
// "restore point slipway_r-0042_expand_… at 0/5000148, archived, in 0.4s"
std::string words_of(const database::backup::SafetyPoint& made);

}  // namespace slipway::app
