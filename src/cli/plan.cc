// slipway plan: what a release would do.
#include "plan/plan.h"

#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/gate_text.h"
#include "cli/request.h"

namespace slipway::cli {
namespace {
constexpr int kBlocked = 3;

int print_offline(Session& session) {
  Json details;
  const auto loaded = load_file(session, details);
  if (!loaded) return session.fail(loaded.error(), details);
  const auto environment = pick_environment(loaded->config, session.given().text("ENV"));
  if (!environment) return session.fail(environment.error());
  plan::Request request;
  request.environment = *environment;
  request.version = session.given().text("VERSION");
  request.by = session.around().user;
  request.overrides = session.given().all("--override");
  request.hotfix = session.given().has("--hotfix");
  request.reason = session.given().text("--reason");
  plan::Facts facts;
  const auto& settings = loaded->config.environments.at(*environment);
  facts.capabilities.platform_name = settings.platform;
  facts.capabilities.router_name = settings.router;
  facts.capabilities.edge_settings = {"*"};  // what the router is, only the daemon can ask
  const auto made = plan::make_plan(loaded->config, facts, request);
  if (!made) return session.fail(made.error());
  if (session.wants_json()) {
    session.show(plan::to_json(*made));
    return 0;
  }
  session.note("offline: as if nothing had been released here before");
  session.print(plan::in_words(*made));
  return 0;
}

bool blocks(const Json& finding) { return finding.text("weight") == "blocks"; }

std::string finding_text(const Json& finding) {
  std::string out =
      fmt::format("{}: {}\n", blocks(finding) ? "stops it" : "warning", finding.text("what"));
  const std::string next = finding.text("next");
  return next.empty() ? out : out + "  next: " + next + "\n";
}
}  // namespace

int run_plan(Session& session) {
  if (session.given().has("--offline")) return print_offline(session);
  Json details;
  const auto ask = deploy_ask(session, details);
  if (!ask) return session.fail(ask.error(), details);
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const auto planned = link->post("/v1/plan", ask->body);
  if (!planned) return fail(session, *link, planned.error());
  std::string findings;
  bool is_blocked = false;
  for (const auto& finding : planned->at("findings").items()) {
    findings += finding_text(finding);
    is_blocked = is_blocked || blocks(finding);
  }
  std::string gates;
  for (const auto& gate : planned->at("gates").items()) gates += gate_line(gate) + "\n";
  if (session.wants_json()) {
    session.show(*planned);
  } else {
    session.print(planned->text("words") + (gates.empty() ? "" : "\n" + gates) +
                  (findings.empty() ? "" : "\n" + findings));
  }
  return is_blocked ? kBlocked : 0;
}

}  // namespace slipway::cli
