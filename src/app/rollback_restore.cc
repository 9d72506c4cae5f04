#include "app/rollback_restore.h"

#include <fmt/core.h>

#include <algorithm>

#include "app/backup_work.h"
#include "app/restore_in_place.h"
#include "base/text.h"
#include "cli/follow.h"

namespace slipway::app {
namespace {
namespace backup = database::backup;

// The oldest point of the release, of its contract phase when it has one: everything behind it is
// whole there, also when that release was begun more than once.
const backup::RestorePoint* point_before(const backup::Catalogue& catalogue,
                                         const std::string& release, bool is_contract) {
  for (const auto& point : catalogue.points) {
    const bool fits = !is_contract || point.name.find("_contract_") != std::string::npos;
    if (point.release == release && fits) return &point;
  }
  return nullptr;
}

Result<backup::RestorePoint> point_for(const cli::Session& session,
                                       const backup::Catalogue& catalogue,
                                       const std::string& broken_in, const std::string& live) {
  const std::string named = session.given().text("--name");
  const std::string& release = broken_in.empty() ? live : broken_in;
  const auto* point = point_before(catalogue, release, !broken_in.empty());
  if (point == nullptr) point = point_before(catalogue, release, false);
  if (!named.empty()) point = catalogue.point(named);
  if (point != nullptr) return *point;
  return Error(Code::NotFound,
               named.empty() ? release + " made no restore point that can still be reached"
                             : "there is no restore point " + named,
               "slipway db backups ENV lists what there is; --name POINT takes one of them");
}

Result<void> agree(const cli::Session& session, const cli::Target& target,
                   const backup::SinceThen& since) {
  const auto lines = backup::lines_of(since, session.around().clock->now());
  session.note("what is lost: " + join(lines, "\n"));
  session.note("the app is stopped meanwhile, and the maintenance page is shown");
  if (session.given().has("--accept-loss") || session.given().has("--yes")) return ok();
  const bool may_ask = session.around().in_is_terminal && !session.wants_json();
  if (may_ask &&
      session.types(target.environment, fmt::format("type {} to lose it: ", target.environment)))
    return ok();
  return Error(Code::Refused, "going back would lose " + join(lines, "\n"),
               "say --accept-loss when that is meant; nothing has been changed");
}

struct Live {
  std::string release;
  std::string running;  // the release under way
};
Result<Live> live_of(cli::Link& link, const cli::Target& target) {
  const auto status = TRY(link.get("/v1/status?" + cli::target_path(target)));
  for (const Json& one : status.at("environments").items())
    return Live{one.at("live").text("release"), one.at("running").text("release")};
  return Live{};
}

// A release that goes on behind the page, or the end of it.
int finish(cli::Session& session, Resting& resting) {
  const auto live = live_of(resting.link(), resting.target());
  if (!live) return session.fail(live.error());
  int status = 0;
  if (!live->running.empty())
    status = cli::follow_release(session, resting.link(), live->running, cli::Until::Done);
  if (status == cli::kLetGo) return status;
  const auto stand = resting.wait_for_release();
  if (!stand) return session.fail(stand.error());
  if (stand->phase == "stopped") {
    const auto undertaking = undertaking_from_json(stand->note);
    const auto said = session.fail(Error(
        Code::NeverHealthy,
        fmt::format("{} is not live. How it stands: the database is that of {}, what stood there "
                    "before is {}, the app is stopped, the maintenance page is on{}",
                    undertaking.what.text("to", "the earlier release"), undertaking.point,
                    undertaking.kept, stand->trouble.empty() ? "" : "; " + stand->trouble),
        "put right what keeps it away, then: " + undertaking.resume));
    return status == 0 ? said : status;
  }
  const auto ended = resting.wait_for_end();
  return ended ? status : session.fail(ended.error());
}

Result<Undertaking> undertake(cli::Session& session, Work& work, Resting& resting,
                              const cli::ReleaseAsk& ask, const std::string& broken_in) {
  Undertaking out;
  out.verb = "rollback";
  out.what = Json::object().set("to", ask.version).set("name", session.given().text("--name"));
  out.resume = fmt::format("slipway rollback {}{} --with-database --restore",
                           ask.target.environment, ask.version.empty() ? "" : " " + ask.version);
  if (auto before = TRY(begun_before(resting, out)); before && !before->point.empty()) {
    session.note("goes on where an earlier run was cut off");
    return std::move(*before);
  }
  const auto live = TRY(live_of(resting.link(), ask.target));
  const auto point = TRY(point_for(session, TRY(work.tool->list()), broken_in, live.release));
  out.point = point.name;
  auto since = work.tool->since_point(point.name);
  // A database that does not answer is a reason to go back, not one to stay.
  if (!since) since = backup::SinceThen{point, {}, since.error().what};
  TRY(agree(session, ask.target, *since));
  return out;
}

Result<std::vector<std::string>> put_database_back(cli::Session& session, Work& work,
                                                   Resting& resting, Undertaking& undertaking) {
  backup::RestoreRequest request;
  request.until = backup::RestoreRequest::Until::Point;
  request.name = undertaking.point;
  if (session.given().has("--disconnect"))
    request.sessions = backup::RestoreRequest::Sessions::Disconnect;
  const auto restored = restore_behind_page(session, resting, *work.tool, request, undertaking);
  work.clear_progress(session);
  if (!restored) return restored.error();
  if (!undertaking.kept.empty()) session.note("what stood there before is " + undertaking.kept);
  return gone_with_restore(session, resting, undertaking);
}

Result<std::optional<Resting>> open(cli::Session& session, const cli::Target& target,
                                    const Work& work) {
  auto resting = TRY(Resting::open(session, target, work.interrupted));
  if (!resting)
    return Error(Code::NothingToRollBack, "nothing is live in " + target.environment,
                 "slipway status");
  return resting;
}
}  // namespace

bool restore_is_under_way(cli::Session& session, const cli::Target& target) {
  auto resting = Resting::open(session, target, {});
  if (!resting || !*resting) return false;
  const auto stand = (*resting)->look();
  return stand && stand->is_on && undertaking_from_json(stand->note).verb == "rollback";
}

int roll_back_by_restore(cli::Session& session, cli::ReleaseAsk& ask,
                         const std::string& broken_in) {
  Work work;
  Json details;
  const auto begun = work.begin(session, ask.target.environment, details);
  if (!begun) return session.fail(begun.error(), details);
  auto resting = open(session, ask.target, work);
  if (!resting) return session.fail(resting.error());
  const auto stand = (*resting)->look();
  if (!stand) return session.fail(stand.error());
  const bool is_released = stand->phase == "releasing" || stand->phase == "starting";
  auto undertaking = undertake(session, work, **resting, ask, broken_in);
  if (!undertaking) return session.fail(undertaking.error());
  if (is_released) return finish(session, **resting);
  const auto taken_back = put_database_back(session, work, **resting, *undertaking);
  if (!taken_back) return session.fail(taken_back.error());
  ask.body.set("taken_back", Json::array_of(*taken_back)).set("ends_standstill", true);
  const int status = cli::start_release(session, (*resting)->link(), ask);
  const bool is_detached = session.given().has("--detach") || session.given().has("--no-follow");
  if (status == cli::kLetGo || is_detached) return status;
  const int end = finish(session, **resting);
  return status == 0 ? end : status;
}

}  // namespace slipway::app
