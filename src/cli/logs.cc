// slipway logs: what the instances print.
#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/target.h"
#include "http/message.h"

namespace slipway::cli {
namespace {
constexpr int kMostLines = 10'000;

Result<std::string> target_of(Session& session, Link& link) {
  const auto& given = session.given();
  const auto lines = TRY(given.number("--lines", 1, kMostLines));
  const auto target = TRY(find_target(session, link, given.text("--env")));
  std::string out = fmt::format("/v1/logs?{}&lines={}", target_path(target), lines);
  const std::string service = given.text("SERVICE");
  const std::string release = given.text("--release");
  if (!service.empty()) out += "&service=" + http::percent_encoded(service);
  if (!release.empty()) out += "&release=" + http::percent_encoded(release);
  return out;
}

int follow_lines(Session& session, Link& link, const std::string& target) {
  const auto ended = link.follow(target + "&follow=1", 0, [&](const Link::Event& event) {
    if (event.name != "line") return true;
    if (session.wants_json()) {
      session.say(event.text);
      return true;
    }
    const auto body = Json::parse(event.text);
    if (body) session.say(body->text("line"));
    return true;
  });
  if (!ended) return fail(session, link, ended.error());
  session.note("slipway: the daemon ended the stream; run it again to go on");
  return 0;
}
}  // namespace

int run_logs(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const auto target = target_of(session, *link);
  if (!target) return fail(session, *link, target.error());
  if (session.given().has("--follow")) return follow_lines(session, *link, *target);
  const auto found = link->get(*target);
  if (!found) return fail(session, *link, found.error());
  if (session.wants_json()) {
    session.show(*found);
    return 0;
  }
  std::string out;
  for (const auto& line : found->strings("lines")) out += line + "\n";
  session.print(out);
  return 0;
}

}  // namespace slipway::cli
