#include "edge/control.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace slipway::edge {
namespace {

constexpr Millis kDrainTick{10};
constexpr Millis kIdleDrainTick{100};
constexpr std::int64_t kFastestStreamMs = 20;
constexpr std::int64_t kSlowestStreamMs = 60'000;

std::uint64_t number_of(const http::Request& request, std::string_view name) {
  const std::string text = request.query_value(name).value_or("0");
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::int64_t wall_ms() {
  io::SystemClock clock;
  return to_unix_ms(clock.now());
}

int status_of(Code code) {
  switch (static_cast<int>(code)) {
    case static_cast<int>(Code::Conflict):
    case static_cast<int>(Code::Fenced):
    case static_cast<int>(Code::HostTaken):
      return 409;
    case static_cast<int>(Code::Malformed):
    case static_cast<int>(Code::TooLarge):
    case static_cast<int>(Code::IoFailed):
      return 422;
    case static_cast<int>(Code::NotFound):
      return 404;
    default:
      return 500;
  }
}

Json error_json(const Error& error) {
  Json inner = Json::object();
  inner.set("code", facts_of(error.code).name).set("what", error.what).set("next", error.next);
  Json json = Json::object();
  json.set("error", inner);
  return json;
}

struct Change {
  Write write;
  std::vector<Service> services;
};

Result<Change> read_change(const std::string& body, const char* expected) {
  const Json json = TRY(Json::parse(body));
  const Json& epoch = json.at("epoch");
  const Json& version = json.at(expected);
  if (!version.is_int() || !epoch.is_int() || version.as_int() < 0 || epoch.as_int() < 0)
    return Error(
        Code::Malformed,
        fmt::format("a change of the edge's table needs \"{}\" and \"epoch\", both numbers",
                    expected),
        "docs/formats/edge-table.md shows the body");
  Change change;
  change.write = {static_cast<std::uint64_t>(version.as_int()),
                  static_cast<std::uint64_t>(epoch.as_int()), json.text("op"),
                  json.flag("check_only")};
  change.services = TRY(services_from_json(json.at("services")));
  return change;
}

Json entry_json(const DrainEntry& entry) {
  Json json = Json::object();
  json.set("app", entry.app).set("environment", entry.environment).set("service", entry.service);
  json.set("release", entry.release)
      .set("address", entry.address)
      .set("in_flight", entry.in_flight);
  return json.set("deadline_in_ms", entry.deadline_in_ms);
}

Json target_json(const TargetState& state) {
  const DrainEntry& at = state.place;
  Json json = Json::object();
  json.set("app", at.app).set("environment", at.environment).set("service", at.service);
  json.set("release", at.release).set("address", at.address).set("reads_only", state.reads_only);
  json.set("healthy", !state.sick).set("ejected_for_ms", state.ejected_for_ms);
  json.set("ejections", static_cast<std::int64_t>(state.ejections));
  return json.set("in_flight", at.in_flight);
}

std::string targets_text(const std::vector<TargetState>& states) {
  std::string out = "# TYPE slipway_edge_target_up gauge\n";
  for (const TargetState& state : states) {
    const DrainEntry& at = state.place;
    fmt::format_to(
        std::back_inserter(out),
        "slipway_edge_target_up{{app=\"{}\",environment=\"{}\",service=\"{}\",release=\"{}\","
        "target=\"{}\"}} {}\n",
        at.app, at.environment, at.service, at.release, at.address,
        state.sick || state.ejected_for_ms > 0 ? 0 : 1);
  }
  return out;
}

}  // namespace

Control::Control(io::EventLoop& loop, Engine& engine, Tables& tables, Certificates& certificates,
                 ControlFacts facts)
    : loop_(loop),
      engine_(engine),
      tables_(tables),
      certificates_(certificates),
      facts_(std::move(facts)),
      health_(loop) {
  tick_drains();
}

Control::~Control() {
  *alive_ = false;
  loop_.cancel(drain_timer_);
}

void Control::tick_drains() {
  health_.follow(engine_.routes());
  const Millis pause = engine_.tick() ? kDrainTick : kIdleDrainTick;
  drain_timer_ = loop_.after(pause, [this] { tick_drains(); });
}

void Control::answer(const http::Request& request,
                     const std::shared_ptr<http::Responder>& responder) {
  if (request.path == "/v1/stats/stream" && request.method == "GET")
    return stream_stats(request, responder);
  const Reply reply = route(request);
  responder->respond(reply.status, reply.body, reply.content_type);
}

Control::Reply Control::route(const http::Request& request) {
  struct Route {
    std::string_view method;
    std::string_view path;  // "*" stands for one segment
    Call call;
  };
  static const Route kRoutes[] = {
      {"GET", "/v1/edge", &Control::get_edge},
      {"GET", "/v1/table", &Control::get_table},
      {"PUT", "/v1/table", &Control::put_table},
      {"GET", "/v1/apps/*/*", &Control::get_app},
      {"PUT", "/v1/apps/*/*", &Control::put_app},
      {"DELETE", "/v1/apps/*/*", &Control::delete_app},
      {"GET", "/v1/drain", &Control::get_drain},
      {"POST", "/v1/drain", &Control::post_drain},
      {"GET", "/v1/stats", &Control::get_stats},
      {"GET", "/metrics", &Control::get_metrics},
      {"POST", "/v1/certificates/reload", &Control::post_reload},
      {"POST", "/v1/logs/reopen", &Control::reopen_logs},
      {"GET", "/v1/targets", &Control::get_targets},
  };
  bool path_known = false;
  const std::vector<std::string_view> segments = split(request.path, '/');
  for (const Route& route : kRoutes) {
    const std::vector<std::string_view> pattern = split(route.path, '/');
    std::vector<std::string> names;
    bool match = pattern.size() == segments.size();
    for (std::size_t i = 0; match && i < pattern.size(); ++i) {
      if (pattern[i] == "*") {
        names.push_back(http::percent_decoded(segments[i]).value_or(""));
        match = !names.back().empty();
      } else {
        match = pattern[i] == segments[i];
      }
    }
    path_known = path_known || match;
    if (match && route.method == request.method) return (this->*route.call)(request, names);
  }
  const Error error(Code::NotFound,
                    fmt::format("the edge has no {} {}", request.method, request.path),
                    "docs/formats/edge-table.md lists the calls");
  return {path_known ? 405 : 404, error_json(error).dump()};
}

Control::Reply Control::refuse(const Error& error, std::uint64_t version,
                               std::uint64_t epoch) const {
  Json json = error_json(error);
  json["error"].set("actual_version", version).set("actual_epoch", epoch);
  json["error"].set("actual_generation", tables_.current().generation);
  return {status_of(error.code), json.dump()};
}

Control::Reply Control::get_edge(const http::Request&, const std::vector<std::string>&) {
  Json json = Json::object();
  json.set("slipway", "edge")
      .set("version", facts_.version)
      .set("pid", static_cast<std::int64_t>(getpid()));
  json.set("generation", tables_.current().generation).set("epoch", tables_.current().epoch);
  json.set("listen", Json::array_of(facts_.listen))
      .set("workers", static_cast<std::int64_t>(facts_.workers));
  json.set("clients", static_cast<std::uint64_t>(engine_.clients()));
  const TlsCounts counts = engine_.tls_counts();
  Json tls = Json::object();
  tls.set("handshakes", counts.handshakes).set("resumed", counts.resumed);
  json.set("tls", tls.set("failed", counts.failed));
  json.set("certificates", to_json(certificates_.entries(), wall_ms()));
  json.set("access_log", access_log_json());
  return {200, json.set("draining_process", predecessor_.alive).dump()};
}

Control::Reply Control::get_table(const http::Request&, const std::vector<std::string>&) {
  return {200, to_json(tables_.current()).dump()};
}

Control::Reply Control::put_table(const http::Request& request, const std::vector<std::string>&) {
  const std::uint64_t epoch = tables_.current().epoch;
  auto change = read_change(request.body, "expected_generation");
  if (!change) return refuse(change.error(), tables_.current().generation, epoch);
  if (auto done = tables_.replace_all(change->write, std::move(change->services)); !done)
    return refuse(done.error(), tables_.current().generation, epoch);
  return get_table(request, {});
}

Json Control::app_json(const std::string& app, const std::string& environment) const {
  const Table& table = tables_.current();
  const AppVersion* entry = table.app_version(app, environment);
  const AppVersion none;
  if (entry == nullptr) entry = &none;
  Json json = Json::object();
  json.set("app", app)
      .set("environment", environment)
      .set("version", entry->version)
      .set("epoch", entry->epoch);
  json.set("op", entry->op).set("generation", table.generation);
  Json services = Json::array();
  for (const Service& service : table.services) {
    if (service.app == app && service.environment == environment)
      services.push_back(to_json(service));
  }
  return json.set("services", services);
}

Control::Reply Control::get_app(const http::Request&, const std::vector<std::string>& names) {
  return {200, app_json(names[0], names[1]).dump()};
}

Control::Reply Control::put_app(const http::Request& request,
                                const std::vector<std::string>& names) {
  const Json now = app_json(names[0], names[1]);
  const auto version = static_cast<std::uint64_t>(now.integer("version"));
  const auto epoch = static_cast<std::uint64_t>(now.integer("epoch"));
  auto change = read_change(request.body, "expected_version");
  if (!change) return refuse(change.error(), version, epoch);
  if (auto done =
          tables_.replace_app(change->write, names[0], names[1], std::move(change->services));
      !done)
    return refuse(done.error(), version, epoch);
  return get_app(request, names);
}

Control::Reply Control::delete_app(const http::Request& request,
                                   const std::vector<std::string>& names) {
  const Json now = app_json(names[0], names[1]);
  const Write write{number_of(request, "expected_version"), number_of(request, "epoch"),
                    request.query_value("op").value_or(""), false};
  if (auto done = tables_.replace_app(write, names[0], names[1], {}); !done)
    return refuse(done.error(), static_cast<std::uint64_t>(now.integer("version")),
                  static_cast<std::uint64_t>(now.integer("epoch")));
  return get_app(request, names);
}

// Does this process still give requests to the address, for that release?
bool Control::gets_requests(const DrainEntry& entry) const {
  for (const Service& service : tables_.current().services) {
    if (service.app != entry.app || service.environment != entry.environment ||
        service.name != entry.service)
      continue;
    for (const Pool& pool : service.pools) {
      if (pool.release != entry.release || !edge::gets_requests(service, pool)) continue;
      for (const auto* targets : {&pool.targets, &pool.read_targets}) {
        if (std::find(targets->begin(), targets->end(), entry.address) != targets->end())
          return true;
      }
    }
  }
  return false;
}

std::vector<DrainEntry> Control::drains() const {
  std::vector<DrainEntry> entries = engine_.drains();
  for (const DrainEntry& older : predecessor_.in_flight) {
    if (gets_requests(older)) continue;
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const DrainEntry& e) {
      return e.app == older.app && e.environment == older.environment &&
             e.service == older.service && e.release == older.release && e.address == older.address;
    });
    if (same == entries.end()) {
      entries.push_back(older);
    } else {
      same->in_flight += older.in_flight;
    }
  }
  return entries;
}

