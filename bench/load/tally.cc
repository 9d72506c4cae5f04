#include "load/tally.h"

#include <algorithm>
#include <cstdio>

namespace slipway::load {
namespace {
constexpr std::size_t kMostShares = 64;
constexpr std::size_t kMostFailuresKept = 50;

double round_ms(double ms) {
  return static_cast<double>(static_cast<std::int64_t>(ms * 1000)) / 1000;
}
double us_in_ms(std::uint64_t us) { return static_cast<double>(us) / 1000; }
Json time_json(Nanos time) { return time.count() < 0 ? Json() : Json(round_ms(in_ms(time))); }
std::uint64_t to_us(Nanos time) {
  return time.count() < 0 ? 0 : static_cast<std::uint64_t>(time.count()) / 1000;
}

Json latency_json(const Histogram& latency) {
  Json out = Json::object();
  out.set("p50", us_in_ms(latency.quantile_us(0.50)));
  out.set("p95", us_in_ms(latency.quantile_us(0.95)));
  out.set("p99", us_in_ms(latency.quantile_us(0.99)));
  out.set("p999", us_in_ms(latency.quantile_us(0.999)));
  out.set("max", us_in_ms(latency.max_us()));
  out.set("mean", round_ms(latency.mean_us() / 1000));
  return out;
}
}  // namespace

std::string_view name_of(Failure failure) {
  constexpr std::array<std::string_view, kFailureKinds> kNames = {
      "none", "refused", "lost", "truncated", "malformed", "timeout", "gateway"};
  return kNames[static_cast<std::size_t>(failure)];
}

std::uint64_t Outcome::latency_us() const { return to_us(done - scheduled); }

void Share::add(const Outcome& outcome) {
  ++requests;
  if (first_seen.count() < 0) first_seen = outcome.done;
  last_seen = outcome.done;
  last_sent = std::max(last_sent, outcome.sent);
  latency.add(outcome.latency_us());
  if (outcome.is_app_error()) {
    ++app_errors;
    return;
  }
  if (first_ok.count() < 0) first_ok = outcome.done;
  last_ok = outcome.done;
}

Json Share::to_json() const {
  Json out = Json::object();
  out.set("requests", requests).set("ok", requests - app_errors).set("app_errors", app_errors);
  out.set("first_seen_ms", time_json(first_seen)).set("last_seen_ms", time_json(last_seen));
  out.set("first_ok_ms", time_json(first_ok)).set("last_ok_ms", time_json(last_ok));
  out.set("last_sent_ms", time_json(last_sent));
  out.set("latency_ms", latency_json(latency));
  return out;
}

Share& Tally::share_of(Shares& shares, std::string_view name) {
  if (name.empty()) name = "none";
  const auto found = shares.find(name);
  if (found != shares.end()) return found->second;
  // Names come from the network: a server that makes them up does not fill the memory.
  if (shares.size() >= kMostShares) name = "others";
  return shares[std::string(name)];
}

void Tally::add(const Outcome& outcome) {
  ++requests_;
  ++failures_[static_cast<std::size_t>(outcome.failure)];
  send_lag_.add(to_us(outcome.sent - outcome.scheduled));
  if (outcome.status > 0) ++classes_[static_cast<std::size_t>(outcome.status / 100)];
  if (outcome.failure != Failure::None) {
    note_failure(outcome);
    return;
  }
  if (outcome.is_app_error()) ++app_errors_;
  latency_.add(outcome.latency_us());
  share_of(versions_, outcome.version).add(outcome);
  if (!outcome.release.empty()) share_of(releases_, outcome.release).add(outcome);
}

void Tally::note_failure(const Outcome& outcome) {
  if (first_failures_.size() >= kMostFailuresKept) return;
  Json entry = Json::object();
  entry.set("kind", name_of(outcome.failure)).set("status", outcome.status);
  entry.set("request", outcome.request);
  entry.set("scheduled_ms", time_json(outcome.scheduled)).set("sent_ms", time_json(outcome.sent));
  entry.set("done_ms", time_json(outcome.done));
  first_failures_.push_back(std::move(entry));
}

std::string Tally::line() const {
  char text[256];
  std::snprintf(text, sizeof text,
                "requests=%llu ok=%llu failed=%llu app_errors=%llu p50_ms=%.2f p95_ms=%.2f "
                "p99_ms=%.2f max_ms=%.2f",
                static_cast<unsigned long long>(requests_), static_cast<unsigned long long>(ok()),
                static_cast<unsigned long long>(failed()),
                static_cast<unsigned long long>(app_errors_), us_in_ms(latency_.quantile_us(0.50)),
                us_in_ms(latency_.quantile_us(0.95)), us_in_ms(latency_.quantile_us(0.99)),
                us_in_ms(latency_.max_us()));
  return text;
}

Json Tally::to_json() const {
  Json out = Json::object();
  out.set("requests", requests_)
      .set("ok", ok())
      .set("failed", failed())
      .set("app_errors", app_errors_);
  Json failures = Json::object();
  for (std::size_t kind = 1; kind < kFailureKinds; ++kind) {
    failures.set(std::string(name_of(static_cast<Failure>(kind))), failures_[kind]);
  }
  out.set("failures", std::move(failures));
  Json classes = Json::object();
  for (std::size_t digit = 1; digit < classes_.size(); ++digit) {
    classes.set(std::to_string(digit) + "xx", classes_[digit]);
  }
  out.set("status", std::move(classes));
  out.set("latency_ms", latency_json(latency_)).set("send_lag_ms", latency_json(send_lag_));
  Json versions = Json::object();
  for (const auto& [name, share] : versions_) versions.set(name, share.to_json());
  Json releases = Json::object();
  for (const auto& [name, share] : releases_) releases.set(name, share.to_json());
  out.set("versions", std::move(versions)).set("releases", std::move(releases));
  out.set("first_failures", Json(first_failures_));
  return out;
}

}  // namespace slipway::load
