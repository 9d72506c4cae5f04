#include "daemon/sightings.h"

#include <algorithm>

#include "http/client.h"

namespace slipway::daemon {
namespace {
constexpr int kRecent = 20;
constexpr Millis kAskEdge{2'000};

void look_at_releases(const std::vector<ports::ReleaseRow>& rows, plan::Sightings& out) {
  for (const auto& row : rows) {
    if (row.outcome.empty()) continue;
    out.outcomes.push_back(row.outcome);
    if (row.kind == "rollback" && row.outcome == "completed")
      out.last_rollback_ms = std::max(out.last_rollback_ms, row.ended_ms);
  }
}

// Of releases, and those of no release: alerts, incidents, tests.
Result<void> look_at_notices(ports::Store& store, const ports::AppRef& app,
                             const std::vector<ports::ReleaseRow>& rows, plan::Sightings& out) {
  std::vector<std::string> about{""};
  for (const auto& row : rows) about.push_back(row.id);
  for (const auto& release : about) {
    for (const auto& delivery : TRY(store.deliveries(release))) {
      const auto& notice = delivery.notice;
      const bool here = notice.app == app.app && notice.environment == app.environment;
      if (!here || delivery.state != ports::DeliveryState::Sent) continue;
      auto& last = out.channels[delivery.to.channel];
      last = std::max(last, delivery.ended_ms);
    }
  }
  return ok();
}

void look_at_instances(const Json& status, plan::Sightings& out) {
  for (const auto& instance : status.at("instances").items()) {
    if (instance.text("role") != "live") continue;
    ++out.instances;
    const auto health = instance.text("health");
    out.probed = out.probed || health == "healthy" || health == "unhealthy";
    if (health == "unhealthy")
      out.unwell.push_back(instance.text("id") + ": " + instance.text("why"));
  }
}

void look_at_edge(const std::string& state, plan::Sightings& out) {
  http::Call call;
  call.target = "/v1/edge";
  call.timeout = kAskEdge;
  const auto answer = http::Client::on_unix(state + "/edge.sock").request(call);
  if (!answer) return;  // no edge here
  if (const auto edge = Json::parse(answer->body)) out.certificate_s = first_expiry(*edge);
}
}  // namespace

std::optional<std::int64_t> first_expiry(const Json& edge) {
  std::optional<std::int64_t> out;
  for (const auto& entry : edge.at("certificates").items()) {
    if (!entry.at("expires_in_s").is_int()) continue;
    const auto left = entry.integer("expires_in_s");
    out = out ? std::min(*out, left) : left;
  }
  return out;
}

Result<plan::Sightings> sightings_of(House& house, const ports::AppRef& app, const Json& status) {
  plan::Sightings out;
  out.now_ms = house.now_ms();
  const auto rows = TRY(house.store.releases(app, kRecent));
  look_at_releases(rows, out);
  TRY(look_at_notices(house.store, app, rows, out));
  look_at_instances(status, out);
  look_at_edge(house.state, out);
  return out;
}

}  // namespace slipway::daemon
