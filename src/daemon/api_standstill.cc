// The API's part that stops an app around work on its database.
#include "daemon/api.h"
#include "daemon/documents.h"

namespace slipway::daemon {

Reply Api::stand_still(const Call& call) {
  Json details;
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const auto known = check_members(*body, {"on", "why", "note", "by", "taken_back"});
  if (!known) return error_reply(known.error());
  if (!body->at("on").is_bool())
    return error_reply(
        Error(Code::Usage, "\"on\" is not true or false", "send {\"on\": true, \"why\": …}"));
  const bool begins = body->flag("on");
  if (begins && body->text("why").empty())
    return error_reply(Error(Code::Usage, "nobody says why the app is to stand still",
                             "send \"why\", for people"));
  const ports::AppRef app{call.places.at("app"), call.places.at("environment")};
  const std::string by = by_of(call, *body);
  if (begins) {
    const auto begun =
        parts_.standstill.begin(app, {body->text("why"), by, body->at("note")}, details);
    if (!begun) return error_reply(begun.error(), details);
  } else {
    const auto ended = parts_.standstill.end(app, body->strings("taken_back"), by, details);
    if (!ended) return error_reply(ended.error(), details);
  }
  parts_.upkeep.poke(app);
  return standstill(call);
}

Reply Api::standstill(const Call& call) {
  const ports::AppRef app{call.places.at("app"), call.places.at("environment")};
  const auto standing = standing_of(parts_.house.store, app);
  if (!standing) return error_reply(standing.error());
  Json out = parts_.standstill.document(app, *standing);
  const auto trouble = parts_.upkeep.trouble(app);
  out.set("problem", trouble ? trouble->sentence() : "");
  return json_reply(out);
}

}  // namespace slipway::daemon
