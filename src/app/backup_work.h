#pragma once
// One run of a verb about backups: the tool, and how its progress is shown.
#include <memory>
#include <string>

#include "cli/session.h"
#include "database/backup/tool.h"
#include "io/clock.h"

namespace slipway::app {

struct Work {
  io::SystemClock clock;
  std::function<bool()> interrupted;
  std::unique_ptr<database::backup::BackupTool> tool;
  std::string app;
  std::string environment;
  std::string last_phase;

  // `named`: the environment; "": the only one. `details` as in cli::load_file(). From here on
  // Ctrl-C ends what is under way instead of cutting it off.
  Result<void> begin(cli::Session& session, const std::string& named, Json& details);
  void show_progress(const cli::Session& session, const database::backup::Progress& progress);
  void clear_progress(const cli::Session& session) const;
};

}  // namespace slipway::app
