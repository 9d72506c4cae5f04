#pragma once
// TimedStore: the store with a stop-watch on append, and the memory of the last failure: what makes
// a full disk visible in status while the release waits. It also says when something is to be told.
#include <functional>
#include <mutex>
#include <optional>

#include "ports/store.h"
#include "telemetry/metrics.h"

namespace slipway::daemon {

class TimedStore final : public ports::Store {
 public:
  TimedStore(ports::Store& inner, Clock& clock, telemetry::Metrics& metrics)
      : inner_(inner), clock_(clock), metrics_(metrics) {}
  // Why the newest write to the journal failed; nullopt once one succeeded again.
  std::optional<Error> trouble() const;
  // Called after something was put into the outbox, on the thread that did; set before threads
  // start.
  void on_told(std::function<void()> told) { told_ = std::move(told); }

  Result<ports::Lease> take_lease(const ports::AppRef& app, const std::string& owner,
                                  const std::string& release) override {
    return inner_.take_lease(app, owner, release);
  }
  Result<void> free_lease(const ports::Lease& lease) override { return inner_.free_lease(lease); }
  Result<std::optional<ports::Lease>> lease(const ports::AppRef& app) override {
    return inner_.lease(app);
  }
  Result<ports::ReleaseRow> create_release(ports::ReleaseRow row) override {
    return inner_.create_release(std::move(row));
  }
  Result<void> end_release(const ports::Lease& lease, const std::string& release,
                           const std::string& outcome, const std::string& reason,
                           std::int64_t ended_ms) override {
    return inner_.end_release(lease, release, outcome, reason, ended_ms);
  }
  Result<ports::ReleaseRow> release(const std::string& id) override { return inner_.release(id); }
  Result<std::vector<ports::ReleaseRow>> releases(const ports::AppRef& app, int most) override {
    return inner_.releases(app, most);
  }
  Result<std::vector<ports::ReleaseRow>> unfinished() override { return inner_.unfinished(); }
  Result<std::int64_t> append(const ports::Lease& lease, const ports::Record& record) override;
  Result<std::optional<ports::Record>> last_record(const std::string& release) override {
    return inner_.last_record(release);
  }
  Result<std::vector<ports::Record>> records(const std::string& release,
                                             std::int64_t after_seq) override {
    return inner_.records(release, after_seq);
  }
  Result<void> tell(const ports::Telling& telling) override;
  Result<std::vector<ports::Delivery>> due(std::int64_t now_ms, int most) override {
    return inner_.due(now_ms, most);
  }
  Result<void> keep_attempt(const ports::Delivery& delivery) override {
    return inner_.keep_attempt(delivery);
  }
  Result<std::vector<ports::Notice>> notices(const std::string& release) override {
    return inner_.notices(release);
  }
  Result<std::vector<ports::Delivery>> deliveries(const std::string& release) override {
    return inner_.deliveries(release);
  }
  Result<int> prune_notices(std::int64_t before_ms, int most) override {
    return inner_.prune_notices(before_ms, most);
  }
  Result<ports::IncidentRow> create_incident(ports::IncidentRow row) override {
    return inner_.create_incident(std::move(row));
  }
  Result<void> keep_incident(const ports::IncidentRow& row,
                             const std::vector<ports::Telling>& tell) override;
  Result<ports::IncidentRow> incident(const std::string& id) override {
    return inner_.incident(id);
  }
  Result<std::vector<ports::IncidentRow>> incidents(const ports::AppRef& app, int most) override {
    return inner_.incidents(app, most);
  }
  Result<std::vector<ports::IncidentRow>> open_incidents() override {
    return inner_.open_incidents();
  }
  Result<ports::LiveRow> live(const ports::AppRef& app) override { return inner_.live(app); }
  Result<void> set_live(const ports::Lease& lease, const ports::LiveRow& row) override {
    return inner_.set_live(lease, row);
  }
  Result<std::vector<ports::AppRef>> apps() override { return inner_.apps(); }
  Result<std::optional<Json>> value(const std::string& key) override { return inner_.value(key); }
  Result<void> set_value(const std::string& key, const Json& json) override {
    return inner_.set_value(key, json);
  }
  Result<std::vector<std::pair<std::string, Json>>> values(const std::string& prefix) override {
    return inner_.values(prefix);
  }
  Result<void> remove_value(const std::string& key) override { return inner_.remove_value(key); }

 private:
  ports::Store& inner_;
  Clock& clock_;
  telemetry::Metrics& metrics_;
  mutable std::mutex mutex_;
  std::optional<Error> trouble_;
  std::function<void()> told_;
};

}  // namespace slipway::daemon
