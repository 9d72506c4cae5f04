#pragma once
// A restore in the place of the database, with the app stopped and started around it. What
// `slipway db restore --in-place` and `slipway rollback --restore` have in common.
#include <string>
#include <vector>

#include "app/resting.h"
#include "database/backup/tool.h"

namespace slipway::app {

// Which restore it is, and how far it is. Kept by the daemon with the standstill, so that the same
// verb goes on where an earlier run was cut off.
struct Undertaking {
  enum class Stage {
    Stopped,   // nothing of the database has been changed
    Moved,     // what stood there is aside; nothing whole has taken its place
    Copied,    // the restored one is whole, the server starts on it
    Restored,  // it answers
  };
  std::string verb;    // "restore", "rollback"
  Json what;           // as the verb was asked; another one is another undertaking
  std::string resume;  // what to say to go on: "slipway db restore production --in-place …"
  std::vector<std::string> pending{};  // migrations the database did not have before either
  Stage stage = Stage::Stopped;
  std::string point{};  // rollback: the restore point it goes back to
  std::string kept{};   // where what stood there is
};
Json to_json(const Undertaking& undertaking);
Undertaking undertaking_from_json(const Json& json);

// Stops the app and restores, from the stage on that `undertaking` says. An error says how it
// stands: nothing changed and the app started again, or what is half done and how it goes on.
Result<database::backup::Restored> restore_behind_page(cli::Session& session, Resting& resting,
                                                       database::backup::BackupTool& tool,
                                                       database::backup::RestoreRequest request,
                                                       Undertaking& undertaking);
// The undertaking of the standstill in force, if it is `mine` in verb and, once something was
// changed, in what was asked; Refused with what to say when it is another; nullopt when none is.
Result<std::optional<Undertaking>> begun_before(Resting& resting, const Undertaking& mine);

// Migrations of the live version's folder that the database had before, and has no more. Empty,
// with a word on standard error, when that cannot be told.
std::vector<std::string> gone_with_restore(cli::Session& session, const Resting& resting,
                                           const Undertaking& undertaking);

}  // namespace slipway::app
