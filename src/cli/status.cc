// slipway status: what runs where. Fast enough to be asked all the time.
#include "cli/entries.h"
#include "cli/status_text.h"
#include "cli/target.h"
#include "http/message.h"
#include "io/event_loop.h"

namespace slipway::cli {
namespace {
constexpr Millis kEvery{1'000};

// Which environments are asked for. A slipway.yaml with mistakes must not hide what is running.
std::string target_of(Session& session) {
  const std::string environment = session.given().text("ENV");
  std::string app = session.given().text("--app");
  if (app.empty() && file_is_there(session)) {
    Json details;
    const auto loaded = load_file(session, details);
    if (loaded) app = loaded->config.app;
  }
  std::string query;
  if (!app.empty()) query += "app=" + http::percent_encoded(app);
  if (!environment.empty())
    query += (query.empty() ? "" : "&") + std::string("environment=") +
             http::percent_encoded(environment);
  return "/v1/status" + (query.empty() ? "" : "?" + query);
}

int print_once(const Session& session, Link& link, const std::string& target) {
  const auto status = link.get(target);
  if (!status) return fail(session, link, status.error());
  const bool is_watching = session.given().has("--watch");
  if (session.wants_json() && is_watching) {
    session.say(status->dump());
  } else if (session.wants_json()) {
    session.show(*status);
  } else {
    const bool redraws = is_watching && session.is_live();
    session.print((redraws ? "\x1b[H\x1b[J" : "") + status_text(*status, session.has_color()));
  }
  return 0;
}

// Until a signal ends the process; a daemon that is away is waited for.
int watch(const Session& session, Link& link, const std::string& target) {
  auto loop = io::EventLoop::make();
  if (!loop) return session.fail(loop.error());
  for (;;) {
    print_once(session, link, target);
    const Millis until = (*loop)->now() + kEvery;
    while ((*loop)->now() < until) (*loop)->poll_once(until - (*loop)->now());
  }
}
}  // namespace

int run_status(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const std::string target = target_of(session);
  if (session.given().has("--watch")) return watch(session, *link, target);
  return print_once(session, *link, target);
}

}  // namespace slipway::cli
