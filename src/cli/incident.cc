// slipway incident open, assess, close, list, show.
#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/incident_text.h"
#include "cli/target.h"
#include "http/message.h"

namespace slipway::cli {
namespace {
std::string path_of(const Session& session, const std::string& rest = {}) {
  return "/v1/incidents/" + http::percent_encoded(session.given().text("ID")) + rest;
}

// What is said of an incident in one line, by somebody.
int say(Session& session, const std::string& rest, Json body) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  add_author(session, body);
  const auto answer = link->post(path_of(session, rest), body);
  if (!answer) return fail(session, *link, answer.error());
  if (session.wants_json()) {
    session.show(*answer);
  } else {
    const bool closed = answer->integer("closed_ms") > 0;
    session.say(fmt::format("{}: {}{}", answer->text("id"), closed ? "resolved: " : "",
                            newest_word(*answer)));
  }
  return 0;
}
}  // namespace

int run_incident_open(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const auto target = find_target(session, *link, session.given().text("ENV"));
  if (!target) return fail(session, *link, target.error());
  Json body = Json::object()
                  .set("app", target->app)
                  .set("environment", target->environment)
                  .set("severity", session.given().text("--severity"))
                  .set("impact", session.given().text("--impact"));
  const std::string release = session.given().text("--release");
  if (!release.empty()) body.set("release", release);
  add_author(session, body);
  const auto made = link->post("/v1/incidents", body);
  if (!made) return fail(session, *link, made.error());
  if (session.wants_json()) {
    session.show(*made);
    return 0;
  }
  session.print(incident_text(*made));
  return 0;
}

int run_incident_assess(Session& session) {
  const bool back = session.given().has("--roll-back");
  if (back == session.given().has("--keep")) {
    return session.fail(
        Error(Code::Usage, "an assessment is one of --roll-back and --keep",
              "slipway incident assess " + session.given().text("ID") + " --roll-back"));
  }
  return say(session, "/assess",
             Json::object()
                 .set("verdict", back ? "roll_back" : "keep")
                 .set("note", session.given().text("--reason"))
                 .set("eta", session.given().text("--eta")));
}

int run_incident_close(Session& session) {
  return say(session, "/close",
             Json::object().set("resolution", session.given().text("--resolution")));
}

int run_incident_list(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const auto limit = session.given().number("--limit", 1, 500);
  if (!limit) return session.fail(limit.error());
  std::string target = fmt::format("/v1/incidents?limit={}", *limit);
  if (session.given().has("--open")) target += "&open=1";
  const std::string named = session.given().text("ENV");
  if (!named.empty()) {
    const auto found = find_target(session, *link, named);
    if (!found) return fail(session, *link, found.error());
    target += "&" + target_path(*found);
  }
  const auto list = link->get(target);
  if (!list) return fail(session, *link, list.error());
  if (session.wants_json()) {
    session.show(*list);
  } else {
    session.print(incidents_text(*list));
  }
  return 0;
}

int run_incident_show(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  if (session.given().has("--markdown")) {
    const auto page = link->text(path_of(session, "/timeline"));
    if (!page) return fail(session, *link, page.error());
    session.print(*page);
    return 0;
  }
  const auto found = link->get(path_of(session));
  if (!found) return fail(session, *link, found.error());
  if (session.wants_json()) {
    session.show(*found);
  } else {
    session.print(session.given().has("--message") ? found->text("message")
                                                   : incident_text(*found));
  }
  return 0;
}

}  // namespace slipway::cli
