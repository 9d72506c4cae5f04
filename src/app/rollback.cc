// slipway rollback --with-database: takes back what removed the old shape, once it is said what
// that loses, and then the release.
#include <fmt/core.h>

#include <algorithm>

#include "app/migrate.h"
#include "app/rollback_restore.h"
#include "app/verbs.h"
#include "base/text.h"
#include "cli/entries.h"
#include "cli/request.h"
#include "database/migrations/loss.h"
#include "database/migrations/runner.h"
#include "database/postgres/connection.h"
#include "io/clock.h"

namespace slipway::app {
namespace {
namespace migrations = database::migrations;
using database::postgres::Connection;

struct WayBack {
  std::vector<const migrations::Migration*> down;  // newest first
  std::vector<migrations::Loss> losses;
};

Result<std::string> live_version(cli::Link& link, const cli::Target& target) {
  const auto status = TRY(link.get("/v1/status?" + cli::target_path(target)));
  for (const Json& one : status.at("environments").items()) return one.at("live").text("version");
  return Error(Code::NotFound, fmt::format("nothing is live in {}", target.environment),
               "slipway status");
}

// Everything behind the first one that the earlier release cannot do with goes too: the tools want
// their order kept.
Result<WayBack> way_back(const Migrating& what, const std::string& first,
                         const std::vector<std::size_t>& done) {
  WayBack out;
  auto connection = TRY(Connection::open(what.url, "slipway rollback"));
  for (auto i = done.rbegin(); i != done.rend(); ++i) {
    const auto& one = what.list[*i];
    out.down.push_back(&one);
    if (!one.down)
      return Error(
          Code::Refused,
          fmt::format("{} has no way back, and {} cannot be taken back before it", one.id, first),
          "go forward with a version that fits the schema as it is; or say --restore: back to the "
          "restore point before it, which says first what was written since");
    for (auto& loss : TRY(migrations::losses_of(*connection, one.down->text)))
      out.losses.push_back(std::move(loss));
    if (one.id == first) return out;
  }
  return Error(Code::NotFound, fmt::format("{} is not applied by the book of this database", first),
               "slipway migrate status");
}

// The loss is said first, whatever comes then.
Result<void> agree(cli::Session& session, const WayBack& back) {
  for (const auto* one : back.down) session.note("takes back " + one->id);
  if (back.losses.empty()) {
    session.note("nothing is lost");
    return ok();
  }
  std::vector<std::string> lines;
  for (const auto& loss : back.losses) lines.push_back(loss.text());
  session.note("what is lost:\n  " + join(lines, "\n  "));
  if (session.given().has("--accept-loss")) return ok();
  const bool may_ask = session.around().in_is_terminal && !session.wants_json();
  if (may_ask && session.says_yes("lose it? [y/N] ")) return ok();
  return Error(Code::Refused, "going back would lose: " + join(lines, "; "),
               "say --accept-loss when that is meant; or --restore, which brings back what the "
               "database held before it; nothing has been changed");
}

Result<std::vector<std::string>> take_back(cli::Session& session, Migrating& what,
                                           const std::string& first) {
  io::SystemClock clock;
  io::SystemRandom random;
  migrations::Stop stop;
  migrations::Runner runner(
      what.url, what.settings,
      {clock, random, stop, [&](const migrations::Event& event) { session.note(event.what); }});
  what.leave.through = migrations::Phase::Contract;
  what.leave.accepted = {"gap", "out-of-order"};
  auto seen = TRY(runner.look(what.list, what.leave));
  if (!seen.outlook.refusals.empty()) return migrations::to_error(seen.outlook.refusals);
  std::sort(seen.outlook.done.begin(), seen.outlook.done.end());
  const WayBack back = TRY(way_back(what, first, seen.outlook.done));
  TRY(agree(session, back));
  return TRY(runner.down(what.list, static_cast<int>(back.down.size()))).applied;
}
}  // namespace

int run_rollback(cli::Session& session) {
  const bool restores = session.given().has("--restore");
  const bool is_whole = session.given().has("--with-database");
  if (restores && !is_whole)
    return session.fail(Error(Code::Usage, "--restore puts the database back, and the release",
                              "say --with-database --restore"));
  if (!is_whole) return cli::run_rollback(session);
  auto link = cli::Link::open(session);
  if (!link) return session.fail(link.error());
  auto ask = cli::rollback_ask(session, *link);
  if (!ask) return fail(session, *link, ask.error());
  if (restores && restore_is_under_way(session, ask->target))
    return roll_back_by_restore(session, *ask, {});
  const auto planned = link->post("/v1/plan", ask->body);
  if (session.given().has("--supersede")) ask->body.set("supersede", true);
  const std::string broken_by = planned ? "" : link->refusal().text("broken_by");
  if (!planned && broken_by.empty()) return fail(session, *link, planned.error());
  if (restores)
    return roll_back_by_restore(session, *ask, planned ? "" : link->refusal().text("broken_in"));
  if (planned) {
    session.note("the schema fits the earlier release: nothing of the database goes back");
    return start_release(session, *link, *ask);
  }
  Json details;
  const auto version = live_version(*link, ask->target);
  if (!version) return fail(session, *link, version.error());
  auto what = migrating_of(session, details, *version);
  if (!what) return session.fail(what.error(), details);
  const auto taken_back = take_back(session, *what, broken_by);
  if (!taken_back) return session.fail(taken_back.error());
  ask->body.set("taken_back", Json::array_of(*taken_back));
  return start_release(session, *link, *ask);
}

}  // namespace slipway::app
