// slipway maintenance on and off.
#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/target.h"
#include "http/message.h"

namespace slipway::cli {
namespace {
enum class Page { On, Off };

Result<Json> wish(Session& session, Page page) {
  const auto& given = session.given();
  Json body = Json::object();
  body.set("on", page == Page::On);
  add_author(session, body);
  if (given.has("--reason")) body.set("reason", given.text("--reason"));
  if (page == Page::Off) return body;
  body.set("message", given.text("--message"));
  if (given.has("--retry-after")) {
    const auto retry_after = TRY(given.duration("--retry-after"));
    body.set("retry_after_s", std::int64_t{(retry_after.count() + 999) / 1000});
  }
  body.set("allow", Json::array_of(given.all("--allow")));
  return body;
}

int set_page(Session& session, Page page) {
  const auto body = wish(session, page);
  if (!body) return session.fail(body.error());
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const auto target = find_target(session, *link, session.given().text("ENV"));
  if (!target) return fail(session, *link, target.error());
  const auto answer = link->post(
      fmt::format("/v1/environments/{}/{}/maintenance", http::percent_encoded(target->app),
                  http::percent_encoded(target->environment)),
      *body);
  if (!answer) return fail(session, *link, answer.error());
  if (session.wants_json()) {
    session.show(*answer);
  } else {
    session.say(fmt::format("{} of {}: maintenance is {}", target->environment, target->app,
                            page == Page::On ? "on" : "off"));
  }
  return 0;
}
}  // namespace

int run_maintenance_on(Session& session) { return set_page(session, Page::On); }
int run_maintenance_off(Session& session) { return set_page(session, Page::Off); }

}  // namespace slipway::cli
