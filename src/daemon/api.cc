#include "daemon/api.h"

#include <algorithm>
#include <charconv>

#include "base/units.h"
#include "daemon/documents.h"
#include "daemon/gates.h"
#include "daemon/verdicts.h"

namespace slipway::daemon {
namespace {
constexpr int kMostReleases = 500;
constexpr int kMostLines = 10'000;
constexpr std::int64_t kLastRecord = std::numeric_limits<std::int64_t>::max();

Result<Json> body_of(const Call& call) {
  if (call.body.empty()) return Json::object();
  return Json::parse(call.body);
}

std::string query_text(const Call& call, const std::string& name) {
  const auto found = call.query.find(name);
  return found == call.query.end() ? "" : found->second;
}

Result<std::int64_t> query_number(const Call& call, const std::string& name, std::int64_t otherwise,
                                  std::int64_t least, std::int64_t most) {
  const std::string text = query_text(call, name);
  if (text.empty()) return otherwise;
  std::int64_t number = 0;
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (err != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return Error(Code::Usage,
                 name + "=" + text + " is not a number from " + std::to_string(least) + " to " +
                     std::to_string(most),
                 "see docs/reference/openapi.yaml");
  }
  return number;
}

Json findings_document(const std::vector<ports::Finding>& findings) {
  Json out = Json::array();
  for (const auto& one : findings) {
    Json item = Json::object();
    item.set("weight", one.weight == ports::Finding::Weight::Blocks ? "blocks" : "warns");
    const Json problem = problem_document(one.why);  // outlives the loop over its members
    for (const auto& [key, value] : problem.members()) item.set(key, value);
    out.push_back(std::move(item));
  }
  return out;
}

// A hotfix leaves out what the configuration names; more takes somebody who may approve.
Result<void> may_override(const Call& call, const plan::Request& wanted) {
  if (wanted.overrides.empty() || call.caller.role >= Role::Approver) return ok();
  return Error(Code::Forbidden,
               "the role " + std::string(name_of(call.caller.role)) + " of " + call.caller.name +
                   " may not override a gate",
               "it takes the role approver; a hotfix may leave out what hotfix.skips names");
}

std::string bad_why(ports::Store& store, const std::string& release) {
  const auto bad = store.value("bad/" + release);
  return bad && *bad ? (*bad)->text("why") : "";
}
}  // namespace

Reply Api::answer(Call call) {
  const Match found = match(call.method, call.path);
  if (found.route == nullptr && found.allow.empty()) {
    return error_reply(
        Error(Code::NotFound, "there is no " + call.path, "see docs/reference/openapi.yaml"));
  }
  if (found.route == nullptr) {
    Reply reply = error_reply(
        Error(Code::Usage, call.path + " does not take " + call.method, "use " + found.allow));
    reply.status = 405;
    reply.headers.emplace_back("Allow", found.allow);
    return reply;
  }
  if (call.caller.role < found.route->role) {
    return error_reply(Error(Code::Forbidden,
                             "the role " + std::string(name_of(call.caller.role)) + " of " +
                                 call.caller.name + " may not " + call.method + " " + call.path,
                             "it takes the role " + std::string(name_of(found.route->role))));
  }
  const bool writes = found.route->method != "GET";
  if (writes && parts_.stage != Stage::Ready) {
    Reply reply = error_reply(Error(Code::Conflict, "the daemon is taking up its work, or stops",
                                    "try again in a second"));
    reply.status = 503;
    reply.headers.emplace_back("Retry-After", "1");
    return reply;
  }
  call.places = found.places;
  Reply reply = (this->*found.route->answer)(call);
  parts_.house.metrics.add("slipway_api_requests_total",
                           {{"route", std::string(found.route->pattern)},
                            {"method", call.method},
                            {"status", std::to_string(reply.status)}});
  return reply;
}

std::string Api::by_of(const Call& call, const Json& body) const {
  return call.caller.name_is_sure ? call.caller.name : body.text("by", call.caller.name);
}

Reply Api::version(const Call&) {
  return json_reply(Json::object()
                        .set("product", "slipway")
                        .set("version", parts_.house.version)
                        .set("api", kNumber)
                        .set("pid", parts_.house.pid)
                        .set("started_ms", parts_.house.started_ms)
                        .set("state", parts_.house.state));
}

Reply Api::health(const Call&) {
  const Stage stage = parts_.stage;
  const Json problems = parts_.status.problems();
  const bool good = stage == Stage::Ready && problems.size() == 0;
  const char* status = stage == Stage::Starting   ? "starting"
                       : stage == Stage::Stopping ? "stopping"
                       : good                     ? "ok"
                                                  : "degraded";
  return json_reply(Json::object()
                        .set("status", status)
                        .set("ready", stage == Stage::Ready)
                        .set("problems", problems),
                    good ? 200 : 503);
}

Reply Api::status(const Call& call) {
  auto environments =
      parts_.status.environments(query_text(call, "app"), query_text(call, "environment"));
  if (!environments) return error_reply(environments.error());
  return json_reply(Json::object()
                        .set("version", parts_.house.version)
                        .set("ready", parts_.stage == Stage::Ready)
                        .set("now_ms", parts_.house.now_ms())
                        .set("problems", parts_.status.problems())
                        .set("environments", std::move(environments).value()));
}

Reply Api::plan(const Call& call) {
  Json details;
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  auto request = read_release_request(*body);
  if (!request) return error_reply(request.error());
  request->wanted.by = by_of(call, *body);
  if (const auto may = may_override(call, request->wanted); !may) return error_reply(may.error());
  const auto prepared = prepare(parts_.house, *request, Look::WithPreflight, details);
  if (!prepared) return error_reply(prepared.error(), details);
  return json_reply(Json::object()
                        .set("plan", plan::to_json(prepared->plan))
                        .set("words", plan::in_words(prepared->plan))
                        .set("hash", prepared->plan.hash)
                        .set("notes", Json::array_of(prepared->plan.notes))
                        .set("gates", gates_document(prepared->plan, parts_.house.now_ms(),
                                                     {{}, request->wanted.by}))
                        .set("findings", findings_document(prepared->findings)));
}

Reply Api::start_release(const Call& call) {
  Json details;
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  auto request = read_release_request(*body);
  if (!request) return error_reply(request.error());
  request->wanted.by = by_of(call, *body);
  if (const auto may = may_override(call, request->wanted); !may) return error_reply(may.error());
  const auto started = parts_.releases.start(*request, details);
  if (!started) return error_reply(started.error(), details);
  const std::string events = "/v1/releases/" + started->release + "/events";
  Reply reply = json_reply(Json::object()
                               .set("release", started->release)
                               .set("plan_hash", started->plan_hash)
                               .set("notes", Json::array_of(started->notes))
                               .set("events", events),
                           201);
  reply.headers.emplace_back("Location", "/v1/releases/" + started->release);
  return reply;
}

Reply Api::releases(const Call& call) {
  const auto limit = query_number(call, "limit", 20, 1, kMostReleases);
  if (!limit) return error_reply(limit.error());
  const auto apps = parts_.lookout.apps();
  if (!apps) return error_reply(apps.error());
  std::vector<std::pair<std::int64_t, Json>> found;
  for (const auto& app : *apps) {
    const std::string wanted_app = query_text(call, "app");
    const std::string wanted_environment = query_text(call, "environment");
    if (!wanted_app.empty() && wanted_app != app.app) continue;
    if (!wanted_environment.empty() && wanted_environment != app.environment) continue;
    const auto rows = parts_.house.store.releases(app, static_cast<int>(*limit));
    const auto live = parts_.house.store.live(app);
    if (!rows) return error_reply(rows.error());
    if (!live) return error_reply(live.error());
    for (const auto& row : *rows) {
      found.emplace_back(row.number,
                         release_document(row, live->release, bad_why(parts_.house.store, row.id)));
    }
  }
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a.first > b.first; });
  Json list = Json::array();
  for (auto& [number, document] : found) {
    if (static_cast<std::int64_t>(list.size()) < *limit) list.push_back(std::move(document));
  }
  return json_reply(Json::object().set("releases", list));
}

