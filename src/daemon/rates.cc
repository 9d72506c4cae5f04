#include "daemon/rates.h"

#include <map>

namespace slipway::daemon {
namespace {
constexpr std::size_t kMostLooks = 64;
}  // namespace

void RateWindow::add(Millis at, ports::Counts counts) {
  // Counts that fell belong to a router that began anew: what was before says nothing of it.
  if (!looks_.empty() && counts.requests < looks_.back().counts.requests) looks_.clear();
  looks_.push_back({at, std::move(counts)});
  // The oldest look stays as long as the next one does not cover the window by itself.
  while (looks_.size() > 2 && at - looks_[1].at >= kWindow) looks_.pop_front();
  if (looks_.size() > kMostLooks) looks_.pop_front();
}

Rates RateWindow::rates() const {
  Rates out;
  if (looks_.size() < 2) return out;
  const auto& first = looks_.front();
  const auto& last = looks_.back();
  const double seconds = static_cast<double>((last.at - first.at).count()) / 1000.0;
  if (seconds <= 0) return out;
  const auto requests = static_cast<double>(last.counts.requests - first.counts.requests);
  const auto errors = last.counts.errors < first.counts.errors
                          ? 0.0
                          : static_cast<double>(last.counts.errors - first.counts.errors);
  out.window_s = seconds;
  out.requests_per_s = requests / seconds;
  out.error_rate_percent = requests > 0 ? 100.0 * errors / requests : 0;
  out.p50_ms = quantile_ms(first.counts, last.counts, 0.50);
  out.p95_ms = quantile_ms(first.counts, last.counts, 0.95);
  out.p99_ms = quantile_ms(first.counts, last.counts, 0.99);
  return out;
}

double RateWindow::latency_ms(double quantile) const {
  return looks_.size() < 2 ? 0 : quantile_ms(looks_.front().counts, looks_.back().counts, quantile);
}

double quantile_ms(const ports::Counts& before, const ports::Counts& after, double quantile) {
  std::map<std::uint32_t, std::uint64_t> then;
  for (const auto& [bound, count] : before.latency_us) then[bound] = count;
  std::uint64_t total = 0;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> came;
  for (const auto& [bound, count] : after.latency_us) {
    const auto old = then.find(bound);
    const std::uint64_t was = old == then.end() ? 0 : old->second;
    if (count <= was) continue;
    came.emplace_back(bound, count - was);
    total += count - was;
  }
  std::uint64_t below = 0;
  for (const auto& [bound, count] : came) {
    below += count;
    if (static_cast<double>(below) >= quantile * static_cast<double>(total)) return bound / 1000.0;
  }
  return 0;
}

}  // namespace slipway::daemon