Control::Reply Control::get_drain(const http::Request& request, const std::vector<std::string>&) {
  const std::string app = request.query_value("app").value_or("");
  const std::string environment = request.query_value("environment").value_or("");
  Json list = Json::array();
  for (const DrainEntry& entry : drains()) {
    if ((app.empty() || app == entry.app) &&
        (environment.empty() || environment == entry.environment))
      list.push_back(entry_json(entry));
  }
  Json json = Json::object();
  return {200, json.set("draining", list).dump()};
}

Control::Reply Control::post_drain(const http::Request& request, const std::vector<std::string>&) {
  const std::string app = request.query_value("app").value_or("");
  const std::string environment = request.query_value("environment").value_or("");
  const std::string release = request.query_value("release").value_or("");
  std::size_t count = engine_.cut(app, environment, release);
  if (cut_predecessor_ && predecessor_.alive) count += cut_predecessor_(app, environment, release);
  Json json = Json::object();
  return {200, json.set("cut", static_cast<std::uint64_t>(count)).dump()};
}

Control::Reply Control::post_reload(const http::Request&, const std::vector<std::string>&) {
  const Certificates::Reloaded done = certificates_.reload();
  Json json = Json::object();
  if (!done.problems.empty()) {
    json = error_json(Error(Code::Malformed, join(done.problems, "; "),
                            "mend the files and reload again; what was served before still is"));
  }
  json.set("changed", Json::array_of(done.changed));
  json.set("unchanged", static_cast<std::uint64_t>(done.unchanged));
  return {done.problems.empty() ? 200 : 422, json.dump()};
}

