// slipway daemon token create, list, revoke.
#include <fmt/core.h>

#include "cli/entries.h"
#include "cli/target.h"
#include "http/message.h"

namespace slipway::cli {

int run_token_create(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  Json body = Json::object();
  body.set("name", session.given().text("NAME")).set("role", session.given().text("--role"));
  add_author(session, body);
  const auto made = link->post("/v1/tokens", body);
  if (!made) return fail(session, *link, made.error());
  if (session.wants_json()) {
    session.show(*made);
    return 0;
  }
  session.say(made->text("token"));
  session.note(fmt::format("token {} of {} may do what a {} may; it is not shown again",
                           made->text("id"), made->text("name"), made->text("role")));
  return 0;
}

int run_token_list(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const auto list = link->get("/v1/tokens");
  if (!list) return fail(session, *link, list.error());
  if (session.wants_json()) {
    session.show(*list);
    return 0;
  }
  for (const auto& one : list->at("tokens").items()) {
    session.say(fmt::format("{}  {}  {}  by {}  {}", one.text("id"), one.text("name"),
                            one.text("role"), one.text("by"),
                            date_text(one.integer("created_ms"))));
  }
  return 0;
}

int run_token_revoke(Session& session) {
  auto link = Link::open(session);
  if (!link) return session.fail(link.error());
  const std::string id = session.given().text("ID");
  const auto gone = link->remove("/v1/tokens/" + http::percent_encoded(id));
  if (!gone) return fail(session, *link, gone.error());
  if (session.wants_json()) {
    session.show(*gone);
  } else {
    session.say("revoked " + id);
  }
  return 0;
}

}  // namespace slipway::cli
