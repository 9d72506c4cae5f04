#include "app/rehearsal_ground.h"

#include <fmt/core.h>
#include <signal.h>

#include <algorithm>

#include "app/backup.h"
#include "app/migrate_command.h"
#include "base/text.h"
#include "database/backup/scratch.h"
#include "database/postgres/url.h"
#include "io/clock.h"
#include "io/files.h"
#include "io/signals.h"

namespace slipway::app {
namespace {
namespace backup = database::backup;
namespace migrations = database::migrations;
namespace rehearsal = database::rehearsal;

std::vector<std::string> missing_in(const std::vector<migrations::Migration>& list,
                                    const migrations::Look& production,
                                    const migrations::Look& here) {
  std::vector<std::string> out;
  for (const std::size_t i : production.outlook.done) {
    const auto& done = here.outlook.done;
    if (std::find(done.begin(), done.end(), i) == done.end()) out.push_back(list[i].id);
  }
  return out;
}

// A dump is older than the migration it was made before.
Result<void> catch_up(const Migrating& what, const migrations::Look& production,
                      Grounded& grounded) {
  io::SystemClock clock;
  io::SystemRandom random;
  migrations::Stop stop;
  const auto url = grounded.stage->url();
  migrations::Runner runner(url, settings_on_scratch(what.settings), {clock, random, stop, {}});
  const auto leave = leave_on_scratch();
  const auto here = TRY(runner.look(what.list, leave));
  auto& missing = grounded.ground.caught_up;
  missing = missing_in(what.list, production, here);
  if (missing.empty()) return ok();
  if (!what.command.empty())
    runner.command_by([&](const migrations::Migration& one) {
      return run_on_scratch(what, one, grounded.stage->server(), grounded.stage->database(), "");
    });
  const auto done = runner.up(what.list, leave, missing.back());
  if (!done) return done.error().in("running what production has and the backup has not");
  return ok();
}

Result<Grounded> on_backup(const Migrating& what, const migrations::Look& production,
                           const std::string& state_folder, const Tell& tell,
                           const Abandon& abandon) {
  if (!what.database.backup.is_set)
    return Error(Code::ConfigInvalid, "there is no database.backup to rehearse on",
                 "add it, or use database.migrations.rehearse_on: schema");
  const auto settings =
      TRY(backup_settings(what.database, {what.app, what.settings.environment, what.home,
                                          state_folder, what.release, what.url}));
  auto out = TRY(ground_on_backup(settings, tell, abandon));
  TRY(out.stage->look_as(what.url));
  TRY(catch_up(what, production, out));
  if (!out.ground.caught_up.empty() || out.ground.tool == name_of(backup::Tool::PgDump))
    TRY(out.stage->count_rows());
  return out;
}
}  // namespace

Abandon::Abandon() {
  io::block_signals({SIGINT, SIGTERM, SIGHUP});
  thread_ = std::thread([this] { watch(); });
}

Abandon::~Abandon() {
  is_over_ = true;
  thread_.join();
}

void Abandon::give(const rehearsal::Stage* stage) {
  const std::lock_guard hold(mutex_);
  stage_ = stage;
  if (stage_ != nullptr && is_asked_) stage_->abandon();
}

void Abandon::watch() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&wanted, signal);
  while (!is_over_) {
    const timespec moment{0, 100'000'000};
    if (::sigtimedwait(&wanted, nullptr, &moment) <= 0) continue;
    const std::lock_guard hold(mutex_);
    is_asked_ = true;
    if (stage_ != nullptr) stage_->abandon();
  }
}

Result<Grounded> ground_on_backup(const backup::Settings& settings, const Tell& tell,
                                  const Abandon& abandon) {
  io::SystemClock clock;
  backup::World world{clock, {}, [&abandon] { return abandon.is_asked(); }, {}};
  std::string phase;
  world.on_progress = [&](const backup::Progress& progress) {
    if (progress.phase != phase && tell) tell("the backup: " + progress.phase);
    phase = progress.phase;
  };
  const auto tool = TRY(backup::make_tool(settings, world));
  auto newest = TRY(
      backup::restore_newest(*tool, io::join_path(settings.folder, "rehearsal"), settings.folder));
  const std::shared_ptr<backup::ScratchRestore> scratch = std::move(newest.scratch);
  const auto& restored = scratch->restored();
  std::string database =
      restored.database.empty() ? database::postgres::database_of(settings.url) : restored.database;
  if (database.empty()) database = "postgres";
  Grounded out;
  out.stage = TRY(rehearsal::Stage::on(scratch, scratch->server(), database));
  auto& ground = out.ground;
  ground.source = rehearsal::Ground::Source::Backup;
  ground.backup = restored.entry;
  ground.tool = name_of(tool->tool());
  ground.finished = newest.entry.finished;
  ground.last_commit = restored.last_commit;
  ground.restore_seconds = restored.seconds;
  ground.passed_over = std::move(newest.passed_over);
  return out;
}

Result<Grounded> ground_for(const Migrating& what, const migrations::Look& production,
                            const std::string& state_folder, const GroundAsked& asked,
                            const Tell& tell, const Abandon& abandon) {
  Grounded out;
  out.ground.source = rehearsal::Ground::Source::Schema;
  if (asked.on == "backup") {
    auto restored = on_backup(what, production, state_folder, tell, abandon);
    const bool is_final = restored || asked.otherwise == GroundAsked::Otherwise::Error ||
                          restored.error().code == Code::Aborted;
    if (is_final) return restored;
    out.ground.instead = restored.error().sentence();
  }
  out.stage = TRY(rehearsal::Stage::set(what.url));
  TRY(out.stage->look_as(what.url));
  return out;
}

}  // namespace slipway::app