void Control::set_predecessor(Predecessor predecessor) {
  predecessor_ = std::move(predecessor);
  engine_.learn_routes(predecessor_.stats);
}

Stats Control::stats() const {
  Stats all = engine_.stats();
  add_to(all, predecessor_.stats);
  for (ReleaseStats& entry : all) {
    if (entry.in_flight == 0 && !engine_.routes_to(entry)) entry.routes.clear();
  }
  return all;
}

Json Control::stats_json() const {
  io::SystemClock clock;
  Json json = Json::object();
  json.set("at_ms", to_unix_ms(clock.now()));
  return json.set("services", to_json(stats()));
}

Control::Reply Control::get_targets(const http::Request&, const std::vector<std::string>&) {
  Json list = Json::array();
  for (const TargetState& state : engine_.targets()) list.push_back(target_json(state));
  Json json = Json::object();
  return {200, json.set("targets", list).dump()};
}

Control::Reply Control::get_stats(const http::Request&, const std::vector<std::string>&) {
  return {200, stats_json().dump()};
}

Control::Reply Control::get_metrics(const http::Request&, const std::vector<std::string>&) {
  const TlsCounts counts = engine_.tls_counts();
  std::string text = prometheus_text(stats()) + targets_text(engine_.targets()) +
                     engine_.gate().prometheus_text() +
                     certificate_metrics(certificates_.entries(), wall_ms());
  for (const auto& [name, count] :
       {std::pair("handshakes", counts.handshakes), std::pair("handshakes_resumed", counts.resumed),
        std::pair("handshakes_failed", counts.failed)})
    text += fmt::format(
        "# TYPE slipway_edge_tls_{0}_total counter\n"
        "slipway_edge_tls_{0}_total {1}\n",
        name, count);
  if (access_log_ != nullptr) {
    const AccessLog::Counts log = access_log_->counts();
    text += fmt::format(
        "# TYPE slipway_edge_access_log_lines_total counter\n"
        "slipway_edge_access_log_lines_total {}\n"
        "# TYPE slipway_edge_access_log_dropped_total counter\n"
        "slipway_edge_access_log_dropped_total {}\n",
        log.lines, log.dropped);
  }
  return {200, std::move(text), "text/plain; version=0.0.4"};
}

