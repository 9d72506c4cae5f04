#include <fmt/core.h>

#include "config/config.h"
#include "config/values.h"

// Environment <-> JSON. A stored release is started again from this text, perhaps by a later
// version of slipway: what is absent reads as the default, and names instead of numbers stand for
// enums.
namespace slipway::config {
namespace {

Json texts_json(const std::map<std::string, std::string>& texts) {
  Json out = Json::object();
  for (const auto& [name, text] : texts) out.set(name, text);
  return out;
}

std::map<std::string, std::string> texts_from(const Json& json) {
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : json.members()) {
    if (value.is_string()) out[name] = value.as_string();
  }
  return out;
}

Json health_json(const Health& health) {
  Json out = Json::object();
  out.set("path", health.path);
  out.set("interval_ms", health.interval.count());
  out.set("timeout_ms", health.timeout.count());
  out.set("healthy", health.healthy);
  out.set("unhealthy", health.unhealthy);
  out.set("start_period_ms", health.start_period.count());
  out.set("host", health.host);
  out.set("ready_path", health.ready_path);
  return out;
}

Millis millis(const Json& json, std::string_view key, Millis otherwise) {
  return Millis(json.integer(key, otherwise.count()));
}

Health health_from(const Json& json) {
  Health out;
  out.path = json.text("path");
  out.interval = millis(json, "interval_ms", out.interval);
  out.timeout = millis(json, "timeout_ms", out.timeout);
  out.healthy = static_cast<int>(json.integer("healthy", out.healthy));
  out.unhealthy = static_cast<int>(json.integer("unhealthy", out.unhealthy));
  out.start_period = millis(json, "start_period_ms", out.start_period);
  out.host = json.text("host");
  out.ready_path = json.text("ready_path");
  return out;
}

Json limits_json(const Limits& limits) {
  Json out = Json::object();
  out.set("memory_bytes", limits.memory_bytes);
  out.set("cpus", limits.cpus);
  out.set("pids", limits.pids);
  return out;
}

Json route_json(const Route& route) {
  Json out = Json::object();
  out.set("hosts", Json::array_of(route.hosts));
  out.set("paths", Json::array_of(route.paths));
  out.set("strip_path", route.strip_path);
  return out;
}

Json service_json(const Service& service) {
  Json stop = Json::object();
  stop.set("signal", service.stop.signal).set("timeout_ms", service.stop.timeout.count());
  Json out = Json::object();
  out.set("name", service.name);
  out.set("run", service.run);
  out.set("image", service.image);
  out.set("dir", service.dir);
  out.set("listens", service.listens);
  out.set("instances", service.instances);
  if (service.pool >= 0) out.set("pool", service.pool);
  out.set("env", texts_json(service.env));
  out.set("secrets", Json::array_of(service.secrets));
  out.set("needs", Json::array_of(service.needs));
  if (service.health) out.set("health", health_json(*service.health));
  out.set("stop", stop);
  out.set("limits", limits_json(service.limits));
  out.set("user", service.user);
  out.set("drain_ms", service.drain.count());
  out.set("route", route_json(service.route));
  if (!service.edge.is_null()) out.set("edge", service.edge);
  return out;
}

Service service_from(const Json& json) {
  Service out;
  out.name = json.text("name");
  out.run = json.text("run");
  out.image = json.text("image");
  out.dir = json.text("dir");
  out.listens = json.flag("listens", out.listens);
  out.instances = static_cast<int>(json.integer("instances", out.instances));
  out.pool = static_cast<int>(json.integer("pool", out.pool));
  out.env = texts_from(json.at("env"));
  out.secrets = json.strings("secrets");
  out.needs = json.strings("needs");
  if (json.at("health").is_object()) out.health = health_from(json.at("health"));
  const auto& stop = json.at("stop");
  out.stop = {stop.text("signal", out.stop.signal), millis(stop, "timeout_ms", out.stop.timeout)};
  const auto& limits = json.at("limits");
  out.limits = {static_cast<std::uint64_t>(limits.integer("memory_bytes")), limits.number("cpus"),
                static_cast<int>(limits.integer("pids"))};
  out.user = json.text("user");
  out.drain = millis(json, "drain_ms", out.drain);
  const auto& route = json.at("route");
  out.route = {route.strings("hosts"), route.strings("paths"), route.flag("strip_path", true)};
  out.edge = json.at("edge");
  return out;
}

Json smoke_json(const Smoke& smoke) {
  Json out = Json::object();
  out.set("get", smoke.get);
  out.set("run", smoke.run);
  out.set("service", smoke.service);
  out.set("expect", smoke.expect);
  out.set("contains", smoke.contains);
  out.set("timeout_ms", smoke.timeout.count());
  return out;
}

Smoke smoke_from(const Json& json) {
  Smoke out;
  out.get = json.text("get");
  out.run = json.text("run");
  out.service = json.text("service");
  out.expect = static_cast<int>(json.integer("expect", out.expect));
  out.contains = json.text("contains");
  out.timeout = millis(json, "timeout_ms", out.timeout);
  return out;
}

Json judge_json(const Judge& judge) {
  Json out = Json::object();
  out.set("period_ms", judge.period.count());
  out.set("deadline_ms", judge.deadline.count());
  out.set("least_requests", judge.least_requests);
  out.set("false_alarm_percent", judge.false_alarm);
  out.set("missed_percent", judge.missed);
  out.set("guard", name_of(judge.guard));
  out.set("warmup_ms", judge.warmup.count());
  out.set("quarantine", judge.quarantine);
  out.set("low_traffic", name_of(judge.low_traffic));
  if (judge.baseline != Baseline::Old) out.set("baseline", name_of(judge.baseline));
  if (!judge.routes.empty()) out.set("routes", Json::array_of(judge.routes));
  return out;
}

Judge judge_from(const Json& json) {
  Judge out;
  out.period = millis(json, "period_ms", out.period);
  out.deadline = millis(json, "deadline_ms", out.deadline);
  out.least_requests = static_cast<int>(json.integer("least_requests", out.least_requests));
  out.false_alarm = json.number("false_alarm_percent", out.false_alarm);
  out.missed = json.number("missed_percent", out.missed);
  for (const auto guard : {BurstGuard::Auto, BurstGuard::On, BurstGuard::Off}) {
    if (json.text("guard") == name_of(guard)) out.guard = guard;
  }
  out.warmup = millis(json, "warmup_ms", out.warmup);
  out.quarantine = json.flag("quarantine", out.quarantine);
  for (const auto outcome : {LowTraffic::Hold, LowTraffic::Promote, LowTraffic::RollBack}) {
    if (json.text("low_traffic") == name_of(outcome)) out.low_traffic = outcome;
  }
  out.baseline = json.text("baseline") == "fresh" ? Baseline::Fresh : Baseline::Old;
  out.routes = json.strings("routes");
  return out;
}

Json rollout_json(const Rollout& rollout) {
  Json out = Json::object();
  out.set("strategy", name_of(rollout.strategy));
  out.set("steps", Json::array_of(rollout.steps));
  out.set("batch", rollout.batch);
  out.set("judge", judge_json(rollout.judge));
  out.set("keep_old_ms", rollout.keep_old.count());
  return out;
}

Result<Rollout> rollout_from(const Json& json) {
  Rollout out;
  const auto strategy = strategy_named(json.text("strategy"));
  if (!strategy) {
    return Error(
        Code::Malformed,
        fmt::format("reading a stored environment: unknown strategy '{}'", json.text("strategy")),
        "it was written by another version of slipway; deploy again");
  }
  out.strategy = *strategy;
  for (const auto& step : json.at("steps").items()) {
    if (step.is_number()) out.steps.push_back(step.as_number());
  }
  out.batch = static_cast<int>(json.integer("batch", out.batch));
  out.judge = judge_from(json.at("judge"));
  out.keep_old = millis(json, "keep_old_ms", out.keep_old);
  return out;
}

Json triggers_json(const std::vector<Trigger>& triggers) {
  Json out = Json::array();
  for (const auto& trigger : triggers) out.push_back(trigger.text);
  return out;
}

Result<std::vector<Trigger>> triggers_from(const Json& json) {
  std::vector<Trigger> out;
  for (const auto& item : json.items()) {
    const auto trigger = item.is_string() ? parse_trigger(item.as_string()) : std::nullopt;
    if (!trigger) {
      return Error(Code::Malformed,
                   fmt::format("reading a stored environment: unknown condition {}", item.dump()),
                   "it was written by another version of slipway; deploy again");
    }
    out.push_back(*trigger);
  }
  return out;
}

Json maintenance_json(const Maintenance& maintenance) {
  Json out = Json::object();
  out.set("page", maintenance.page);
  out.set("retry_after_ms", maintenance.retry_after.count());
  out.set("allow", Json::array_of(maintenance.allow));
  return out;
}

Maintenance maintenance_from(const Json& json) {
  Maintenance out;
  out.page = json.text("page");
  out.retry_after = millis(json, "retry_after_ms", out.retry_after);
  out.allow = json.strings("allow");
  return out;
}

// Left out where there are none: an environment without them is what it was before there were any.
void add_channels(const Environment& environment, Json& out) {
  if (!environment.channels.empty()) {
    Json channels = Json::object();
    for (const auto& [name, channel] : environment.channels) channels.set(name, to_json(channel));
    out.set("channels", channels);
  }
  if (!environment.alerts.empty()) {
    Json alerts = Json::array();
    for (const auto& rule : environment.alerts) alerts.push_back(to_json(rule));
    out.set("alerts", alerts);
  }
  if (environment.incidents != Incidents{}) out.set("incidents", to_json(environment.incidents));
  if (environment.notify.empty()) return;
  Json notify = Json::array();
  for (const auto& rule : environment.notify) notify.push_back(to_json(rule));
  out.set("notify", notify);
}

void channels_from(const Json& json, Environment& out) {
  for (const auto& [name, channel] : json.at("channels").members()) {
    out.channels[name] = channel_from_json(channel);
  }
  for (const auto& rule : json.at("alerts").items())
    out.alerts.push_back(alert_rule_from_json(rule));
  out.incidents = incidents_from_json(json.at("incidents"));
  for (const auto& rule : json.at("notify").items())
    out.notify.push_back(notify_rule_from_json(rule));
}

Nginx nginx_from(const Json& json) {
  Nginx out;
  if (json.at("listen").is_array()) out.listen = json.strings("listen");
  out.snippet = json.text("snippet");
  out.access_log = json.text("access_log", out.access_log);
  out.folder = json.text("folder", out.folder);
  out.config = json.text("config", out.config);
  out.pid = json.text("pid", out.pid);
  out.log = json.text("log", out.log);
  out.program = json.text("program", out.program);
  return out;
}

Haproxy haproxy_from(const Json& json) {
  Haproxy out;
  if (json.at("bind").is_array()) out.bind = json.strings("bind");
  out.folder = json.text("folder", out.folder);
  out.config = json.text("config", out.config);
  out.master = json.text("master", out.master);
  out.program = json.text("program", out.program);
  return out;
}

}  // namespace

