#include "drivers/edge/tally.h"

#include <algorithm>

namespace slipway::drivers::edge {
namespace {
std::uint64_t count_in(const Json& json, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, json.integer(key)));
}
}  // namespace

void Tally::Sum::add(const Sum& other) {
  requests += other.requests;
  errors += other.errors;
  for (const auto& [upper, count] : other.latency_us) latency_us[upper] += count;
}

Tally::Sum Tally::sum_of(const Json& service) {
  Sum sum;
  sum.requests = count_in(service, "requests");
  // An edge from before this counter had two that overlap; the greater one is nearest.
  sum.errors = service.find("errors") != nullptr ? count_in(service, "errors")
                                                 : std::max(count_in(service, "server_error"),
                                                            count_in(service, "upstream_failures"));
  for (const auto& pair : service.at("latency_us").items()) {
    const auto& bucket = pair.items();
    if (bucket.size() != 2 || !bucket[0].is_int() || !bucket[1].is_int()) continue;
    const auto upper = std::clamp<std::int64_t>(bucket[0].as_int(), 0, UINT32_MAX);
    sum.latency_us[static_cast<std::uint32_t>(upper)] +=
        static_cast<std::uint64_t>(bucket[1].as_int());
  }
  return sum;
}

void Tally::take(const Json& document) {
  std::map<Key, Sum> seen;
  for (const auto& service : document.at("services").items()) {
    const Key key{service.text("app"), service.text("environment"), service.text("service"),
                  service.text("release")};
    seen[key].add(sum_of(service));
  }
  for (auto& [key, counted] : counted_) {
    const auto found = seen.find(key);
    // Fewer than before, or forgotten: what was counted is over and kept.
    const bool fell = found == seen.end() || found->second.requests < counted.now.requests;
    if (fell) counted.before.add(std::exchange(counted.now, Sum()));
  }
  for (auto& [key, sum] : seen) counted_[key].now = std::move(sum);
}

ports::Counts Tally::counts(const ports::AppRef& app, const std::string& release) const {
  Sum sum;
  const Key first{app.app, app.environment, "", ""};
  for (auto at = counted_.lower_bound(first); at != counted_.end(); ++at) {
    const auto& [key, counted] = *at;
    if (std::get<0>(key) != app.app || std::get<1>(key) != app.environment) break;
    if (std::get<3>(key) != release) continue;
    sum.add(counted.before);
    sum.add(counted.now);
  }
  return {sum.requests, sum.errors, {sum.latency_us.begin(), sum.latency_us.end()}};
}

}  // namespace slipway::drivers::edge
