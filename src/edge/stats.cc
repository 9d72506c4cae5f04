#include "edge/stats.h"

#include <fmt/format.h>

#include <iterator>

namespace slipway::edge {
namespace {
constexpr const char* kClassNames[] = {"informational", "success", "redirect", "client_error",
                                       "server_error"};
constexpr const char* kCodeNames[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
// Upper bounds, in seconds, of the histogram that Prometheus sees.
constexpr double kBounds[] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                              0.5,   1,      2.5,   5,    10,    30,   60};
constexpr double kMicrosPerSecond = 1e6;
}  // namespace

bool ReleaseStats::same_release(const ReleaseStats& other) const {
  return release == other.release && service == other.service && app == other.app &&
         environment == other.environment;
}

void Counts::add(const Counts& other) {
  requests += other.requests;
  for (std::size_t i = 0; i < by_class.size(); ++i) by_class[i] += other.by_class[i];
  errors += other.errors;
  upstream_failures += other.upstream_failures;
  for (const auto& [upper, count] : other.latency_us) latency_us[upper] += count;
}

void RouteStats::add(const RouteStats& other) {
  requests += other.requests;
  errors += other.errors;
  for (const auto& [upper, count] : other.latency_us) latency_us[upper] += count;
}

void ReleaseStats::add(const ReleaseStats& other) {
  Counts::add(other);
  previewed.add(other.previewed);
  mirrored.add(other.mirrored);
  for (const auto& [route, counts] : other.routes) routes[route].add(counts);
  bridged += other.bridged;
  in_flight += other.in_flight;
}

namespace {

void add_counters(const ReleaseCounters& counters, Counts& sum) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  sum.requests += counters.requests.load(kRelaxed);
  for (std::size_t c = 0; c < sum.by_class.size(); ++c)
    sum.by_class[c] += counters.by_class[c].load(kRelaxed);
  sum.errors += counters.errors.load(kRelaxed);
  sum.upstream_failures += counters.upstream_failures.load(kRelaxed);
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    const std::uint32_t count = counters.latency_us.counts[bucket].load(kRelaxed);
    if (count > 0) sum.latency_us[bucket_upper(bucket)] += count;
  }
}

void add_route(const RouteCounters& counters, RouteStats& sum) {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  sum.requests += counters.requests.load(kRelaxed);
  sum.errors += counters.errors.load(kRelaxed);
  for (std::size_t bucket = 0; bucket < counters.latency_us.counts.size(); ++bucket) {
    const std::uint32_t count = counters.latency_us.counts[bucket].load(kRelaxed);
    if (count > 0) sum.latency_us[bucket_upper<kCoarseStepBits>(bucket)] += count;
  }
}

// A name that this release has not answered for is left out.
void add_routes(const ReleaseRuntime& release, unsigned workers, ReleaseStats& sum) {
  const auto add = [&](std::uint8_t slot, std::uint32_t generation, std::string_view name) {
    for (unsigned i = 0; i < workers; ++i) {
      const RouteCounters* counters = release.routes[i].of(slot, generation);
      if (counters != nullptr) add_route(*counters, sum.routes[std::string(name)]);
    }
  };
  release.service->routes.each(add);
  add(kMostRoutes, 0, kOtherRoutes);
}

}  // namespace

ReleaseStats sum_of(const ReleaseRuntime& release, unsigned workers) {
  ReleaseStats sum;
  sum.app = release.service->app;
  sum.environment = release.service->environment;
  sum.service = release.service->name;
  sum.release = release.release;
  for (unsigned i = 0; i < workers; ++i) {
    add_counters(release.counters[i], sum);
    sum.bridged += release.counters[i].bridged.load(std::memory_order_relaxed);
    if (release.previewed != nullptr) add_counters(release.previewed[i], sum.previewed);
    if (release.mirrored != nullptr) add_counters(release.mirrored[i], sum.mirrored);
  }
  add_routes(release, workers, sum);
  return sum;
}

void add_to(Stats& stats, const Stats& more) {
  for (const ReleaseStats& entry : more) {
    bool found = false;
    for (ReleaseStats& known : stats) {
      if (!known.same_release(entry)) continue;
      known.add(entry);
      found = true;
      break;
    }
    if (!found) stats.push_back(entry);
  }
}