Reply Api::release(const Call& call) {
  const std::string& id = call.places.at("id");
  const auto stored = parts_.shelf.release(id);
  if (!stored) return error_reply(stored.error());
  const auto row = parts_.house.store.release(id);
  const auto records = parts_.house.store.records(id, 0);
  const auto notices = parts_.house.store.notices(id);
  const auto deliveries = parts_.house.store.deliveries(id);
  const auto live = parts_.house.store.live((*stored)->row.app);
  if (!row) return error_reply(row.error());
  if (!records) return error_reply(records.error());
  if (!notices) return error_reply(notices.error());
  if (!deliveries) return error_reply(deliveries.error());
  if (!live) return error_reply(live.error());
  Json record_list = Json::array();
  for (const auto& record : *records)
    record_list.push_back(record_document(record, (*stored)->plan));
  const auto approvals = parts_.approvals.given(id);
  if (!approvals) return error_reply(approvals.error());
  Json approval_list = Json::array();
  for (const auto& one : *approvals) approval_list.push_back(plan::to_json(one));
  Json notice_list = Json::array();
  for (const auto& notice : *notices) notice_list.push_back(notice_document(notice, *deliveries));
  const auto verdicts = verdict_documents(parts_.house.store, id);
  if (!verdicts) return error_reply(verdicts.error());
  return json_reply(
      Json::object()
          .set("release", release_document(*row, live->release, bad_why(parts_.house.store, id)))
          .set("plan", row->plan)
          .set("words", plan::in_words((*stored)->plan))
          .set("records", record_list)
          .set("approvals", approval_list)
          .set("verdicts", *verdicts)
          .set("notices", notice_list));
}

