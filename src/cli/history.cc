// slipway history: past releases, or one of them whole.
#include "cli/entries.h"
#include "cli/history_text.h"
#include "cli/target.h"

#include <fmt/core.h>

namespace slipway::cli {
namespace {
constexpr int kMostReleases = 500;

int print_one(Session& session, Link& link, const std::string& release) {
  const auto full = link.get("/v1/releases/" + release);
  if (!full) return fail(session, link, full.error());
  if (session.wants_json()) {
    session.show(*full);
  } else {
    session.print(release_text(*full));
  }
  return 0;
}

Result<std::string> list_target(Session& session, Link& link, const std::string& named) {
  const auto limit = TRY(session.given().number("--limit", 1, kMostReleases));
  std::string out = fmt::format("/v1/releases?limit={}", limit);
  if (!named.empty()) return out + "&" + target_path(TRY(find_target(session, link, named)));
  if (!file_is_there(session)) return out;
  Json details;
  const auto loaded = load_file(session, details);
  return loaded ? out + "&app=" + loaded->config.app : out;
}
}  // namespace

int run_history(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const std::string named = session.given().text("ENV");
  if (is_release_id(named)) return print_one(session, *link, named);
  const auto target = list_target(session, *link, named);
  if (!target) return fail(session, *link, target.error());
  const auto found = link->get(*target);
  if (!found) return fail(session, *link, found.error());
  if (session.wants_json()) {
    session.show(*found);
  } else {
    session.print(history_text(*found));
  }
  return 0;
}

}  // namespace slipway::cli
