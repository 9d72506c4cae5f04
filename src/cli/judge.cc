// slipway judge: the verdicts of a release, and whether what was kept leads to them again.
#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/history_text.h"
#include "cli/target.h"

namespace slipway::cli {
namespace {
constexpr int kDiffers = 1;

void print_replay(const Session& session, const Json& document) {
  for (const auto& one : document.at("verdicts").items()) {
    session.print(verdict_text(one));
    if (one.flag("equal")) {
      session.print(fmt::format("          again from {} ticks: the same, to the last digit\n",
                                one.integer("rests_on")));
    } else {
      session.print(fmt::format("          again from {} ticks: NOT the same: {}\n",
                                one.integer("rests_on"), one.text("again_sentence")));
    }
  }
  if (document.at("verdicts").size() == 0)
    session.print(document.text("release") + " has no verdicts\n");
}
}  // namespace

int run_judge(Session& session) {
  const std::string release = session.given().text("--replay");
  if (!is_release_id(release)) {
    return session.fail(Error(Code::Usage, "no release is named",
                              "write slipway judge --replay r-0042; `slipway history` lists them"));
  }
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const char* whole = session.wants_json() ? "?whole=1" : "";
  const auto found = link->get("/v1/releases/" + release + "/verdicts" + whole);
  if (!found) return fail(session, *link, found.error());
  if (session.wants_json()) {
    session.show(*found);
  } else {
    print_replay(session, *found);
  }
  return found->flag("equal") ? 0 : kDiffers;
}

}  // namespace slipway::cli