Json to_json(const Nginx& nginx) {
  return Json::object()
      .set("listen", Json::array_of(nginx.listen))
      .set("snippet", nginx.snippet)
      .set("access_log", nginx.access_log)
      .set("folder", nginx.folder)
      .set("config", nginx.config)
      .set("pid", nginx.pid)
      .set("log", nginx.log)
      .set("program", nginx.program);
}

Json to_json(const Haproxy& haproxy) {
  return Json::object()
      .set("bind", Json::array_of(haproxy.bind))
      .set("folder", haproxy.folder)
      .set("config", haproxy.config)
      .set("master", haproxy.master)
      .set("program", haproxy.program);
}

Json to_json(const Environment& environment) {
  Json services = Json::array();
  for (const auto& service : environment.services) services.push_back(service_json(service));
  Json secrets = Json::object();
  for (const auto& [name, secret] : environment.secrets) secrets.set(name, to_json(secret));
  Json smoke = Json::array();
  for (const auto& one : environment.smoke) smoke.push_back(smoke_json(one));
  Json out = Json::object();
  out.set("name", environment.name);
  out.set("url", environment.url);
  out.set("branch", environment.branch);
  out.set("platform", environment.platform);
  out.set("router", environment.router);
  if (environment.router == "nginx") out.set("nginx", to_json(environment.nginx));
  if (environment.router == "haproxy") out.set("haproxy", to_json(environment.haproxy));
  out.set("drivers", texts_json(environment.drivers));
  if (!environment.folder.empty()) out.set("folder", environment.folder);
  out.set("services", services);
  out.set("secrets", secrets);
  out.set("smoke", smoke);
  out.set("rollout", rollout_json(environment.rollout));
  out.set("roll_back_when", triggers_json(environment.roll_back_when));
  if (!environment.roll_back_on_alerts.empty())
    out.set("roll_back_on_alerts", Json::array_of(environment.roll_back_on_alerts));
  out.set("watch_ms", environment.watch.count());
  out.set("on_conflict", environment.on_conflict == OnConflict::Supersede ? "supersede" : "refuse");
  out.set("maintenance", maintenance_json(environment.maintenance));
  if (environment.gates != Gates{}) out.set("gates", to_json(environment.gates));
  add_channels(environment, out);
  if (!environment.metrics.empty()) {
    Json metrics = Json::array();
    for (const auto& metric : environment.metrics) metrics.push_back(to_json(metric));
    out.set("metrics", metrics);
  }
  if (environment.database != DatabaseSettings{})
    out.set("database", to_json(environment.database));
  if (!environment.hooks.empty()) {
    Json hooks = Json::array();
    for (const auto& hook : environment.hooks) hooks.push_back(to_json(hook));
    out.set("hooks", hooks);
  }
  return out;
}

