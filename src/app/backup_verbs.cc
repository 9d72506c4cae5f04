// slipway db backup, db backups.
#include <fmt/core.h>

#include "app/backup_work.h"
#include "app/verbs.h"
#include "base/text.h"
#include "base/units.h"
#include "io/clock.h"

namespace slipway::app {
namespace {
namespace backup = database::backup;

constexpr int kRefused = 3;

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

}  // namespace

int run_db_backup(cli::Session& session) {
  Work work;
  Json details;
  const auto begun = work.begin(session, session.given().text("ENV"), details);
  if (!begun) return session.fail(begun.error(), details);
  if (session.given().has("--setup")) return set_up(session, work);
  const bool is_full = session.given().has("--full");
  const auto start = io::monotonic_us();
  const auto entry = work.tool->backup(is_full ? backup::Kind::Full : backup::Kind::Incremental);
  work.clear_progress(session);
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
  const auto begun = work.begin(session, session.given().text("ENV"), details);
  if (!begun) return session.fail(begun.error(), details);
  if (session.given().has("--verify")) return verify(session, work);
  if (session.given().has("--expire")) return expire(session, work);
  return list(session, work);
}

}  // namespace slipway::app
