// slipway db restore.
#include <fmt/core.h>

#include "app/backup_work.h"
#include "app/restore_in_place.h"
#include "app/verbs.h"
#include "base/text.h"
#include "database/backup/moment.h"
#include "io/files.h"

namespace slipway::app {
namespace {
namespace backup = database::backup;

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
  if (given.has("--disconnect")) out.sessions = backup::RestoreRequest::Sessions::Disconnect;
  return out;
}

// Into a folder nothing is taken away.
Result<void> agree(const cli::Session& session, const backup::RestoreRequest& request) {
  if (!request.into.empty() || session.given().has("--yes")) return ok();
  if (session.around().in_is_terminal && !session.wants_json() &&
      session.says_yes("put the backup in the place of the database? [y/N] "))
    return ok();
  return Error(Code::Refused, "a restore in place takes away what came after the backup",
               "say --yes when that is meant");
}

// What the verb was asked, as far as another run of it has to say the same.
Json words_of(const cli::Session& session) {
  Json out = Json::object();
  for (const char* option : {"--at", "--name", "--backup"})
    if (session.given().has(option)) out.set(option, session.given().text(option));
  return out;
}

std::string command_of(const cli::Session& session, const std::string& environment) {
  std::string out = "slipway db restore " + environment;
  for (const char* option : {"--at", "--name", "--backup"})
    if (session.given().has(option))
      out += fmt::format(" {} {}", option, session.given().text(option));
  return out + " --in-place";
}

int tell_restored(const cli::Session& session, const backup::Restored& restored) {
  if (session.wants_json()) {
    session.show(to_json(restored));
    return 0;
  }
  if (restored.entry.empty()) {
    session.say("restored by an earlier run; the app serves again");
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

Result<backup::Restored> in_place(cli::Session& session, Work& work, Resting& resting,
                                  backup::RestoreRequest request) {
  Undertaking undertaking{.verb = "restore",
                          .what = words_of(session),
                          .resume = command_of(session, work.environment)};
  auto before = TRY(begun_before(resting, undertaking));
  if (before) {
    session.note("goes on where an earlier run was cut off");
    undertaking = std::move(*before);
  }
  auto restored = TRY(restore_behind_page(session, resting, *work.tool, request, undertaking));
  restored.kept = undertaking.kept;
  const auto missing = gone_with_restore(session, resting, undertaking);
  if (!missing.empty())
    session.note("gone with the restore: " + join(missing, ", ") +
                 "; the app starts all the same. slipway migrate up applies them, slipway rollback "
                 "goes to a release that does without");
  if (auto started = resting.start_app(missing); !started)
    return started.error().in("the database is restored, but the app does not serve yet");
  return restored;
}

int undo(cli::Session& session, Work& work, std::optional<Resting>& resting) {
  const auto stand = resting ? resting->look() : Result<Stand>(Stand{});
  if (!stand) return session.fail(stand.error());
  const auto undertaking = undertaking_from_json(stand->note);
  const bool is_done = undertaking.stage == Undertaking::Stage::Copied ||
                       undertaking.stage == Undertaking::Stage::Restored;
  if (stand->is_on && is_done)
    return session.fail(
        Error(Code::Refused,
              "the database is restored already; what stood there before is " + undertaking.kept,
              undertaking.resume + " goes on"));
  const auto back = work.tool->give_up_in_place();
  if (!back) return session.fail(back.error());
  session.say(back->empty() ? "nothing of the database had been changed"
                            : "put back what stood there: " + *back);
  if (!stand->is_on) return 0;
  const auto started = resting->start_app({});
  return started ? 0 : session.fail(started.error());
}

}  // namespace

int run_db_restore(cli::Session& session) {
  const bool undoes = session.given().has("--undo");
  const auto request = undoes ? backup::RestoreRequest{} : request_of(session);
  if (!request) return session.fail(request.error());
  if (const auto agreed = undoes ? ok() : agree(session, *request); !agreed)
    return session.fail(agreed.error());
  Work work;
  Json details;
  const auto begun = work.begin(session, session.given().text("ENV"), details);
  if (!begun) return session.fail(begun.error(), details);
  std::optional<Resting> resting;
  if (undoes || request->into.empty()) {
    auto opened = Resting::open(session, {work.app, work.environment}, work.interrupted);
    if (!opened) return session.fail(opened.error());
    if (*opened) resting.emplace(std::move(**opened));
  }
  if (undoes) return undo(session, work, resting);
  const auto restored =
      resting ? in_place(session, work, *resting, *request) : work.tool->restore(*request);
  work.clear_progress(session);
  if (!restored) return session.fail(restored.error());
  return tell_restored(session, *restored);
}

}  // namespace slipway::app
