#include "drivers/edge/tally.h"

#include <algorithm>

namespace slipway::drivers::edge {
namespace {
constexpr std::string_view kOther = "other";
constexpr std::size_t kMostRoutes = 65;  // as an edge has at once: 64 and the others

std::uint64_t count_in(const Json& json, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, json.integer(key)));
}
}  // namespace

void Tally::Sum::add(const Sum& other) {
  requests += other.requests;
  errors += other.errors;
  for (const auto& [upper, count] : other.latency_us) latency_us[upper] += count;
}

Tally::Sum Tally::sum_of(const Json& counts) {
  Sum sum;
  sum.requests = count_in(counts, "requests");
  // An edge from before this counter had two that overlap; the greater one is nearest.
  sum.errors = counts.find("errors") != nullptr ? count_in(counts, "errors")
                                                : std::max(count_in(counts, "server_error"),
                                                           count_in(counts, "upstream_failures"));
  for (const auto& pair : counts.at("latency_us").items()) {
    const auto& bucket = pair.items();
    if (bucket.size() != 2 || !bucket[0].is_int() || !bucket[1].is_int()) continue;
    const auto upper = std::clamp<std::int64_t>(bucket[0].as_int(), 0, UINT32_MAX);
    sum.latency_us[static_cast<std::uint32_t>(upper)] +=
        static_cast<std::uint64_t>(bucket[1].as_int());
  }
  return sum;
}

Tally::Seen Tally::seen_of(const Json& service) {
  Seen seen{sum_of(service), {}, service.find("routes") != nullptr};
  for (const auto& route : service.at("routes").items())
    seen.routes[route.text("route", std::string(kOther))].add(sum_of(route));
  return seen;
}

// Fewer than before: what was counted is over and kept.
bool Tally::Counted::take(Sum fresh) {
  const bool fell = fresh.requests < now.requests;
  if (fell) before.add(now);
  now = std::move(fresh);
  return !fell;
}

// The edge may forget a name, or count by other names after it was started anew. What it no longer
// tells is kept while there is room.
void Tally::take_routes(Release& release, const Routes& routes) {
  for (auto& [name, counted] : release.routes) {
    if (routes.find(name) == routes.end()) counted.take({});
  }
  for (const auto& [name, sum] : routes) release.routes[name].take(sum);
  for (auto at = release.routes.begin(); at != release.routes.end();) {
    const bool is_told = routes.find(at->first) != routes.end();
    const bool goes = release.routes.size() > kMostRoutes && !is_told;
    at = goes ? release.routes.erase(at) : std::next(at);
  }
}

void Tally::take(const Json& document) {
  std::map<Key, Seen> seen;
  for (const auto& service : document.at("services").items()) {
    const Key key{service.text("app"), service.text("environment"), service.text("service"),
                  service.text("release")};
    seen[key] = seen_of(service);
  }
  for (auto& [key, release] : counted_) {
    if (seen.find(key) != seen.end()) continue;
    release.take({});
    take_routes(release, {});
  }
  for (auto& [key, fresh] : seen) {
    Release& release = counted_[key];
    const bool goes_on = release.take(std::move(static_cast<Sum&>(fresh)));
    if (!goes_on) take_routes(release, {});
    if (fresh.tells_routes) take_routes(release, fresh.routes);
  }
}

ports::Counts Tally::counts(const ports::AppRef& app, const std::string& release) const {
  Sum sum;
  Routes routes;
  const Key first{app.app, app.environment, "", ""};
  for (auto at = counted_.lower_bound(first); at != counted_.end(); ++at) {
    const auto& [key, counted] = *at;
    if (std::get<0>(key) != app.app || std::get<1>(key) != app.environment) break;
    if (std::get<3>(key) != release) continue;
    sum.add(counted.before);
    sum.add(counted.now);
    for (const auto& [name, of_route] : counted.routes) {
      routes[name].add(of_route.before);
      routes[name].add(of_route.now);
    }
  }
  ports::Counts counts{sum.requests, sum.errors, {sum.latency_us.begin(), sum.latency_us.end()}};
  for (const auto& [name, of] : routes)
    counts.routes.push_back(
        {name, of.requests, of.errors, {of.latency_us.begin(), of.latency_us.end()}});
  return counts;
}

}  // namespace slipway::drivers::edge