Reply Api::verdicts(const Call& call) {
  const std::string& id = call.places.at("id");
  const auto stored = parts_.shelf.release(id);
  if (!stored) return error_reply(stored.error());
  const auto whole = query_number(call, "whole", 0, 0, 1);
  if (!whole) return error_reply(whole.error());
  const auto replayed = replayed_verdicts(parts_.house.store, id, *whole == 1);
  return replayed ? json_reply(*replayed) : error_reply(replayed.error());
}

Result<EventHub::Past> Api::past_of(const std::string& release, std::int64_t after) {
  const auto stored = TRY(parts_.shelf.release(release));
  EventHub::Past past;
  // The row first: records written after it was read come as live ones, or again with the end.
  const auto row = TRY(parts_.house.store.release(release));
  for (const auto& record : TRY(parts_.house.store.records(release, after))) {
    past.records.emplace_back(record.seq, record_event(record, stored->plan));
  }
  // The end is told when the release's thread is through: whoever hears of it may start the next
  // one.
  if (!row.outcome.empty() && parts_.releases.running(release) == nullptr) {
    past.end = ended_event(row, past.records.empty() ? after : past.records.back().first);
  }
  return past;
}

Reply Api::events(const Call& call) {
  const std::string id = call.places.at("id");
  const auto after = query_number(call, "after", call.last_event, 0, kLastRecord);
  if (!after) return error_reply(after.error());
  const auto stored = parts_.shelf.release(id);
  if (!stored) return error_reply(stored.error());
  Reply reply;
  reply.type = "text/event-stream";
  reply.stream = [this, id, from = *after](std::shared_ptr<EventSink> sink) {
    return parts_.hub.follow(id, from, std::move(sink),
                             [&](std::int64_t seq) { return past_of(id, seq); });
  };
  return reply;
}

Reply Api::command(const Call& call, release::EventKind kind, std::string_view name) {
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const auto known = check_members(*body, {"by", "reason", "full"});
  if (!known) return error_reply(known.error());
  release::Command command;
  command.kind = kind;
  command.by = by_of(call, *body);
  command.reason = body->text("reason");
  command.full = body->flag("full");
  const std::string& id = call.places.at("id");
  const auto phase = parts_.releases.command(id, std::move(command));
  if (!phase) return error_reply(phase.error());
  return json_reply(
      Json::object().set("release", id).set("command", name).set("phase", name_of(*phase)));
}

Reply Api::pause(const Call& call) { return command(call, release::EventKind::Pause, "pause"); }
Reply Api::resume(const Call& call) { return command(call, release::EventKind::Resume, "resume"); }
Reply Api::promote(const Call& call) {
  return command(call, release::EventKind::Promote, "promote");
}
Reply Api::abort(const Call& call) { return command(call, release::EventKind::Abort, "abort"); }

Reply Api::approve(const Call& call) {
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const auto known = check_members(*body, {"plan_hash", "note", "by"});
  if (!known) return error_reply(known.error());
  plan::Approval offered;
  // Who approves is who calls: a name in the request would be anybody's word.
  offered.by = call.caller.name;
  offered.plan_hash = body->text("plan_hash");
  offered.note = body->text("note");
  offered.via = call.caller.name_is_sure ? "token" : "socket";
  const std::string& id = call.places.at("id");
  const auto given = parts_.approvals.give(id, std::move(offered));
  if (!given) return error_reply(given.error());
  return json_reply(Json::object().set("release", id).set("approval", plan::to_json(*given)));
}

Reply Api::create_approval_link(const Call& call) {
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const auto known = check_members(*body, {"person", "valid_for", "by"});
  if (!known) return error_reply(known.error());
  const auto valid = parse_duration(body->text("valid_for", "24h"));
  if (!valid || valid->count() <= 0 || body->text("person").empty()) {
    return error_reply(Error(Code::Usage, "a link is for a person and for a while",
                             "send person, and valid_for as 24h"));
  }
  const std::string& id = call.places.at("id");
  const auto made = parts_.approvals.make_link(id, body->text("person"), *valid);
  if (!made) return error_reply(made.error());
  return json_reply(Json::object()
                        .set("release", id)
                        .set("person", body->text("person"))
                        .set("token", *made)
                        .set("path", "/v1/approval-link?token=" + *made),
                    201);
}

