// slipway deploy and rollback: ask the daemon for a release, then follow it.
#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/follow.h"
#include "cli/gate_text.h"
#include "cli/request.h"

namespace slipway::cli {

namespace {
// The gates this release is to leave out.
void add_exceptions(const Given& given, Json& body) {
  const auto gates = given.all("--override");
  if (!gates.empty()) body.set("override", Json::array_of(gates));
  if (given.has("--hotfix")) body.set("hotfix", true);
  if (!given.text("--reason").empty()) body.set("reason", given.text("--reason"));
}
}  // namespace

Result<ReleaseAsk> deploy_ask(Session& session, Json& details) {
  const auto loaded = TRY(load_file(session, details));
  ReleaseAsk ask;
  ask.target.app = loaded.config.app;
  ask.target.environment = TRY(pick_environment(loaded.config, session.given().text("ENV")));
  ask.version = session.given().text("VERSION");
  ask.body = Json::object()
                 .set("config", loaded.file.text)
                 .set("file", loaded.file.path)
                 .set("folder", loaded.file.folder)
                 .set("environment", ask.target.environment)
                 .set("version", ask.version);
  add_author(session, ask.body);
  add_exceptions(session.given(), ask.body);
  return ask;
}

// A name that is no environment is the version, where there is only one environment.
Result<ReleaseAsk> rollback_ask(Session& session, Link& link) {
  std::string environment = session.given().text("ENV");
  std::string version = session.given().text("VERSION");
  auto target = find_target(session, link, environment);
  if (!target && version.empty() && !environment.empty()) {
    target = find_target(session, link, "");
    if (target) version = environment;
  }
  ReleaseAsk ask;
  ask.target = TRY(target);
  ask.version = version;
  ask.body = Json::object()
                 .set("kind", "rollback")
                 .set("app", ask.target.app)
                 .set("environment", ask.target.environment);
  if (!version.empty()) ask.body.set("to", version);
  add_author(session, ask.body);
  return ask;
}

namespace {
bool must_ask(const Session& session) {
  return session.around().in_is_terminal && session.is_live() && !session.given().has("--yes");
}

// Shows what would be done, and asks. 0: go on; else the exit status.
int ask_first(Session& session, Link& link, const ReleaseAsk& ask) {
  const auto planned = link.post("/v1/plan", ask.body);
  if (!planned) return fail(session, link, planned.error());
  const Json& plan = planned->at("plan");
  const std::string old = plan.at("old").text("version", "nothing");
  session.say(fmt::format("{} in {}: {} -> {} ({}, {} steps)", ask.target.app,
                          ask.target.environment, old, ask.version, plan.text("strategy"),
                          plan.at("steps").size()));
  for (const auto& note : planned->strings("notes")) session.say("note: " + note);
  for (const auto& gate : planned->at("gates").items()) session.say(gate_line(gate));
  for (const auto& finding : planned->at("findings").items())
    session.say(finding.text("weight") + ": " + finding.text("what"));
  if (session.says_yes("release it? [y/N] ")) return 0;
  return session.fail(Error(Code::Aborted, "nothing was done", "skip the question with --yes"));
}
}  // namespace

int start_release(Session& session, Link& link, const ReleaseAsk& ask) {
  const auto started = link.post("/v1/releases", ask.body);
  if (!started) return fail(session, link, started.error());
  const std::string release = started->text("release");
  const auto& given = session.given();
  const bool is_detached = given.has("--detach") || given.has("--no-follow");
  for (const auto& note : started->strings("notes")) session.note("note: " + note);
  if (is_detached && session.wants_json()) session.show(*started);
  if (is_detached && !session.wants_json()) session.say(release);
  if (is_detached) return 0;
  const bool to_promoted = given.text("--until") == "promoted";
  return follow_release(session, link, release, to_promoted ? Until::Promoted : Until::Done);
}

int run_deploy(Session& session) {
  Json details;
  auto ask = deploy_ask(session, details);
  if (!ask) return session.fail(ask.error(), details);
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  if (must_ask(session)) {
    const int refused = ask_first(session, *link, *ask);
    if (refused != 0) return refused;
  }
  if (session.given().has("--supersede")) ask->body.set("supersede", true);
  return start_release(session, *link, *ask);
}

int run_rollback(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  auto ask = rollback_ask(session, *link);
  if (!ask) return fail(session, *link, ask.error());
  if (session.given().has("--supersede")) ask->body.set("supersede", true);
  return start_release(session, *link, *ask);
}

}  // namespace slipway::cli
