// slipway confirm: an item of the checklist that only a person can know.
#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/target.h"

namespace slipway::cli {
namespace {

// "checklist support: ask a person: Support knows"; empty when the plan has no such item.
std::string item_text(const Json& plan, const std::string& item) {
  for (const auto& step : plan.at("steps").items()) {
    if (step.text("gate") == "checklist." + item) return step.text("text");
  }
  return {};
}

bool is_unsure(const Session& session) {
  const bool asks = session.around().in_is_terminal && session.is_live();
  return asks && !session.given().has("--yes");
}

int confirm(Session& session, Link& link, const std::string& release) {
  const std::string item = session.given().text("ITEM");
  const auto whole = link.get("/v1/releases/" + release);
  if (!whole) return fail(session, link, whole.error());
  const std::string text = item_text(whole->at("plan"), item);
  if (!text.empty() && is_unsure(session)) {
    session.say(fmt::format("{}: {}", release, text));
    if (!session.says_yes("confirm it? [y/N] "))
      return session.fail(Error(Code::Aborted, "nothing was confirmed", "skip it with --yes"));
  }
  const auto given = link.post("/v1/releases/" + release + "/confirm",
                               Json::object()
                                   .set("item", item)
                                   .set("plan_hash", whole->at("release").text("plan_hash"))
                                   .set("note", session.given().text("--reason")));
  if (!given) return fail(session, link, given.error());
  if (session.wants_json()) {
    session.show(*given);
  } else {
    session.say(fmt::format("{}: {} is confirmed by {}", release, item,
                            given->at("confirmation").text("by")));
  }
  return 0;
}
}  // namespace

int run_confirm(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const auto release = running_release(session, *link);
  if (!release) return fail(session, *link, release.error());
  return confirm(session, *link, *release);
}

}  // namespace slipway::cli
