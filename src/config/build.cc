#include "config/build.h"

#include <algorithm>

#include "config/edge_settings.h"
#include "config/reader.h"

namespace slipway::config {
namespace {

std::optional<Health> build_health(const Reader& service) {
  if (!service.has("health")) return std::nullopt;
  const auto in = service.map("health");
  Health out;
  out.path = in.text("path");
  out.interval = in.duration("interval");
  out.timeout = in.duration("timeout");
  out.healthy = in.integer("healthy");
  out.unhealthy = in.integer("unhealthy");
  out.start_period = in.duration("start_period");
  out.host = in.text("host");
  out.ready_path = in.text("ready_path");
  return out;
}

Route build_route(const Reader& in) {
  Route out;
  out.hosts = in.list("hosts");
  for (const auto& path : in.list("paths")) out.paths.push_back(path_prefix(path));
  out.strip_path = in.flag("strip_path");
  return out;
}

Service build_service(const Node& node) {
  const Reader in(&node, "services.*");
  Service out;
  out.name = node.key;
  out.run = in.text("run");
  out.image = in.text("image");
  out.dir = in.text("dir");
  out.listens = in.text("port") == "auto";
  out.instances = in.integer("instances");
  if (in.has("pool")) out.pool = in.integer("pool");
  out.env = in.texts("env");
  out.secrets = in.list("secrets");
  out.needs = in.list("needs");
  out.health = build_health(in);
  out.stop = {in.map("stop").text("signal"), in.map("stop").duration("timeout")};
  const auto limits = in.map("limits");
  out.limits = {limits.size("memory"), limits.number("cpus"), limits.integer("pids")};
  out.user = in.text("user");
  out.drain = in.duration("drain");
  out.route = build_route(in);
  out.edge = build_edge_settings(node);
  return out;
}

bool is_met(const Service& service, const std::vector<Service>& all,
            const std::vector<Service>& placed) {
  const auto named = [](const std::vector<Service>& list, const std::string& name) {
    return std::any_of(list.begin(), list.end(), [&](const Service& s) { return s.name == name; });
  };
  return std::all_of(service.needs.begin(), service.needs.end(), [&](const std::string& need) {
    return named(placed, need) || (!named(all, need) && !named(placed, need));
  });
}

// Needs first; among those that could be next, the one written first. A circle stays as written.
std::vector<Service> in_order(std::vector<Service> waiting) {
  std::vector<Service> placed;
  while (!waiting.empty()) {
    auto next = std::find_if(waiting.begin(), waiting.end(),
                             [&](const Service& s) { return is_met(s, waiting, placed); });
    if (next == waiting.end()) next = waiting.begin();
    placed.push_back(std::move(*next));
    waiting.erase(next);
  }
  return placed;
}

std::vector<Service> build_services(const Node& merged) {
  std::vector<Service> out;
  const Node* services = merged.find("services");
  if (services == nullptr || !services->is_map()) return out;
  for (const auto& item : services->items) out.push_back(build_service(item));
  return in_order(std::move(out));
}

std::map<std::string, SecretRef> build_secrets(const Node& merged) {
  std::map<std::string, SecretRef> out;
  const Node* secrets = merged.find("secrets");
  if (secrets == nullptr || !secrets->is_map()) return out;
  for (const auto& item : secrets->items) {
    const Reader in(&item, "secrets.*");
    out[item.key] = {item.key, in.text("env"), in.text("file"), in.text("command")};
  }
  return out;
}

std::vector<Smoke> build_smoke(const Node& merged) {
  std::vector<Smoke> out;
  const Node* smoke = merged.find("smoke");
  if (smoke == nullptr || !smoke->is_list()) return out;
  for (const auto& item : smoke->items) {
    const Reader in(&item, "smoke[]");
    out.push_back({in.text("get"), in.text("run"), in.text("service"), in.integer("expect"),
                   in.text("contains"), in.duration("timeout")});
  }
  return out;
}

BurstGuard guard_named(std::string_view name) {
  if (name == "on") return BurstGuard::On;
  return name == "off" ? BurstGuard::Off : BurstGuard::Auto;
}

LowTraffic low_traffic_named(std::string_view name) {
  if (name == "promote") return LowTraffic::Promote;
  return name == "roll_back" ? LowTraffic::RollBack : LowTraffic::Hold;
}

Judge read_judge(const Reader& in) {
  Judge out;
  out.period = in.duration("period");
  out.deadline = in.duration("deadline");
  out.least_requests = in.integer("least_requests");
  out.false_alarm = in.percent("false_alarm");
  out.missed = in.percent("missed");
  out.guard = guard_named(in.text("guard"));
  out.warmup = in.duration("warmup");
  out.quarantine = in.flag("quarantine");
  out.low_traffic = low_traffic_named(in.text("low_traffic"));
  out.baseline = in.text("baseline") == "fresh" ? Baseline::Fresh : Baseline::Old;
  out.routes = in.list("routes");
  return out;
}

Judge build_judge(const Node& merged, const Reader& rollout) {
  const Node* map = merged.find("rollout");
  const Node* judge = map == nullptr ? nullptr : map->find("judge");
  if (judge == nullptr || !judge->is_scalar()) return read_judge(rollout.map("judge"));
  Judge out = read_judge(Reader(nullptr, "rollout.judge"));
  out.period = rollout.duration("judge");
  return out;
}

std::vector<double> build_steps(const Reader& rollout) {
  std::vector<double> out;
  for (const auto& text : rollout.list("steps")) out.push_back(parse_percent(text).value_or(0));
  if (out.empty()) out = {10, 25, 50, 100};
  return out;
}

Rollout build_rollout(const Node& merged) {
  const auto in = Reader(&merged, "").map("rollout");
  Rollout out;
  out.strategy = strategy_named(in.text("strategy")).value_or(Strategy::BlueGreen);
  if (out.strategy == Strategy::Canary) out.steps = build_steps(in);
  out.batch = in.integer("batch");
  out.judge = build_judge(merged, in);
  out.keep_old = in.duration("keep_old");
  return out;
}

Maintenance build_maintenance(const Reader& in) {
  return {in.text("page"), in.duration("retry_after"), in.list("allow")};
}

Channel build_channel(const Node& node, const std::map<std::string, SecretRef>& secrets) {
  const Reader in(&node, "channels.*");
  Channel out;
  out.name = node.key;
  out.type = in.text("type");
  const auto secret = secrets.find(in.text("secret"));
  if (secret != secrets.end()) out.secret = secret->second;
  out.url = in.text("url");
  out.from = in.text("from");
  out.to = in.list("to");
  out.user = in.text("user");
  out.encrypted = in.text("tls") == "required";
  out.organization = in.text("organization");
  out.projects = in.list("projects");
  out.role = in.text("role");
  out.ca = in.text("ca");
  out.timeout = in.duration("timeout");
  out.give_up = in.duration("give_up");
  return out;
}

AlertRule build_alert(const Node& node) {
  const Reader in(&node, "alerts[]");
  AlertRule out;
  out.when = in.text("when");
  out.name = in.has("name") ? in.text("name") : out.when;
  out.condition = parse_condition(out.when).value_or(AlertCondition());
  out.hold = in.duration("for");
  out.severity = in.text("severity");
  out.to = in.list("to");
  return out;
}

Incidents build_incidents(const Node& merged) {
  const auto in = Reader(&merged, "").map("incidents");
  Incidents out;
  out.assess_within = in.duration("assess_within");
  if (in.text("on_expiry") == name_of(OnAssessExpiry::Hold)) out.on_expiry = OnAssessExpiry::Hold;
  const Node* incidents = merged.find("incidents");
  const Node* alerts = incidents == nullptr ? nullptr : incidents->find("alerts");
  if (alerts == nullptr || !alerts->is_list()) return out;
  for (const auto& item : alerts->items) {
    const Reader one(&item, "incidents.alerts[]");
    out.alerts.push_back({one.text("alert"), one.texts("labels"), one.text("severity")});
  }
  return out;
}

Metric build_metric(const Node& node, const std::map<std::string, SecretRef>& secrets) {
  const Reader in(&node, "metrics[]");
  Metric out;
  out.name = in.text("name");
  if (in.has("get")) out.source = Metric::Source::Http;
  if (in.has("run")) out.source = Metric::Source::Command;
  out.at = in.text("prometheus") + in.text("get") + in.text("run");
  out.query = in.text("query");
  out.field = in.text("field");
  const std::string side = in.has("below") ? "below" : "above";
  out.side = in.has("below") ? Metric::Side::Below : Metric::Side::Above;
  out.bound = parse_metric_bound(in.text(side)).value_or(MetricBound());
  out.text = side + " " + in.text(side);
  out.hold = in.duration("for");
  out.every = in.duration("every");
  out.timeout = in.duration("timeout");
  out.dry_run = in.flag("dry_run");
  if (const auto secret = secrets.find(in.text("secret")); secret != secrets.end())
    out.secret = secret->second;
  return out;
}

std::vector<Hook> build_hooks(const Node& merged) {
  std::vector<Hook> out;
  const Node* hooks = merged.find("hooks");
  if (hooks == nullptr || !hooks->is_list()) return out;
  for (const auto& item : hooks->items) {
    const Reader in(&item, "hooks[]");
    out.push_back({in.text("at"), in.text("run"), in.duration("timeout"), in.duration("deadline")});
  }
  return out;
}

BackupSettings build_backup(const Reader& in, const std::map<std::string, SecretRef>& secrets) {
  const auto secret = [&secrets](const Reader& at, std::string_view name) {
    const auto found = secrets.find(secret_in(at.text(name)));
    return found == secrets.end() ? SecretRef() : found->second;
  };
  BackupSettings out;
  out.is_set = true;
  out.tool = in.text("tool");
  out.repository = in.text("repository");
  out.folder = in.text("folder");
  out.passphrase = secret(in, "passphrase");
  const auto s3 = in.map("s3");
  out.s3 = {s3.text("bucket"), s3.text("endpoint"), s3.text("region"),
            s3.text("path"),   secret(s3, "key"),   secret(s3, "secret")};
  out.full = in.duration("full");
  out.incremental = in.duration("incremental");
  out.keep = in.duration("keep");
  out.keep_full = in.integer("keep_full");
  out.processes = in.integer("processes");
  out.restore_test = in.duration("restore_test");
  out.rpo = in.duration("rpo");
  out.stop_server = in.text("stop_server");
  out.start_server = in.text("start_server");
  return out;
}

DatabaseSettings build_database(const Reader& in, const std::map<std::string, SecretRef>& secrets) {
  DatabaseSettings out;
  const auto url = in.text("url");
  const auto secret = secrets.find(secret_in(url));
  if (secret != secrets.end()) {
    out.secret = secret->second;
  } else {
    out.url = url;
  }
  const auto migrations = in.map("migrations");
  auto& to = out.migrations;
  to.in_release = in.has("migrations") && migrations.text("when") == "release";
  to.tool = migrations.text("tool");
  to.path = migrations.text("path");
  to.command = migrations.text("command");
  to.lock_timeout = migrations.duration("lock_timeout");
  to.wait = migrations.duration("wait");
  to.contract = parse_contract_time(migrations.text("contract"));
  to.safety_point = migrations.text("safety_point");
  to.safety_point_age = migrations.duration("safety_point_age");
  if (in.has("backup")) out.backup = build_backup(in.map("backup"), secrets);
  out.pool = in.integer("pool");
  out.app_role = in.text("app_role");
  to.rehearse = parse_rehearse(migrations.text("rehearse"));
  to.rehearse_on = migrations.text("rehearse_on");
  to.max_lag = migrations.duration("max_lag");
  to.max_latency = migrations.duration("max_latency");
  out.copy_of = in.text("copy_of");
  out.anonymise = in.text("anonymise");
  return out;
}

void build_metrics(const Node& merged, Environment& out) {
  const Node* metrics = merged.find("metrics");
  if (metrics == nullptr || !metrics->is_list()) return;
  for (const auto& item : metrics->items) out.metrics.push_back(build_metric(item, out.secrets));
}

void build_channels(const Node& merged, Environment& out) {
  const Node* channels = merged.find("channels");
  if (channels != nullptr && channels->is_map()) {
    for (const auto& item : channels->items) {
      out.channels[item.key] = build_channel(item, out.secrets);
    }
  }
  const Node* alerts = merged.find("alerts");
  if (alerts != nullptr && alerts->is_list()) {
    for (const auto& item : alerts->items) out.alerts.push_back(build_alert(item));
  }
  const Node* notify = merged.find("notify");
  if (notify == nullptr || !notify->is_list()) return;
  for (const auto& item : notify->items) {
    const Reader in(&item, "notify[]");
    out.notify.push_back({in.list("on"), in.list("to")});
  }
}

Nginx build_nginx(const Reader& in) {
  Nginx out;
  const auto listen = in.list("listen");
  if (!listen.empty()) out.listen = listen;
  out.snippet = in.text("snippet");
  out.access_log = in.text("access_log");
  out.folder = in.text("folder");
  out.config = in.text("config");
  out.pid = in.text("pid");
  out.log = in.text("log");
  out.program = in.text("program");
  return out;
}

Haproxy build_haproxy(const Reader& in) {
  Haproxy out;
  const auto bind = in.list("bind");
  if (!bind.empty()) out.bind = bind;
  out.folder = in.text("folder");
  out.config = in.text("config");
  out.master = in.text("master");
  out.program = in.text("program");
  return out;
}

}  // namespace

Environment build_environment(const Node& merged) {
  const Reader in(&merged, "");
  Environment out;
  out.name = merged.key;
  out.url = in.text("url");
  out.branch = in.text("branch");
  out.platform = in.text("platform");
  out.router = in.text("router");
  out.nginx = build_nginx(in.map("nginx"));
  out.haproxy = build_haproxy(in.map("haproxy"));
  out.drivers = in.texts("drivers");
  out.services = build_services(merged);
  out.secrets = build_secrets(merged);
  out.smoke = build_smoke(merged);
  out.rollout = build_rollout(merged);
  for (const auto& text : in.list("roll_back_when")) {
    auto trigger = parse_trigger(text).value_or(Trigger{});
    if (trigger.kind == Trigger::Kind::Alert) {
      out.roll_back_on_alerts.push_back(std::move(trigger.alert));
    } else {
      out.roll_back_when.push_back(std::move(trigger));
    }
  }
  out.watch = in.duration("watch");
  out.on_conflict =
      in.text("on_conflict") == "supersede" ? OnConflict::Supersede : OnConflict::Refuse;
  out.maintenance = build_maintenance(in.map("maintenance"));
  out.gates = build_gates(merged, out.secrets);
  build_channels(merged, out);
  out.incidents = build_incidents(merged);
  build_metrics(merged, out);
  out.hooks = build_hooks(merged);
  out.database = build_database(in.map("database"), out.secrets);
  return out;
}

}  // namespace slipway::config
