// slipway readiness: what an environment has in place, in points, and what to do for the rest.
#include "plan/readiness.h"

#include <fmt/core.h>

#include <optional>

#include "cli/entries.h"
#include "cli/link.h"
#include "cli/target.h"

namespace slipway::cli {
namespace {
constexpr int kTooFew = 3;

void print_items(const Session& session, const plan::Readiness& readiness) {
  for (const auto& item : readiness.items) {
    session.say(
        fmt::format("  {:>2}/{:<2}  {:<11} {}", item.points, item.of, item.name, item.found));
    if (!item.next.empty()) session.say(fmt::format("         next: {}", item.next));
  }
}

Json document(const std::string& app, const std::string& environment,
              const plan::Readiness& readiness) {
  Json items = Json::array();
  for (const auto& item : readiness.items) {
    items.push_back(Json::object()
                        .set("name", item.name)
                        .set("points", item.points)
                        .set("of", item.of)
                        .set("found", item.found)
                        .set("next", item.next));
  }
  return Json::object()
      .set("app", app)
      .set("environment", environment)
      .set("score", readiness.score())
      .set("level", readiness.level())
      .set("of", 100)
      .set("items", std::move(items));
}

// What the daemon has seen; nullopt with the reason said when there is none to ask.
std::optional<plan::Sightings> ask_daemon(Session& session, const std::string& app,
                                          const std::string& environment) {
  if (session.given().has("--offline")) return std::nullopt;
  auto link = Link::open(session);
  const auto seen = link ? link->get("/v1/sightings?" + target_path({app, environment}))
                         : Result<Json>(link.error());
  if (seen) return plan::sightings_from_json(*seen);
  session.note("from the configuration alone: " + seen.error().sentence());
  return std::nullopt;
}
}  // namespace

int run_readiness(Session& session) {
  Json details;
  const auto loaded = load_file(session, details);
  if (!loaded) return session.fail(loaded.error(), details);
  const auto environment = pick_environment(loaded->config, session.given().text("ENV"));
  if (!environment) return session.fail(environment.error());
  const auto least = session.given().number("--least", 0, 100);
  if (!least) return session.fail(least.error());
  const auto seen = ask_daemon(session, loaded->config.app, *environment);
  const auto readiness = plan::readiness_of(loaded->config, *environment, seen ? &*seen : nullptr);
  if (session.wants_json()) {
    session.show(document(loaded->config.app, *environment, readiness));
  } else {
    session.say(fmt::format("{} {}: {} of 100, {}", loaded->config.app, *environment,
                            readiness.score(), readiness.level()));
    print_items(session, readiness);
  }
  return readiness.score() < *least ? kTooFew : 0;
}

}  // namespace slipway::cli
