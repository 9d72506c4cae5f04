// The API's part about incidents.
#include <algorithm>

#include "daemon/api.h"
#include "daemon/documents.h"
#include "daemon/incident_timeline.h"
#include "daemon/story.h"

namespace slipway::daemon {
namespace {
constexpr int kMostIncidents = 500;

Json notices_of(const std::vector<ports::Notice>& notices,
                const std::vector<ports::Delivery>& deliveries, const Incident& incident) {
  const auto until =
      incident.is_open() ? std::numeric_limits<std::int64_t>::max() : incident.closed_ms;
  Json out = Json::array();
  for (const auto& notice : notices) {
    const bool here =
        notice.app == incident.app.app && notice.environment == incident.app.environment;
    const bool of_release = !notice.release.empty();
    // Of what belongs to no release: what was told while it was open.
    const bool in_time = notice.at_ms >= incident.opened_ms && notice.at_ms <= until;
    if (here && (of_release || in_time)) out.push_back(notice_document(notice, deliveries));
  }
  return out;
}
}  // namespace

Json Api::incident_document(const Incident& incident) {
  const auto row = row_of(incident);
  return Json::object()
      .set("id", incident.id)
      .set("app", incident.app.app)
      .set("environment", incident.app.environment)
      .set("severity", name_of(incident.sev))
      .set("status", incident.status)
      .set("release", incident.release)
      .set("version", incident.version)
      .set("impact", incident.impact)
      .set("by", incident.by)
      .set("alert", incident.alert)
      .set("opened_ms", incident.opened_ms)
      .set("closed_ms", incident.closed_ms)
      .set("assess_by_ms", incident.assess_by_ms)
      .set("on_expiry", name_of(incident.on_expiry))
      .set("response", Json::object()
                           .set("state", name_of(incident.response.state))
                           .set("release", incident.response.release)
                           .set("why", incident.response.why))
      .set("resolution", incident.resolution)
      .set("eta", incident.eta)
      .set("message", message_text(parts_.incidents.message(incident)))
      .set("events", row.body.at("events"));
}

Reply Api::incidents(const Call& call) {
  const auto limit = query_number(call, "limit", 20, 1, kMostIncidents);
  if (!limit) return error_reply(limit.error());
  const auto apps = parts_.lookout.apps();
  if (!apps) return error_reply(apps.error());
  const std::string app = query_text(call, "app");
  const std::string environment = query_text(call, "environment");
  const bool open_only = query_text(call, "open") == "1";
  std::vector<Incident> found;
  for (const auto& one : *apps) {
    if ((!app.empty() && app != one.app) ||
        (!environment.empty() && environment != one.environment))
      continue;
    const auto rows = parts_.incidents.of(one, kMostIncidents);
    if (!rows) return error_reply(rows.error());
    for (const auto& incident : *rows) {
      if (incident.is_open() || !open_only) found.push_back(incident);
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.number > b.number; });
  Json list = Json::array();
  for (const auto& incident : found) {
    if (static_cast<std::int64_t>(list.size()) < *limit)
      list.push_back(incident_document(incident));
  }
  return json_reply(Json::object().set("incidents", list));
}

Reply Api::incoming_alerts(const Call& call) {
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const ports::AppRef app{call.places.at("app"), call.places.at("environment")};
  const auto taken = parts_.incoming_alerts.take(app, *body);
  return taken ? json_reply(*taken) : error_reply(taken.error());
}

Reply Api::open_incident(const Call& call) {
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const auto known =
      check_members(*body, {"app", "environment", "severity", "impact", "release", "by"});
  if (!known) return error_reply(known.error());
  const auto sev = sev_named(body->text("severity"));
  if (!sev) {
    return error_reply(Error(Code::Usage, "severity \"" + body->text("severity") + "\" is unknown",
                             "sev1 (roll back at once), sev2 (assess), sev3 (next release)"));
  }
  if (body->text("impact").empty() || body->text("app").empty() ||
      body->text("environment").empty()) {
    return error_reply(Error(Code::Usage, "an incident needs app, environment and impact",
                             "say what customers feel"));
  }
  Incident draft;
  draft.app = {body->text("app"), body->text("environment")};
  draft.sev = *sev;
  draft.impact = body->text("impact");
  draft.release = body->text("release");
  draft.by = by_of(call, *body);
  const auto opened = parts_.incidents.open(std::move(draft));
  if (!opened) return error_reply(opened.error());
  Reply reply = json_reply(incident_document(*opened), 201);
  reply.headers.emplace_back("Location", "/v1/incidents/" + opened->id);
  return reply;
}

Reply Api::incident(const Call& call) {
  const auto found = parts_.incidents.incident(call.places.at("id"));
  return found ? json_reply(incident_document(*found)) : error_reply(found.error());
}

Reply Api::assess_incident(const Call& call) {
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const auto known = check_members(*body, {"verdict", "note", "eta", "by"});
  if (!known) return error_reply(known.error());
  const std::string verdict = body->text("verdict");
  if (verdict != "roll_back" && verdict != "keep") {
    return error_reply(
        Error(Code::Usage, "verdict \"" + verdict + "\" is unknown", "roll_back or keep"));
  }
  const auto assessed = parts_.incidents.assess(
      call.places.at("id"),
      {verdict == "roll_back", by_of(call, *body), body->text("note"), body->text("eta")});
  return assessed ? json_reply(incident_document(*assessed)) : error_reply(assessed.error());
}

Reply Api::close_incident(const Call& call) {
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const auto known = check_members(*body, {"resolution", "by"});
  if (!known) return error_reply(known.error());
  if (body->text("resolution").empty()) {
    return error_reply(
        Error(Code::Usage, "an incident is closed with its resolution", "say what was done"));
  }
  const auto closed =
      parts_.incidents.end(call.places.at("id"), by_of(call, *body), body->text("resolution"));
  return closed ? json_reply(incident_document(*closed)) : error_reply(closed.error());
}

Result<std::string> Api::timeline_of(const Incident& incident) {
  auto& store = parts_.house.store;
  auto moments = moments_of_incident(incident);
  const auto add = [&](std::vector<Moment> more) {
    moments.insert(moments.end(), more.begin(), more.end());
  };
  std::vector<std::string> releases;
  for (const auto& id : {incident.release, incident.response.release}) {
    const bool new_one = std::find(releases.begin(), releases.end(), id) == releases.end();
    if (!id.empty() && new_one) releases.push_back(id);
  }
  for (const auto& id : releases) {
    const auto stored = TRY(parts_.shelf.release(id));
    Json approvals = Json::array();
    for (const auto& one : TRY(parts_.approvals.given(id))) approvals.push_back(plan::to_json(one));
    add(moments_of_release(id, story_document(stored->plan, TRY(store.records(id, 0))), approvals));
    add(moments_of_notices(
        notices_of(TRY(store.notices(id)), TRY(store.deliveries(id)), incident)));
  }
  add(moments_of_notices(notices_of(TRY(store.notices("")), TRY(store.deliveries("")), incident)));
  return timeline_markdown(incident, parts_.incidents.message(incident), std::move(moments));
}

Reply Api::incident_timeline(const Call& call) {
  const auto found = parts_.incidents.incident(call.places.at("id"));
  if (!found) return error_reply(found.error());
  auto page = timeline_of(*found);
  if (!page) return error_reply(page.error());
  Reply reply;
  reply.type = "text/markdown; charset=utf-8";
  reply.body = std::move(page).value();
  return reply;
}

}  // namespace slipway::daemon
