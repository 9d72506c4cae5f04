// slipway check: every mistake of slipway.yaml, at once.
#include <fmt/core.h>

#include "base/text.h"
#include "cli/entries.h"
#include "cli/target.h"

namespace slipway::cli {

int run_check(Session& session) {
  Json details;
  const auto loaded = load_file(session, details);
  if (!loaded) return session.fail(loaded.error(), details);
  std::vector<std::string> names;
  for (const auto& [name, environment] : loaded->config.environments) names.push_back(name);
  if (session.wants_json()) {
    session.show(Json::object()
                     .set("file", loaded->file.path)
                     .set("app", loaded->config.app)
                     .set("environments", Json::array_of(names))
                     .set("diagnostics", Json::array()));
    return 0;
  }
  session.say(fmt::format("{}: {}, environment{} {}: no mistakes", loaded->file.path,
                          loaded->config.app, names.size() == 1 ? "" : "s", join(names, ", ")));
  return 0;
}

}  // namespace slipway::cli