// Programs that preview links open them too: looking changes nothing.
Reply Api::look_at_link(const Call& call) {
  const auto link = parts_.approvals.read_link(query_text(call, "token"));
  if (!link) return error_reply(link.error());
  const auto stored = parts_.shelf.release(link->release);
  if (!stored) return error_reply(stored.error());
  return json_reply(Json::object()
                        .set("release", link->release)
                        .set("person", link->person)
                        .set("plan_hash", link->plan_hash)
                        .set("words", plan::in_words((*stored)->plan)));
}

Reply Api::use_link(const Call& call) {
  const auto given = parts_.approvals.use_link(query_text(call, "token"));
  if (!given) return error_reply(given.error());
  return json_reply(Json::object().set("approval", plan::to_json(*given)));
}

Reply Api::maintenance(const Call& call) {
  Json details;
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const auto known =
      check_members(*body, {"on", "message", "retry_after_s", "allow", "by", "reason"});
  if (!known) return error_reply(known.error());
  auto wish = maintenance_from_json(*body);
  if (!wish) return error_reply(wish.error());
  const ports::AppRef app{call.places.at("app"), call.places.at("environment")};
  wish->by = by_of(call, *body);
  wish->since_ms = parts_.house.now_ms();
  const auto done = parts_.maintenance.set(app, *wish, details);
  if (!done) return error_reply(done.error(), details);
  const auto in_force = wish->on ? parts_.maintenance.wish(app) : wish;
  return in_force ? json_reply(to_json(*in_force)) : error_reply(in_force.error());
}

Reply Api::logs(const Call& call) {
  const auto lines = query_number(call, "lines", 100, 1, kMostLines);
  if (!lines) return error_reply(lines.error());
  LogQuery query{{query_text(call, "app"), query_text(call, "environment")},
                 query_text(call, "service"),
                 query_text(call, "release"),
                 static_cast<int>(*lines)};
  if (query.app.app.empty() || query.app.environment.empty()) {
    return error_reply(
        Error(Code::Usage, "logs need app and environment", "add ?app=…&environment=…"));
  }
  if (query.release.empty()) {
    const auto live = parts_.house.store.live(query.app);
    if (!live) return error_reply(live.error());
    const auto running = parts_.releases.running(query.app);
    query.release = live->release.empty() && running ? running->new_slot() : live->release;
  }
  if (query.release.empty()) {
    return error_reply(Error(Code::NotFound,
                             "nothing is live in " + query.app.environment + " of " + query.app.app,
                             "name a release: release=r-0001"));
  }
  if (query_text(call, "follow") == "1") {
    Reply reply;
    reply.type = "text/event-stream";
    reply.stream = [this, query](std::shared_ptr<EventSink> sink) {
      return parts_.log_tail.follow(query, std::move(sink));
    };
    return reply;
  }
  const auto found = parts_.log_tail.lines(query);
  if (!found) return error_reply(found.error());
  return json_reply(
      Json::object().set("release", query.release).set("lines", Json::array_of(*found)));
}

Reply Api::tokens(const Call&) {
  const auto list = parts_.tokens.list();
  if (!list) return error_reply(list.error());
  return json_reply(Json::object().set("tokens", *list));
}

Reply Api::create_token(const Call& call) {
  const auto body = body_of(call);
  if (!body) return error_reply(body.error());
  const auto known = check_members(*body, {"name", "role", "by"});
  if (!known) return error_reply(known.error());
  const auto role = role_named(body->text("role"));
  if (!role) {
    return error_reply(Error(Code::Usage, "role \"" + body->text("role") + "\" is unknown",
                             "viewer, deployer, approver or admin"));
  }
  const auto made = parts_.tokens.make(body->text("name"), *role, by_of(call, *body));
  if (!made) return error_reply(made.error());
  return json_reply(Json::object()
                        .set("id", made->id)
                        .set("name", body->text("name"))
                        .set("role", name_of(*role))
                        .set("token", made->token),
                    201);
}

Reply Api::revoke_token(const Call& call) {
  const std::string& id = call.places.at("id");
  const auto gone = parts_.tokens.revoke(id);
  if (!gone) return error_reply(gone.error());
  return json_reply(Json::object().set("id", id).set("revoked", true));
}

Reply Api::metrics(const Call&) {
  parts_.status.tell_figures();
  Reply reply;
  reply.type = "text/plain; version=0.0.4";
  reply.body = parts_.house.metrics.text();
  return reply;
}

}  // namespace slipway::daemon
