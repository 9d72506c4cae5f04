#include "edge/table.h"

#include <fmt/format.h>

#include "base/text.h"

namespace slipway::edge {
namespace {

constexpr std::string_view kStateNames[] = {"live", "paused", "stopped", "maintenance"};
constexpr std::int64_t kLongestMs = 7LL * 24 * 3600 * 1000;

// Reads the members of one object, and remembers which names are known and the first mistake.
class Members {
 public:
  Members(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
    if (!json.is_object()) fail("it is not an object");
  }

  void text(const char* key, std::string& out) {
    if (const Json* value = take(key))
      value->is_string() ? void(out = value->as_string()) : wrong(key, "a string");
  }
  void flag(const char* key, bool& out) {
    if (const Json* value = take(key))
      value->is_bool() ? void(out = value->as_bool()) : wrong(key, "true or false");
  }
  void texts(const char* key, std::vector<std::string>& out) {
    const Json* value = take(key);
    if (value == nullptr) return;
    out = json_.strings(key);
    if (!value->is_array() || out.size() != value->items().size()) wrong(key, "a list of strings");
  }
  template <class Number>
  void number(const char* key, Number& out, std::int64_t most) {
    const Json* value = take(key);
    if (value == nullptr) return;
    if (!value->is_int() || value->as_int() < 0 || value->as_int() > most)
      return wrong(key, fmt::format("a whole number from 0 to {}", most).c_str());
    out = static_cast<Number>(value->as_int());
  }
  void duration(const char* key, Millis& out) {
    std::int64_t ms = out.count();
    number(key, ms, kLongestMs);
    out = Millis(ms);
  }
  const Json* take(const char* key) {
    known_.emplace_back(key);
    return json_.find(key);
  }
  void wrong(const char* key, const char* wanted) {
    fail(fmt::format("\"{}\" must be {}", key, wanted));
  }
  void fail(const std::string& reason) {
    if (problem_.empty()) problem_ = reason;
  }

  Result<void> finish() {
    for (const Json::Member& member : json_.members()) {
      bool known = false;
      for (const std::string& name : known_) known = known || name == member.first;
      if (!known) fail(fmt::format("\"{}\" is not a member it has", member.first));
    }
    if (problem_.empty()) return ok();
    return Error(Code::Malformed, fmt::format("{}: {}", where_, problem_),
                 "docs/formats/edge-table.md lists the members");
  }

 private:
  const Json& json_;
  std::string where_;
  std::vector<std::string> known_;
  std::string problem_;
};

Result<void> read_pool(const Json& json, Pool& pool) {
  Members members(json, "a pool of the edge's table");
  members.text("release", pool.release);
  members.number("weight", pool.weight, kWholeWeight);
  members.texts("targets", pool.targets);
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
  return members.finish();
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
  if (service.tls.enabled()) {
    Json tls = Json::object();
    tls.set("certificate", service.tls.certificate).set("key", service.tls.key);
    json.set("tls", tls.set("redirect", service.tls.redirect));
  }
  json.set("state", name_of(service.state))
      .set("message", service.message)
      .set("page", service.page);
  json.set("retry_after_s", service.retry_after_s).set("max_pause_ms", service.max_pause.count());
  json.set("health_path", service.health_path).set("allow", Json::array_of(service.allow));
  json.set("release_header", service.release_header)
      .set("forward_headers", service.forward_headers);
  json.set("timeouts", timeouts_to_json(service.timeouts)).set("drain_ms", service.drain.count());
  Json pools = Json::array();
  for (const Pool& pool : service.pools) {
    Json entry = Json::object();
    entry.set("release", pool.release).set("weight", pool.weight);
    pools.push_back(entry.set("targets", Json::array_of(pool.targets)));
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
  members.duration("drain_ms", service.drain);
  const Json* tls = members.take("tls");
  const Json* timeouts = members.take("timeouts");
  const Json* pools = members.take("pools");
  TRY(members.finish());
  if (service.paths.empty()) service.paths = {"/"};
  if (tls != nullptr) TRY(read_tls(*tls, service.tls));
  if (timeouts != nullptr) TRY(read_timeouts(*timeouts, service.timeouts));
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