namespace {

using Latency = std::map<std::uint64_t, std::uint64_t>;

Json latency_json(const Latency& latency_us) {
  Json list = Json::array();
  for (const auto& [upper, count] : latency_us)
    list.push_back(Json::Array{Json(upper), Json(count)});
  return list;
}

void write_counts(const Counts& counts, Json& json) {
  json.set("requests", counts.requests);
  for (std::size_t i = 0; i < counts.by_class.size(); ++i)
    json.set(kClassNames[i], counts.by_class[i]);
  json.set("errors", counts.errors).set("upstream_failures", counts.upstream_failures);
  json.set("latency_us", latency_json(counts.latency_us));
}

Json routes_json(const std::map<std::string, RouteStats>& routes) {
  Json list = Json::array();
  for (const auto& [route, counts] : routes) {
    Json json = Json::object();
    json.set("route", route).set("requests", counts.requests).set("errors", counts.errors);
    list.push_back(json.set("latency_us", latency_json(counts.latency_us)));
  }
  return list;
}

std::uint64_t count_in(const Json& json, std::string_view key) {
  return static_cast<std::uint64_t>(json.integer(key));
}

Result<void> read_latency(const Json& list, Latency& latency_us) {
  for (const Json& bucket : list.items()) {
    if (bucket.size() != 2 || !bucket.items()[0].is_int() || !bucket.items()[1].is_int())
      return Error(Code::Malformed,
                   "a latency bucket of the edge's counters is not a pair of numbers");
    latency_us[static_cast<std::uint64_t>(bucket.items()[0].as_int())] =
        static_cast<std::uint64_t>(bucket.items()[1].as_int());
  }
  return ok();
}

Result<void> read_routes(const Json& list, std::map<std::string, RouteStats>& routes) {
  for (const Json& json : list.items()) {
    RouteStats& counts = routes[json.text("route")];
    counts.requests = count_in(json, "requests");
    counts.errors = count_in(json, "errors");
    TRY(read_latency(json.at("latency_us"), counts.latency_us));
  }
  return ok();
}

Result<void> read_counts(const Json& json, Counts& counts) {
  counts.requests = count_in(json, "requests");
  for (std::size_t i = 0; i < counts.by_class.size(); ++i)
    counts.by_class[i] = count_in(json, kClassNames[i]);
  counts.errors = count_in(json, "errors");
  counts.upstream_failures = count_in(json, "upstream_failures");
  return read_latency(json.at("latency_us"), counts.latency_us);
}

}  // namespace

// Previews and mirrored copies are left out while there are none.
Json to_json(const Stats& stats) {
  Json list = Json::array();
  for (const ReleaseStats& entry : stats) {
    Json json = Json::object();
    json.set("app", entry.app).set("environment", entry.environment);
    json.set("service", entry.service).set("release", entry.release);
    write_counts(entry, json);
    json.set("in_flight", entry.in_flight).set("bridged", entry.bridged);
    if (!entry.routes.empty()) json.set("routes", routes_json(entry.routes));
    if (entry.previewed.requests > 0) write_counts(entry.previewed, json["previewed"]);
    if (entry.mirrored.requests > 0) write_counts(entry.mirrored, json["mirrored"]);
    list.push_back(json);
  }
  return list;
}

Result<Stats> stats_from_json(const Json& list) {
  if (!list.is_array()) return Error(Code::Malformed, "the edge's counters are not a list");
  Stats stats;
  for (const Json& json : list.items()) {
    ReleaseStats& entry = stats.emplace_back();
    entry.app = json.text("app");
    entry.environment = json.text("environment");
    entry.service = json.text("service");
    entry.release = json.text("release");
    entry.in_flight = json.integer("in_flight");
    entry.bridged = count_in(json, "bridged");
    TRY(read_counts(json, entry));
    TRY(read_counts(json.at("previewed"), entry.previewed));
    TRY(read_counts(json.at("mirrored"), entry.mirrored));
    TRY(read_routes(json.at("routes"), entry.routes));
  }
  return stats;
}

