// What the edge answers for, and how that goes; as documents and as text.
#include <fmt/format.h>

#include "base/text.h"
#include "edge/verb_calls.h"
#include "edge/verbs.h"

namespace slipway::edge::verbs {
namespace {

// The verbs' own services by their name, the daemon's in full.
std::string name_in_list(const Json& entry, const std::string& service) {
  if (entry.text("environment") == kEnvironment && service == kServiceName)
    return entry.text("app");
  return fmt::format("{}/{}/{}", entry.text("app"), entry.text("environment"), service);
}

// The value below which this share of the answers came; the counts are per bucket, rising.
std::int64_t quantile_us(const Json& buckets, double share) {
  double all = 0;
  for (const Json& bucket : buckets.items()) all += bucket.items()[1].as_number();
  double seen = 0;
  for (const Json& bucket : buckets.items()) {
    seen += bucket.items()[1].as_number();
    if (seen >= share * all) return bucket.items()[0].as_int();
  }
  return 0;
}

std::string ms_text(std::int64_t us) { return fmt::format("{:.1f}ms", us / 1000.0); }
}  // namespace

Result<Json> list(const std::string& socket) {
  const Json table = TRY(call(socket, "GET", "/v1/table"));
  Json out = Json::array();
  for (const Json& service : table.at("services").items()) {
    Json entry = Json::object();
    entry.set("name", name_in_list(service, service.text("name")))
        .set("hosts", service.at("hosts"))
        .set("paths", service.at("paths"));
    entry.set("state", service.text("state")).set("tls", service.find("tls") != nullptr);
    Json targets = Json::array();
    Json releases = Json::array();
    for (const Json& pool : service.at("pools").items()) {
      releases.push_back(Json::object()
                             .set("release", pool.text("release"))
                             .set("percent", static_cast<double>(pool.integer("weight")) / 100)
                             .set("targets", pool.at("targets")));
      if (pool.integer("weight") == 0) continue;
      for (const std::string& target : pool.strings("targets")) targets.push_back(target);
    }
    entry.set("releases", releases);
    out.push_back(entry.set("targets", targets));
  }
  return out;
}

Result<std::string> list_text(const std::string& socket) {
  const Json services = TRY(list(socket));
  std::string out = fmt::format("{:<24} {:<28} {:<16} {:<12} {:<4} {}\n", "NAME", "HOST", "PATH",
                                "STATE", "TLS", "TARGET");
  for (const Json& service : services.items()) {
    const std::vector<std::string> hosts = service.strings("hosts");
    out += fmt::format("{:<24} {:<28} {:<16} {:<12} {:<4} {}\n", service.text("name"),
                       hosts.empty() ? "*" : join(hosts, ","), join(service.strings("paths"), ","),
                       service.text("state"), service.flag("tls") ? "yes" : "no",
                       join(service.strings("targets"), ","));
  }
  return out;
}

Result<Json> status(const std::string& socket) {
  Json out = Json::object();
  out.set("edge", TRY(call(socket, "GET", "/v1/edge")));
  const Json stats = TRY(call(socket, "GET", "/v1/stats"));
  Json services = Json::array();
  for (const Json& entry : stats.at("services").items()) {
    Json service = Json::object();
    service.set("name", name_in_list(entry, entry.text("service")));
    for (const char* member : {"release", "requests", "success", "redirect", "client_error",
                               "server_error", "upstream_failures", "in_flight"})
      service.set(member, entry.at(member));
    service.set("p50_us", quantile_us(entry.at("latency_us"), 0.5));
    service.set("p95_us", quantile_us(entry.at("latency_us"), 0.95));
    services.push_back(std::move(service));
  }
  return out.set("services", services);
}

Result<std::string> status_text(const std::string& socket) {
  const Json all = TRY(status(socket));
  const Json& edge = all.at("edge");
  std::string out =
      fmt::format("edge {}  pid {}  {}  {}  generation {}{}\n", edge.text("version"),
                  edge.integer("pid"), count_of(edge.integer("workers"), "worker"),
                  count_of(edge.integer("clients"), "client"), edge.integer("generation"),
                  edge.flag("draining_process") ? "  an older process is finishing" : "");
  for (const std::string& address : edge.strings("listen")) out += "listens on " + address + "\n";
  out += fmt::format("\n{:<24} {:<16} {:>9} {:>7} {:>7} {:>7} {:>9} {:>9} {:>9}\n", "NAME",
                     "RELEASE", "REQUESTS", "4XX", "5XX", "FAILED", "IN FLIGHT", "P50", "P95");
  for (const Json& one : all.at("services").items()) {
    out += fmt::format("{:<24} {:<16} {:>9} {:>7} {:>7} {:>7} {:>9} {:>9} {:>9}\n",
                       one.text("name"), one.text("release"), one.integer("requests"),
                       one.integer("client_error"), one.integer("server_error"),
                       one.integer("upstream_failures"), one.integer("in_flight"),
                       ms_text(one.integer("p50_us")), ms_text(one.integer("p95_us")));
  }
  return out;
}

}  // namespace slipway::edge::verbs