Result<Environment> environment_from_json(const Json& json) {
  if (!json.is_object() || json.text("name").empty()) {
    return Error(Code::Malformed, "reading a stored environment: it is not one",
                 "deploy again from slipway.yaml");
  }
  Environment out;
  out.name = json.text("name");
  out.url = json.text("url");
  out.branch = json.text("branch");
  out.platform = json.text("platform", out.platform);
  out.router = json.text("router", out.router);
  out.nginx = nginx_from(json.at("nginx"));
  out.haproxy = haproxy_from(json.at("haproxy"));
  out.drivers = texts_from(json.at("drivers"));
  out.folder = json.text("folder");
  for (const auto& service : json.at("services").items())
    out.services.push_back(service_from(service));
  for (const auto& [name, secret] : json.at("secrets").members()) {
    out.secrets[name] = {name, secret.text("env"), secret.text("file"), secret.text("command")};
  }
  for (const auto& smoke : json.at("smoke").items()) out.smoke.push_back(smoke_from(smoke));
  out.rollout = TRY(rollout_from(json.at("rollout")));
  out.roll_back_when = TRY(triggers_from(json.at("roll_back_when")));
  out.roll_back_on_alerts = json.strings("roll_back_on_alerts");
  out.watch = millis(json, "watch_ms", out.watch);
  out.on_conflict =
      json.text("on_conflict") == "supersede" ? OnConflict::Supersede : OnConflict::Refuse;
  out.maintenance = maintenance_from(json.at("maintenance"));
  out.gates = gates_from_json(json.at("gates"));
  channels_from(json, out);
  for (const auto& metric : json.at("metrics").items())
    out.metrics.push_back(metric_from_json(metric));
  for (const auto& hook : json.at("hooks").items()) out.hooks.push_back(hook_from_json(hook));
  out.database = database_from_json(json.at("database"));
  return out;
}

}  // namespace slipway::config