namespace {

std::string labels_of(const ReleaseStats& entry) {
  return fmt::format("app=\"{}\",environment=\"{}\",service=\"{}\",release=\"{}\"", entry.app,
                     entry.environment, entry.service, entry.release);
}

void write_latency(const ReleaseStats& entry, std::string& out) {
  const std::string labels = labels_of(entry);
  auto bucket = entry.latency_us.begin();
  std::uint64_t below = 0;
  double sum = 0;
  const auto line = std::back_inserter(out);
  for (double bound : kBounds) {
    for (; bucket != entry.latency_us.end() &&
           static_cast<double>(bucket->first) <= bound * kMicrosPerSecond;
         ++bucket) {
      below += bucket->second;
      sum += static_cast<double>(bucket->first) * static_cast<double>(bucket->second);
    }
    fmt::format_to(line, "slipway_edge_response_seconds_bucket{{{},le=\"{}\"}} {}\n", labels, bound,
                   below);
  }
  for (; bucket != entry.latency_us.end(); ++bucket) {
    below += bucket->second;
    sum += static_cast<double>(bucket->first) * static_cast<double>(bucket->second);
  }
  fmt::format_to(line, "slipway_edge_response_seconds_bucket{{{},le=\"+Inf\"}} {}\n", labels,
                 below);
  fmt::format_to(line, "slipway_edge_response_seconds_sum{{{}}} {}\n", labels,
                 sum / kMicrosPerSecond);
  fmt::format_to(line, "slipway_edge_response_seconds_count{{{}}} {}\n", labels, below);
}

void write_apart(const Stats& stats, std::string_view kind, Counts ReleaseStats::*counts,
                 std::string& out) {
  const auto line = std::back_inserter(out);
  fmt::format_to(line, "# TYPE slipway_edge_{}_requests_total counter\n", kind);
  fmt::format_to(line, "# TYPE slipway_edge_{}_errors_total counter\n", kind);
  for (const ReleaseStats& entry : stats) {
    const Counts& apart = entry.*counts;
    if (apart.requests == 0) continue;
    fmt::format_to(line, "slipway_edge_{}_requests_total{{{}}} {}\n", kind, labels_of(entry),
                   apart.requests);
    fmt::format_to(line, "slipway_edge_{}_errors_total{{{}}} {}\n", kind, labels_of(entry),
                   apart.errors);
  }
}

void write_routes(const Stats& stats, std::string_view kind, std::uint64_t RouteStats::*count,
                  std::string& out) {
  fmt::format_to(std::back_inserter(out), "# TYPE slipway_edge_route_{}_total counter\n", kind);
  for (const ReleaseStats& entry : stats) {
    for (const auto& [route, counts] : entry.routes)
      fmt::format_to(std::back_inserter(out), "slipway_edge_route_{}_total{{{},route=\"{}\"}} {}\n",
                     kind, labels_of(entry), route, counts.*count);
  }
}

}  // namespace

std::string prometheus_text(const Stats& stats) {
  std::string out;
  const auto line = std::back_inserter(out);
  out += "# TYPE slipway_edge_requests_total counter\n";
  for (const ReleaseStats& entry : stats) {
    for (std::size_t i = 0; i < entry.by_class.size(); ++i)
      fmt::format_to(line, "slipway_edge_requests_total{{{},code=\"{}\"}} {}\n", labels_of(entry),
                     kCodeNames[i], entry.by_class[i]);
  }
  out += "# TYPE slipway_edge_errors_total counter\n";
  for (const ReleaseStats& entry : stats)
    fmt::format_to(line, "slipway_edge_errors_total{{{}}} {}\n", labels_of(entry), entry.errors);
  write_routes(stats, "requests", &RouteStats::requests, out);
  write_routes(stats, "errors", &RouteStats::errors, out);
  write_apart(stats, "previewed", &ReleaseStats::previewed, out);
  write_apart(stats, "mirrored", &ReleaseStats::mirrored, out);
  out += "# TYPE slipway_edge_upstream_failures_total counter\n";
  for (const ReleaseStats& entry : stats)
    fmt::format_to(line, "slipway_edge_upstream_failures_total{{{}}} {}\n", labels_of(entry),
                   entry.upstream_failures);
  out += "# TYPE slipway_edge_in_flight gauge\n";
  for (const ReleaseStats& entry : stats)
    fmt::format_to(line, "slipway_edge_in_flight{{{}}} {}\n", labels_of(entry), entry.in_flight);
  out += "# TYPE slipway_edge_response_seconds histogram\n";
  for (const ReleaseStats& entry : stats) write_latency(entry, out);
  return out;
}

}  // namespace slipway::edge
