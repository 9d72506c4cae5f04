// slipway approve: a yes to one plan, after it was shown.
#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/target.h"

namespace slipway::cli {
namespace {
int make_link(Session& session, Link& link, const std::string& release) {
  const auto made = link.post("/v1/releases/" + release + "/approval-links",
                              Json::object()
                                  .set("person", session.given().text("--link-for"))
                                  .set("valid_for", session.given().text("--valid")));
  if (!made) return fail(session, link, made.error());
  if (session.wants_json()) {
    session.show(*made);
  } else {
    session.say(made->text("path"));
  }
  return 0;
}

Result<void> check_plan(const Session& session, const std::string& release,
                        const std::string& hash) {
  const std::string wanted = session.given().text("--plan");
  if (wanted.empty() || (wanted.size() >= 8 && hash.starts_with(wanted))) return ok();
  return Error(
      Code::Refused,
      fmt::format("{} carries out the plan {}, not {}", release, hash.substr(0, 12), wanted),
      "look at it: slipway history " + release + "; at least 8 digits are compared");
}

bool is_unsure(const Session& session) {
  const bool asks = session.around().in_is_terminal && session.is_live();
  return asks && !session.given().has("--yes");
}

int approve(Session& session, Link& link, const std::string& release) {
  const auto whole = link.get("/v1/releases/" + release);
  if (!whole) return fail(session, link, whole.error());
  const std::string hash = whole->at("release").text("plan_hash");
  const auto fits = check_plan(session, release, hash);
  if (!fits) return session.fail(fits.error());
  if (is_unsure(session)) {
    session.print(whole->text("words"));
    if (!session.says_yes("approve it? [y/N] "))
      return session.fail(Error(Code::Aborted, "nothing was approved", "skip it with --yes"));
  }
  const auto given = link.post(
      "/v1/releases/" + release + "/approve",
      Json::object().set("plan_hash", hash).set("note", session.given().text("--reason")));
  if (!given) return fail(session, link, given.error());
  const Json& approval = given->at("approval");
  const std::string role = approval.text("role");
  if (session.wants_json()) {
    session.show(*given);
  } else {
    session.say(fmt::format("{}: approved by {}{}", release, approval.text("by"),
                            role.empty() ? "" : " (" + role + ")"));
  }
  return 0;
}
}  // namespace

int run_approve(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const auto release = running_release(session, *link);
  if (!release) return fail(session, *link, release.error());
  if (session.given().has("--link-for")) return make_link(session, *link, *release);
  return approve(session, *link, *release);
}

}  // namespace slipway::cli
