#include "app/backup_work.h"

#include <fmt/core.h>

#include "app/backup.h"
#include "app/interrupts.h"
#include "cli/target.h"

namespace slipway::app {
namespace backup = database::backup;

void Work::show_progress(const cli::Session& session, const backup::Progress& progress) {
  const std::string line = progress.phase + ": " + progress.text;
  if (session.is_live() && !session.is_quiet()) {
    session.print(fmt::format("\r{:<78.78}", line));
  } else if (last_phase != progress.phase) {
    session.note(line);
  }
  last_phase = progress.phase;
}

void Work::clear_progress(const cli::Session& session) const {
  if (session.is_live() && !last_phase.empty()) session.print(fmt::format("\r{:<78}\r", ""));
}

Result<void> Work::begin(cli::Session& session, const std::string& named, Json& details) {
  const auto loaded = TRY(cli::load_file(session, details));
  app = loaded.config.app;
  environment = TRY(cli::pick_environment(loaded.config, named));
  const auto& database = loaded.config.environments.at(environment).database;
  const std::string release = session.given().verb().name == "db backup"
                                  ? session.given().text("--release")
                                  : std::string();
  const auto settings = TRY(backup_settings(
      database,
      {loaded.config.app, environment, loaded.file.folder, session.state_folder(), release, {}}));
  interrupted = notice_interrupts();
  backup::World world{clock, {}, interrupted};
  world.on_progress = [&session, this](const backup::Progress& progress) {
    show_progress(session, progress);
  };
  tool = TRY(backup::make_tool(settings, world));
  return ok();
}

}  // namespace slipway::app
