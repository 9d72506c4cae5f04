#include "app/restore_in_place.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/migrate.h"
#include "base/text.h"
#include "database/migrations/runner.h"
#include "io/clock.h"

namespace slipway::app {
namespace {
namespace backup = database::backup;
namespace migrations = database::migrations;
using Stage = Undertaking::Stage;

constexpr Millis kLeaveWithin{3'000};  // connections of instances that were just stopped
constexpr std::pair<Stage, std::string_view> kStages[] = {{Stage::Stopped, "stopped"},
                                                          {Stage::Moved, "moved"},
                                                          {Stage::Copied, "copied"},
                                                          {Stage::Restored, "restored"}};

std::string_view name_of(Stage stage) {
  return std::find_if(std::begin(kStages), std::end(kStages),
                      [&](const auto& one) { return one.first == stage; })
      ->second;
}

// Of the live version's folder; nothing when it has none.
Result<std::vector<std::string>> not_in_database(cli::Session& session,
                                                 const std::string& version) {
  Json details;
  std::vector<std::string> out;
  auto what = migrating_of(session, details, version);
  if (!what) return out;
  io::SystemClock clock;
  io::SystemRandom random;
  migrations::Stop stop;
  migrations::Runner runner(what->url, what->settings, {clock, random, stop, {}});
  what->leave.through = migrations::Phase::Contract;
  what->leave.accepted = {"gap", "out-of-order"};
  const auto seen = TRY(runner.look(what->list, what->leave));
  std::vector<bool> is_done(what->list.size(), false);
  for (const auto index : seen.outlook.done) is_done[index] = true;
  for (std::size_t i = 0; i < what->list.size(); ++i)
    if (!is_done[i]) out.push_back(what->list[i].id);
  return out;
}

// What stands, for whoever has to go on from here.
Error half_done(const Error& why, const Undertaking& undertaking, const std::string& environment) {
  const bool is_whole = undertaking.stage == Stage::Copied;
  Error out = why;
  out.what = fmt::format(
      "{}. How it stands: the app is stopped, the maintenance page is on, what stood there before "
      "is {}, and {}",
      why.what, undertaking.kept,
      is_whole ? "the restored database is whole, but does not answer yet"
               : "the new one is not whole");
  out.next = undertaking.resume + " goes on";
  if (!is_whole)
    out.next += fmt::format("; slipway db restore {} --undo puts back what was there", environment);
  if (!why.next.empty()) out.next = why.next + "; then " + out.next;
  return out;
}
}  // namespace

Json to_json(const Undertaking& undertaking) {
  return Json::object()
      .set("verb", undertaking.verb)
      .set("what", undertaking.what)
      .set("resume", undertaking.resume)
      .set("stage", name_of(undertaking.stage))
      .set("pending", Json::array_of(undertaking.pending))
      .set("point", undertaking.point)
      .set("kept", undertaking.kept);
}

Undertaking undertaking_from_json(const Json& json) {
  Undertaking out;
  out.verb = json.text("verb");
  out.what = json.at("what");
  out.resume = json.text("resume");
  out.pending = json.strings("pending");
  out.point = json.text("point");
  out.kept = json.text("kept");
  for (const auto& [stage, name] : kStages)
    if (json.text("stage") == name) out.stage = stage;
  return out;
}

Result<std::optional<Undertaking>> begun_before(Resting& resting, const Undertaking& mine) {
  const auto stand = TRY(resting.look());
  if (!stand.is_on) return std::optional<Undertaking>();
  auto theirs = undertaking_from_json(stand.note);
  const bool is_same = theirs.verb == mine.verb && theirs.what == mine.what;
  const bool is_free = theirs.verb == mine.verb && theirs.stage == Stage::Stopped;
  if (!is_same && !is_free)
    return Error(Code::Refused,
                 fmt::format("{} stands still: {}, by {}", resting.target().environment, stand.why,
                             stand.by),
                 fmt::format("{} goes on; slipway db restore {} --undo gives it up", theirs.resume,
                             resting.target().environment));
  if (!is_same) theirs = mine;
  return std::optional<Undertaking>(std::move(theirs));
}

Result<backup::Restored> restore_behind_page(cli::Session& session, Resting& resting,
                                             backup::BackupTool& tool,
                                             backup::RestoreRequest request,
                                             Undertaking& undertaking) {
  const std::string why =
      undertaking.verb == "rollback" ? "rollback with its database" : "restore of its database";
  const auto& environment = resting.target().environment;
  if (undertaking.stage == Stage::Restored) return backup::Restored{};
  // Of a server that is gone nobody knows.
  if (undertaking.stage == Stage::Stopped)
    undertaking.pending =
        not_in_database(session, resting.live_version()).value_or(std::vector<std::string>());
  if (auto stopped = resting.stop_app(why, to_json(undertaking)); !stopped) {
    if (undertaking.stage == Stage::Stopped && resting.start_app({}))
      return stopped.error().in("nothing was changed, and the app runs");
    return stopped.error();
  }
  const bool was_moved = undertaking.stage != Stage::Stopped;
  request.leave_within = kLeaveWithin;
  request.must_answer = true;
  request.is_copied = undertaking.stage == Stage::Copied;
  request.on_stage = [&](backup::RestoreRequest::Stage stage, const std::string& kept) {
    undertaking.stage =
        stage == backup::RestoreRequest::Stage::Moved ? Stage::Moved : Stage::Copied;
    if (undertaking.kept.empty()) undertaking.kept = kept;
    resting.put_down(to_json(undertaking));
  };
  auto restored = tool.restore(request);
  if (!restored && undertaking.stage == Stage::Stopped && !was_moved) {
    // The server may have been stopped before it failed.
    const auto back = tool.give_up_in_place();
    const auto runs = back ? resting.start_app({}) : Result<void>(back.error());
    if (!runs)
      return restored.error().in(
          fmt::format("nothing of the database was changed, but the app is not started again: {}",
                      runs.error().what));
    return restored.error().in("nothing was changed, and the app runs again");
  }
  if (!restored) return half_done(restored.error(), undertaking, environment);
  undertaking.stage = Stage::Restored;
  if (undertaking.kept.empty()) undertaking.kept = restored->kept;
  restored->kept = undertaking.kept;
  resting.put_down(to_json(undertaking));
  session.note("the database is restored");
  return restored;
}

std::vector<std::string> gone_with_restore(cli::Session& session, const Resting& resting,
                                           const Undertaking& undertaking) {
  auto missing = not_in_database(session, resting.live_version());
  if (!missing) {
    session.note("which migrations the database has cannot be told: " + missing.error().what);
    return {};
  }
  std::erase_if(*missing, [&](const std::string& one) {
    return std::find(undertaking.pending.begin(), undertaking.pending.end(), one) !=
           undertaking.pending.end();
  });
  return std::move(*missing);
}

}  // namespace slipway::app
