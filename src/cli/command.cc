// slipway pause, resume, promote, abort: a word to the release that runs.
#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/target.h"

namespace slipway::cli {
Result<std::string> running_release(Session& session, Link& link) {
  const std::string named = session.given().text("ENV");
  if (is_release_id(named)) return named;
  const auto target = TRY(find_target(session, link, named));
  const Json status = TRY(link.get("/v1/status?" + target_path(target)));
  for (const auto& one : status.at("environments").items()) {
    const std::string release = one.at("running").text("release");
    if (!release.empty()) return release;
  }
  return Error(
      Code::NotFound,
      fmt::format("no release is running in {} of {}", target.environment, target.app),
      "what is live: slipway status; to go back from it: slipway rollback " + target.environment);
}

namespace {
Result<Json> tell(Session& session, Link& link, std::string_view command) {
  const std::string release = TRY(running_release(session, link));
  Json body = Json::object();
  add_author(session, body);
  const std::string reason = session.given().text("--reason");
  if (!reason.empty()) body.set("reason", reason);
  if (session.given().has("--full")) body.set("full", true);
  return link.post(fmt::format("/v1/releases/{}/{}", release, command), body);
}

int run_command(Session& session, std::string_view command) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const auto answer = tell(session, *link, command);
  if (!answer) return fail(session, *link, answer.error());
  if (session.wants_json()) {
    session.show(*answer);
  } else {
    session.say(fmt::format("{}: {} taken, now {}", answer->text("release"), command,
                            answer->text("phase")));
  }
  return 0;
}
}  // namespace

int run_pause(Session& session) { return run_command(session, "pause"); }
int run_resume(Session& session) { return run_command(session, "resume"); }
int run_promote(Session& session) { return run_command(session, "promote"); }
int run_abort(Session& session) { return run_command(session, "abort"); }

}  // namespace slipway::cli
