#include "drivers/nginx/tally.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/text.h"

namespace slipway::drivers::nginx {
namespace {
constexpr int kServerError = 500;
constexpr std::int64_t kLongestMs = 3'600'000;
// More releases than anybody keeps; names come out of a log that others may write to.
constexpr std::size_t kMostReleases = 1'000;

// "502, 200 : 200": nginx separates attempts by ", " and groups by " : ".
bool any_failed(std::string_view statuses) {
  for (const auto group : split(statuses, ',')) {
    for (const auto one : split(group, ':')) {
      int status = 0;
      const auto text = trim(one);
      std::from_chars(text.data(), text.data() + text.size(), status);
      if (status >= kServerError) return true;
    }
  }
  return false;
}
}  // namespace

std::int64_t sum_ms(std::string_view times) {
  std::int64_t total = -1;
  for (const auto group : split(times, ',')) {
    for (const auto one : split(group, ':')) {
      const auto text = trim(one);
      double seconds = 0;
      const auto [at, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
      if (problem != std::errc() || at == text.data() || !std::isfinite(seconds)) continue;
      const double ms = std::clamp(seconds * 1000, 0.0, static_cast<double>(kLongestMs));
      total =
          std::min<std::int64_t>(std::max<std::int64_t>(total, 0) + std::llround(ms), kLongestMs);
    }
  }
  return total;
}

// nginx tells whole milliseconds, rounded down: the bound is that of the millisecond it was in.
std::uint32_t bucket_us(std::int64_t ms) {
  const auto upper = static_cast<std::uint64_t>(std::clamp<std::int64_t>(ms, 0, kLongestMs)) + 1;
  if (upper <= 16) return static_cast<std::uint32_t>(upper * 1000);
  const std::uint64_t step = std::bit_floor(upper) / 8;
  return static_cast<std::uint32_t>((upper + step - 1) / step * step * 1000);
}

void Tally::take(std::string_view line) {
  const auto json = Json::parse(line);
  if (!json || !json->is_object()) return;
  const std::string release = json->text("release");
  if (release.empty() || (sums_.size() >= kMostReleases && !sums_.contains(release))) return;
  Sum& sum = sums_[release];
  ++sum.requests;
  if (json->integer("status") >= kServerError || any_failed(json->text("upstream"))) ++sum.errors;
  const std::int64_t ms = sum_ms(json->text("head"));
  if (ms >= 0) ++sum.latency_us[bucket_us(ms)];
}

ports::Counts Tally::counts(const std::string& release) const {
  const auto found = sums_.find(release);
  if (found == sums_.end()) return {};
  const Sum& sum = found->second;
  return {sum.requests, sum.errors, {sum.latency_us.begin(), sum.latency_us.end()}};
}

}  // namespace slipway::drivers::nginx
