// What is lost at most when the database has to be restored: said before anything is changed, as no
// rollback brings back what a migration took away.
#include <fmt/core.h>

#include <algorithm>

#include "base/units.h"
#include "plan/draft.h"

namespace slipway::plan {
namespace {
using Moments = Recovery::Moments;

std::string in_words(const Recovery& recovery) {
  const std::string every = fmt::format(
      "point-in-time recovery by pgBackRest, what may be lost is {} (RPO)", to_text(recovery.rpo));
  const std::string dumps =
      fmt::format("no point-in-time recovery; what may be lost is the interval between dumps: {}",
                  to_text(recovery.interval));
  switch (recovery.moments) {
    case Moments::Every:
      return every;
    case Moments::OfDumps:
      return dumps;
    case Moments::Unknown:
      return fmt::format("{}; where slipway does not reach the server's files, {}", every, dumps);
  }
  return {};
}
}  // namespace

Recovery recovery_of(const config::BackupSettings& backup) {
  Recovery out{Moments::Unknown, backup.rpo, std::min(backup.full, backup.incremental)};
  if (backup.tool == "pgbackrest") out.moments = Moments::Every;
  if (backup.tool == "pg_dump") out.moments = Moments::OfDumps;
  return out;
}

void note_recovery(Draft& draft) {
  const auto& database = draft.plan().settings.database;
  if (!database.is_set() || !database.backup.is_set) return;
  const auto recovery = recovery_of(database.backup);
  draft.promise(recovery);
  draft.note("the database: " + in_words(recovery));
}

}  // namespace slipway::plan
