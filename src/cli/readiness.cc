// slipway readiness: what an environment has in place, in points, and what to do for the rest.
#include "plan/readiness.h"

#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/target.h"

namespace slipway::cli {
namespace {
constexpr int kTooFew = 3;

void print_items(const Session& session, const plan::Readiness& readiness) {
  for (const auto& item : readiness.items) {
    session.say(
        fmt::format("  {:>2}/{:<2}  {:<10} {}", item.points, item.of, item.name, item.found));
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
      .set("of", 100)
      .set("items", std::move(items));
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
  const auto readiness = plan::readiness_of(loaded->config, *environment);
  if (session.wants_json()) {
    session.show(document(loaded->config.app, *environment, readiness));
  } else {
    session.say(
        fmt::format("{} {}: {} of 100", loaded->config.app, *environment, readiness.score()));
    print_items(session, readiness);
  }
  return readiness.score() < *least ? kTooFew : 0;
}

}  // namespace slipway::cli