Json Control::access_log_json() const {
  if (access_log_ == nullptr) return Json();
  const AccessLog::Counts counts = access_log_->counts();
  Json json = Json::object();
  json.set("where", counts.where).set("lines", counts.lines).set("dropped", counts.dropped);
  return json.set("trouble", counts.trouble);
}

Control::Reply Control::reopen_logs(const http::Request&, const std::vector<std::string>&) {
  if (access_log_ != nullptr) {
    if (const auto reopened = access_log_->reopen(); !reopened)
      return {status_of(reopened.error().code), error_json(reopened.error()).dump()};
  }
  Json json = Json::object();
  return {200, json.set("access_log", access_log_json()).dump()};
}

void Control::stream_stats(const http::Request& request,
                           const std::shared_ptr<http::Responder>& responder) {
  auto every = static_cast<std::int64_t>(number_of(request, "every_ms"));
  if (every == 0) every = 250;
  responder->begin_stream(200, "application/x-ndjson");
  push_stats(responder, Millis(std::clamp(every, kFastestStreamMs, kSlowestStreamMs)));
}

void Control::push_stats(const std::shared_ptr<http::Responder>& responder, Millis every) {
  if (!responder->is_open() || !responder->write_chunk(stats_json().dump() + "\n")) return;
  loop_.after(every, [this, alive = alive_, responder, every] {
    if (*alive) push_stats(responder, every);
  });
}

}  // namespace slipway::edge
