#include "edge/table.h"

#include <fmt/format.h>

#include "base/text.h"
#include "edge/members.h"

namespace slipway::edge {
namespace {

constexpr std::string_view kStateNames[] = {"live", "paused", "stopped", "maintenance"};

void read_weights(Members& members, std::vector<int>& weights) {
  const Json* list = members.take("weights");
  if (list == nullptr) return;
  for (const Json& weight : list->items()) {
    const bool fits = weight.is_int() && weight.as_int() >= 0 && weight.as_int() <= kWholeWeight;
    if (!fits) return members.wrong("weights", "a list of whole numbers");
    weights.push_back(static_cast<int>(weight.as_int()));
  }
  if (!list->is_array()) members.wrong("weights", "a list of whole numbers");
}

Result<void> read_pool(const Json& json, Pool& pool) {
  Members members(json, "a pool of the edge's table");
  members.text("release", pool.release);
  members.number("weight", pool.weight, kWholeWeight);
  members.texts("targets", pool.targets);
  members.texts("read_targets", pool.read_targets);
  read_balance(members, pool.balance);
  read_weights(members, pool.weights);
  return members.finish();
}

Result<void> read_timeouts(const Json& json, Timeouts& timeouts) {
  Members members(json, "the time-outs of a service of the edge's table");
  members.duration("connect_ms", timeouts.connect);
  members.duration("response_ms", timeouts.response);
  members.duration("client_body_ms", timeouts.client_body);
  members.duration("upstream_idle_ms", timeouts.upstream_idle);
  members.duration("client_write_ms", timeouts.client_write);
  members.duration("tunnel_idle_ms", timeouts.tunnel_idle);
  return members.finish();
}

Result<void> read_tls(const Json& json, Tls& tls) {
  Members members(json, "\"tls\" of a service of the edge's table");
  members.text("certificate", tls.certificate);
  members.text("key", tls.key);
  members.flag("redirect", tls.redirect);
  members.number("hsts_s", tls.hsts_s, 10LL * 365 * 24 * 3600);
  const Json* more = members.take("more");
  TRY(members.finish());
  if (more == nullptr) return ok();
  for (const Json& entry : more->items()) {
    Members pair(entry, "\"tls.more\" of a service of the edge's table");
    CertificateFiles& files = tls.more.emplace_back();
    pair.text("certificate", files.certificate);
    pair.text("key", files.key);
    TRY(pair.finish());
  }
  return ok();
}

Result<void> read_app(const Json& json, AppVersion& app) {
  Members members(json, "an app of the edge's table");
  members.text("app", app.app);
  members.text("environment", app.environment);
  members.number("version", app.version, INT64_MAX);
  members.number("epoch", app.epoch, INT64_MAX);
  members.text("op", app.op);
  return members.finish();
}

void read_state(Members& members, ServiceState& state) {
  std::string name(name_of(state));
  members.text("state", name);
  for (std::size_t i = 0; i < std::size(kStateNames); ++i) {
    if (name != kStateNames[i]) continue;
    state = static_cast<ServiceState>(i);
    return;
  }
  members.wrong("state", "live, paused, stopped or maintenance");
}

Json to_json(const Tls& tls) {
  Json json = Json::object();
  json.set("certificate", tls.certificate).set("key", tls.key);
  json.set("redirect", tls.redirect).set("hsts_s", tls.hsts_s);
  Json more = Json::array();
  for (const CertificateFiles& files : tls.more) {
    Json pair = Json::object();
    more.push_back(pair.set("certificate", files.certificate).set("key", files.key));
  }
  return json.set("more", more);
}

Json to_json(const Pool& pool) {
  Json json = Json::object();
  json.set("release", pool.release).set("weight", pool.weight);
  json.set("targets", Json::array_of(pool.targets));
  if (!pool.read_targets.empty()) json.set("read_targets", Json::array_of(pool.read_targets));
  if (pool.balance != Balance::OfService) json.set("balance", name_of(pool.balance));
  if (!pool.weights.empty()) json.set("weights", Json::array_of(pool.weights));
  return json;
}

Json timeouts_to_json(const Timeouts& timeouts) {
  Json json = Json::object();
  json.set("connect_ms", timeouts.connect.count());
  json.set("response_ms", timeouts.response.count());
  json.set("client_body_ms", timeouts.client_body.count());
  json.set("upstream_idle_ms", timeouts.upstream_idle.count());
  json.set("client_write_ms", timeouts.client_write.count());
  json.set("tunnel_idle_ms", timeouts.tunnel_idle.count());
  return json;
}

}  // namespace

std::string_view name_of(ServiceState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

const AppVersion* Table::app_version(std::string_view app, std::string_view environment) const {
  for (const AppVersion& entry : apps) {
    if (entry.app == app && entry.environment == environment) return &entry;
  }
  return nullptr;
}

Json to_json(const Service& service) {
  Json json = Json::object();
  json.set("name", service.name).set("app", service.app).set("environment", service.environment);
  json.set("hosts", Json::array_of(service.hosts)).set("paths", Json::array_of(service.paths));
  json.set("strip_prefix", service.strip_prefix);
  if (service.tls != Tls()) json.set("tls", to_json(service.tls));
  json.set("state", name_of(service.state))
      .set("message", service.message)
      .set("page", service.page);
  json.set("retry_after_s", service.retry_after_s).set("max_pause_ms", service.max_pause.count());
  json.set("health_path", service.health_path).set("allow", Json::array_of(service.allow));
  json.set("release_header", service.release_header)
      .set("forward_headers", service.forward_headers)
      .set("trusted_proxies", Json::array_of(service.trusted_proxies))
      .set("traceparent", service.traceparent);
  json.set("timeouts", timeouts_to_json(service.timeouts)).set("drain_ms", service.drain.count());
  json.set("traffic", to_json(service.traffic)).set("shield", to_json(service.shield));
  json.set("compress", to_json(service.compress));
  Json pools = Json::array();
  for (const Pool& pool : service.pools) {
    pools.push_back(to_json(pool));
  }
  return json.set("pools", pools);
}

Json to_json(const Table& table) {
  Json json = Json::object();
  json.set("format", kTableFormat).set("generation", table.generation);
  json.set("epoch", table.epoch).set("op", table.op);
  Json apps = Json::array();
  for (const AppVersion& app : table.apps) {
    Json entry = Json::object();
    entry.set("app", app.app).set("environment", app.environment).set("version", app.version);
    apps.push_back(entry.set("epoch", app.epoch).set("op", app.op));
  }
  Json services = Json::array();
  for (const Service& service : table.services) services.push_back(to_json(service));
  return json.set("apps", apps).set("services", services);
}

Result<Service> service_from_json(const Json& json) {
  Service service;
  Members members(json, fmt::format("service \"{}\" of the edge's table", json.text("name")));
  members.text("name", service.name);
  members.text("app", service.app);
  members.text("environment", service.environment);
  members.texts("hosts", service.hosts);
  members.texts("paths", service.paths);
  members.flag("strip_prefix", service.strip_prefix);
  read_state(members, service.state);
  members.text("message", service.message);
  members.text("page", service.page);
  members.number("retry_after_s", service.retry_after_s, 7 * 24 * 3600);
  members.duration("max_pause_ms", service.max_pause);
  members.text("health_path", service.health_path);
  members.texts("allow", service.allow);
  members.flag("release_header", service.release_header);
  members.flag("forward_headers", service.forward_headers);
  members.texts("trusted_proxies", service.trusted_proxies);
  members.flag("traceparent", service.traceparent);
  members.duration("drain_ms", service.drain);
  const Json* tls = members.take("tls");
  const Json* timeouts = members.take("timeouts");
  const Json* traffic = members.take("traffic");
  const Json* shield = members.take("shield");
  const Json* compress = members.take("compress");
  const Json* pools = members.take("pools");
  TRY(members.finish());
  if (service.paths.empty()) service.paths = {"/"};
  if (tls != nullptr) TRY(read_tls(*tls, service.tls));
  if (timeouts != nullptr) TRY(read_timeouts(*timeouts, service.timeouts));
  if (traffic != nullptr) TRY(read_traffic(*traffic, service.traffic));
  if (shield != nullptr) TRY(read_shield(*shield, service.shield));
  if (compress != nullptr) TRY(read_compress(*compress, service.compress));
  if (pools == nullptr) return service;
  for (const Json& entry : pools->items()) TRY(read_pool(entry, service.pools.emplace_back()));
  return service;
}

Result<std::vector<Service>> services_from_json(const Json& array) {
  if (!array.is_array())
    return Error(Code::Malformed, "\"services\" of the edge's table is not a list");
  std::vector<Service> services;
  for (const Json& entry : array.items()) services.push_back(TRY(service_from_json(entry)));
  return services;
}

Result<Table> table_from_json(const Json& json) {
  Table table;
  int format = 0;
  Members members(json, "the edge's table");
  members.number("format", format, INT32_MAX);
  members.number("generation", table.generation, INT64_MAX);
  members.number("epoch", table.epoch, INT64_MAX);
  members.text("op", table.op);
  const Json* apps = members.take("apps");
  const Json* services = members.take("services");
  if (format != kTableFormat) members.wrong("format", "1, the format this slipway writes");
  if (services == nullptr) members.fail("\"services\" is missing");
  TRY(members.finish());
  if (apps != nullptr) {
    for (const Json& entry : apps->items()) TRY(read_app(entry, table.apps.emplace_back()));
  }
  table.services = TRY(services_from_json(*services));
  return table;
}

}  // namespace slipway::edge
