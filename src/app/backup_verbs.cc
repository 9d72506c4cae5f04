// slipway db backup, db backups, db restore.
#include <fmt/core.h>

#include "app/backup.h"
#include "app/interrupts.h"
#include "app/verbs.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/target.h"
#include "database/backup/moment.h"
#include "io/clock.h"
#include "io/files.h"

namespace slipway::app {
namespace {
namespace backup = database::backup;

constexpr int kRefused = 3;

// One verb's run: the tool, and how its progress is shown.
struct Work {
  io::SystemClock clock;
  std::unique_ptr<backup::BackupTool> tool;
  std::string environment;
  std::string last_phase;
};

void show_progress(const cli::Session& session, Work& work, const backup::Progress& progress) {
  const std::string line = progress.phase + ": " + progress.text;
  if (session.is_live() && !session.is_quiet()) {
    session.print(fmt::format("\r{:<78.78}", line));
  } else if (work.last_phase != progress.phase) {
    session.note(line);
  }
  work.last_phase = progress.phase;
}

void clear_progress(const cli::Session& session, const Work& work) {
  if (session.is_live() && !work.last_phase.empty()) session.print(fmt::format("\r{:<78}\r", ""));
}

Result<void> begin(cli::Session& session, Work& work, Json& details) {
  const auto loaded = TRY(cli::load_file(session, details));
  work.environment = TRY(cli::pick_environment(loaded.config, session.given().text("ENV")));
  const auto& database = loaded.config.environments.at(work.environment).database;
  const auto settings = TRY(backup_settings(
      database, {loaded.config.app,
                 work.environment,
                 loaded.file.folder,
                 session.state_folder(),
                 session.given().verb().name == "db backup" ? session.given().text("--release")
                                                            : std::string(),
                 {}}));
  backup::World world{work.clock, {}, notice_interrupts()};
  world.on_progress = [&session, &work](const backup::Progress& progress) {
    show_progress(session, work, progress);
  };
  work.tool = TRY(backup::make_tool(settings, world));
  return ok();
}

std::string size_of(std::uint64_t bytes) {
  return bytes < (1U << 20) ? fmt::format("{:.0f} kB", static_cast<double>(bytes) / 1e3)
                            : fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

std::string line_of(const backup::Entry& entry) {
  std::string out =
      fmt::format("{}  {}  {}  {} of {}", entry.id, name_of(entry.kind), to_iso8601(entry.finished),
                  size_of(entry.stored), size_of(entry.size));
  if (!entry.release.empty()) out += "  " + entry.release;
  if (!entry.damage.empty()) out += "  DAMAGED: " + entry.damage;
  return out;
}

int tell_setup(const cli::Session& session, const backup::Setup& setup, bool is_applied) {
  if (session.wants_json()) {
    session.show(Json::object()
                     .set("tool", name_of(setup.tool))
                     .set("why", setup.why)
                     .set("is_ready", setup.is_ready())
                     .set("missing", Json::array_of(setup.missing))
                     .set("statements", Json::array_of(setup.statements))
                     .set("needs_restart", setup.needs_restart)
                     .set("archive_command", setup.archive_command));
    return setup.is_ready() ? 0 : kRefused;
  }
  session.say(fmt::format("{}: {}", name_of(setup.tool), setup.why));
  for (const auto& missing : setup.missing) session.say("  missing: " + missing);
  if (!setup.statements.empty() && !is_applied)
    session.say("run these, or slipway db backup ENV --setup --yes:");
  if (!is_applied)
    for (const auto& statement : setup.statements) session.say("  " + statement + ";");
  if (setup.needs_restart) session.say("then restart PostgreSQL, and say --setup again");
  if (setup.is_ready()) session.say("backups can be made");
  return setup.is_ready() ? 0 : kRefused;
}

int set_up(cli::Session& session, Work& work) {
  const bool applies = session.given().has("--yes");
  using Apply = backup::BackupTool::Apply;
  const auto setup = work.tool->set_up(applies ? Apply::Statements : Apply::Nothing);
  if (!setup) return session.fail(setup.error());
  return tell_setup(session, *setup, applies);
}

// Findings are an answer, and the wrong one.
int verify(cli::Session& session, Work& work) {
  const auto seen = work.tool->verify({});
  if (!seen) return session.fail(seen.error());
  if (session.wants_json()) {
    session.show(to_json(*seen));
  } else {
    for (const auto& one : seen->findings)
      session.say(
          fmt::format("{} {}: {}", one.entry.empty() ? "archive" : one.entry, one.file, one.what));
    session.say(fmt::format(
        "{} looked at, {}", count_of(static_cast<long long>(seen->files), "file"),
        seen->is_good() ? "all as they were written"
                        : count_of(static_cast<long long>(seen->findings.size()), "finding")));
  }
  return seen->is_good() ? 0 : facts_of(Code::Corrupt).exit_code;
}

int expire(cli::Session& session, Work& work) {
  const auto gone = work.tool->expire();
  if (!gone) return session.fail(gone.error());
  if (session.wants_json()) {
    session.show(Json::object().set("removed", Json::array_of(*gone)));
  } else {
    for (const auto& id : *gone) session.say("removed " + id);
    if (gone->empty()) session.say("nothing is older than it need be");
  }
  return 0;
}

int list(cli::Session& session, Work& work) {
  const auto catalogue = work.tool->list();
  if (!catalogue) return session.fail(catalogue.error());
  if (session.wants_json()) {
    session.show(to_json(*catalogue));
    return 0;
  }
  session.say(
      fmt::format("{} by {}: {}", work.environment, name_of(catalogue->tool), catalogue->promise));
  for (const auto& entry : catalogue->entries) session.say("  " + line_of(entry));
  for (const auto& point : catalogue->points)
    session.say(fmt::format("  {}  restore point  {}{}{}", point.name, to_iso8601(point.at),
                            point.lsn.empty() ? "" : "  at " + point.lsn,
                            point.release.empty() ? "" : "  " + point.release));
  for (const auto& name : catalogue->unfinished)
    session.say("  " + name + "  was cut off; the next backup cleans it");
  return 0;
}

Result<backup::RestoreRequest> request_of(const cli::Session& session) {
  using Until = backup::RestoreRequest::Until;
  const auto& given = session.given();
  backup::RestoreRequest out;
  int said = 0;
  if (given.has("--at")) {
    const auto moment = backup::parse_moment(given.text("--at"));
    if (!moment)
      return Error(Code::Usage, "--at " + given.text("--at") + " is no moment",
                   "write it as 2026-11-22T14:05:00Z");
    out.until = Until::Time, out.time = *moment, ++said;
  }
  if (given.has("--name")) out.until = Until::Point, out.name = given.text("--name"), ++said;
  if (given.has("--backup")) out.until = Until::Entry, out.name = given.text("--backup"), ++said;
  if (said > 1)
    return Error(Code::Usage, "--at, --name and --backup are three ways to say one thing",
                 "keep one");
  if (given.has("--into") == given.has("--in-place"))
    return Error(Code::Usage, "slipway db restore needs --into DIR or --in-place",
                 "--into DIR makes a cluster of its own, and changes nothing else");
  if (given.has("--into")) out.into = io::join_path(session.around().folder, given.text("--into"));
  if (given.text("--into").starts_with('/')) out.into = given.text("--into");
  out.into = out.into.empty() ? out.into : io::absolute_path(out.into);
  out.accepts_other_server = given.text("--accept") == "database";
  if (!given.has("--in-place") || given.has("--yes")) return out;
  if (session.around().in_is_terminal && !session.wants_json() &&
      session.says_yes("put the backup in the place of the database? [y/N] "))
    return out;
  return Error(Code::Refused, "a restore in place takes away what came after the backup",
               "say --yes when that is meant");
}

int tell_restored(const cli::Session& session, const backup::Restored& restored) {
  if (session.wants_json()) {
    session.show(to_json(restored));
    return 0;
  }
  std::string line = fmt::format("restored {} ", restored.entry);
  line += restored.folder.empty() ? "as " + restored.database : "into " + restored.folder;
  if (!restored.lsn.empty()) line += " up to " + restored.lsn;
  if (to_unix_ms(restored.last_commit) > 0)
    line += ", last commit " + to_iso8601(restored.last_commit);
  session.say(line);
  session.say(fmt::format("in {:.1f}s: copied in {:.1f}s, replayed in {:.1f}s", restored.seconds,
                          restored.copy_seconds, restored.replay_seconds));
  if (!restored.kept.empty()) session.say("what stood there before is " + restored.kept);
  return 0;
}

}  // namespace

int run_db_backup(cli::Session& session) {
  Work work;
  Json details;
  const auto begun = begin(session, work, details);
  if (!begun) return session.fail(begun.error(), details);
  if (session.given().has("--setup")) return set_up(session, work);
  const bool is_full = session.given().has("--full");
  const auto start = io::monotonic_us();
  const auto entry = work.tool->backup(is_full ? backup::Kind::Full : backup::Kind::Incremental);
  clear_progress(session, work);
  if (!entry) return session.fail(entry.error());
  const double seconds = static_cast<double>(io::monotonic_us() - start) / 1e6;
  if (session.wants_json()) {
    session.show(to_json(*entry).set("seconds", seconds));
  } else {
    session.say(fmt::format("{}, in {:.1f}s", line_of(*entry), seconds));
  }
  return 0;
}

int run_db_backups(cli::Session& session) {
  Work work;
  Json details;
  const auto begun = begin(session, work, details);
  if (!begun) return session.fail(begun.error(), details);
  if (session.given().has("--verify")) return verify(session, work);
  if (session.given().has("--expire")) return expire(session, work);
  return list(session, work);
}

int run_db_restore(cli::Session& session) {
  const auto request = request_of(session);
  if (!request) return session.fail(request.error());
  Work work;
  Json details;
  const auto begun = begin(session, work, details);
  if (!begun) return session.fail(begun.error(), details);
  const auto restored = work.tool->restore(*request);
  clear_progress(session, work);
  if (!restored) return session.fail(restored.error());
  return tell_restored(session, *restored);
}

}  // namespace slipway::app
