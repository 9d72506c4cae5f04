// slipway channel test: a message to the channels of an environment, and whether they took it.
#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/target.h"
#include "http/message.h"
#include "io/event_loop.h"

namespace slipway::cli {
namespace {
constexpr Millis kAskEvery{100};
constexpr int kNotReached = 1;

// The channels as the file has them, also before the first release; without a file those of the
// newest release.
Result<Json> ask_of(Session& session, Link& link, Target& target, Json& details) {
  Json body = Json::object();
  if (file_is_there(session)) {
    const auto loaded = TRY(load_file(session, details));
    target = {loaded.config.app, TRY(pick_environment(loaded.config, session.given().text("ENV")))};
    body.set("config", loaded.file.text)
        .set("file", loaded.file.path)
        .set("folder", loaded.file.folder);
  } else {
    target = TRY(find_target(session, link, session.given().text("ENV")));
  }
  body.set("channel", session.given().text("CHANNEL"));
  add_author(session, body);
  return body;
}

std::string path_of(const Target& target) {
  return "/v1/environments/" + http::percent_encoded(target.app) + "/" +
         http::percent_encoded(target.environment) + "/channel-tests";
}

bool is_over(const Json& test) {
  for (const auto& one : test.at("deliveries").items()) {
    if (one.text("state") == "waiting") return false;
  }
  return test.at("deliveries").size() > 0;
}

// As it stands when every channel has answered, or when there is no more time.
Result<Json> outcome_of(Link& link, const std::string& path, const std::string& key,
                        Millis at_most) {
  const auto loop = TRY(io::EventLoop::make());
  const Millis end = loop->now() + at_most;
  for (;;) {
    const auto listed = TRY(link.get(path));
    for (const auto& test : listed.at("tests").items()) {
      if (test.text("key") == key && (is_over(test) || loop->now() >= end)) return test;
    }
    if (loop->now() >= end)
      return Error(Code::Timeout, "the daemon does not know the test message any more",
                   "send it again");
    const Millis until = loop->now() + kAskEvery;
    while (loop->now() < until) loop->poll_once(until - loop->now());
  }
}

int tell(const Session& session, const Json& test) {
  int status = 0;
  for (const auto& one : test.at("deliveries").items()) {
    const std::string state = one.text("state");
    if (state != "sent") status = kNotReached;
    if (session.wants_json()) continue;
    const std::string why = one.text("error");
    const std::string word = state == "sent"   ? "accepted"
                             : state == "dead" ? "refused"
                                               : "not yet accepted; it goes on trying";
    session.say(fmt::format("{}: {}{}", one.text("channel"), word, why.empty() ? "" : ": " + why));
  }
  if (session.wants_json()) session.show(test);
  return status;
}
}  // namespace

int run_channel_test(Session& session) {
  Json details;
  const auto seconds = session.given().number("--wait", 0, 600);
  if (!seconds) return session.fail(seconds.error());
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  Target target;
  const auto body = ask_of(session, *link, target, details);
  if (!body) return session.fail(body.error(), details);
  const auto begun = link->post(path_of(target), *body);
  if (!begun) return fail(session, *link, begun.error());
  const auto test =
      outcome_of(*link, path_of(target), begun->text("key"), Millis(*seconds * 1'000));
  if (!test) return fail(session, *link, test.error());
  return tell(session, *test);
}

}  // namespace slipway::cli
