#pragma once
// The store without a disk: the same contract (tests/contract/store_contract.h) for unit tests and
// the simulator. What is committed lives as long as the object, so a simulated daemon may die and
// come back while the MemoryStore stays.
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>

#include "ports/store.h"

namespace slipway::store {

class MemoryStore : public ports::Store {
 public:
  MemoryStore() = default;
  // Everything committed, without the hook: rows are shared and never change, so a copy is cheap.
  MemoryStore(const MemoryStore& other);
  MemoryStore& operator=(const MemoryStore&) = delete;
  // Takes over what another one has committed; keeps its own hook.
  void adopt(const MemoryStore& other);

  // Called as hook("append.before") and hook("append.after") around every write's commit, without
  // any lock held. A hook that throws from ".before" loses the write; from ".after" it is durable
  // but the caller never hears of it. ".after" is not called for a write that was refused.
  using CrashHook = std::function<void(const char* point)>;
  void set_crash_hook(CrashHook hook) { crash_hook_ = std::move(hook); }

  // The row itself: it is shared and never changes, so looking costs no copy. Null when unknown.
  std::shared_ptr<const ports::ReleaseRow> row(const std::string& id);

  Result<ports::Lease> take_lease(const ports::AppRef& app, const std::string& owner,
                                  const std::string& release) override;
  Result<void> free_lease(const ports::Lease& lease) override;
  Result<std::optional<ports::Lease>> lease(const ports::AppRef& app) override;

  // A row without created_ms gets its number as time: no clock, the same in every run.
  Result<ports::ReleaseRow> create_release(ports::ReleaseRow row) override;
  Result<void> end_release(const ports::Lease& lease, const std::string& release,
                           const std::string& outcome, const std::string& reason,
                           std::int64_t ended_ms) override;
  Result<ports::ReleaseRow> release(const std::string& id) override;
  Result<std::vector<ports::ReleaseRow>> releases(const ports::AppRef& app, int most) override;
  Result<std::vector<ports::ReleaseRow>> unfinished() override;

  Result<std::int64_t> append(const ports::Lease& lease, const ports::Record& record) override;
  Result<std::optional<ports::Record>> last_record(const std::string& release) override;
  Result<std::vector<ports::Record>> records(const std::string& release,
                                             std::int64_t after_seq) override;

  Result<void> tell(const ports::Telling& telling) override;
  Result<std::vector<ports::Delivery>> due(std::int64_t now_ms, int most) override;
  Result<void> keep_attempt(const ports::Delivery& delivery) override;
  Result<std::vector<ports::Notice>> notices(const std::string& release) override;
  Result<std::vector<ports::Delivery>> deliveries(const std::string& release) override;
  Result<int> prune_notices(std::int64_t before_ms, int most) override;
  bool was_told(const std::string& key);  // looking costs no copy

  Result<ports::IncidentRow> create_incident(ports::IncidentRow row) override;
  Result<void> keep_incident(const ports::IncidentRow& row,
                             const std::vector<ports::Telling>& tell) override;
  Result<ports::IncidentRow> incident(const std::string& id) override;
  Result<std::vector<ports::IncidentRow>> incidents(const ports::AppRef& app, int most) override;
  Result<std::vector<ports::IncidentRow>> open_incidents() override;

  Result<ports::LiveRow> live(const ports::AppRef& app) override;
  Result<void> set_live(const ports::Lease& lease, const ports::LiveRow& row) override;
  Result<std::vector<ports::AppRef>> apps() override;

  Result<std::optional<Json>> value(const std::string& key) override;
  Result<void> set_value(const std::string& key, const Json& json) override;
  Result<std::vector<std::pair<std::string, Json>>> values(const std::string& prefix) override;
  Result<void> remove_value(const std::string& key) override;

 private:
  struct Points {
    const char* before;
    const char* after;
  };
  template <class Body>
  std::invoke_result_t<Body> commit(Points points, Body body);
  std::optional<ports::Lease> lease_row(const ports::AppRef& app) const;
  using RowPtr = std::shared_ptr<const ports::ReleaseRow>;
  using RecordPtr = std::shared_ptr<const ports::Record>;
  RowPtr* find(const std::string& id);
  Result<void> fence(const ports::Lease& writer) const;
  void put_notice(const ports::Telling& telling);

  CrashHook crash_hook_;
  std::mutex mutex_;
  std::map<ports::AppRef, ports::Lease> leases_;
  std::map<ports::AppRef, ports::LiveRow> live_;
  std::vector<RowPtr> releases_;                           // releases_[n - 1] has number n
  std::map<std::string, std::vector<RecordPtr>> journal_;  // by release
  std::int64_t last_seq_ = 0;
  std::map<std::string, Json> values_;
  std::vector<std::shared_ptr<const ports::Notice>> notices_;
  std::vector<std::shared_ptr<const ports::Delivery>> deliveries_;  // deliveries_[n - 1] has id n
  std::vector<std::shared_ptr<const ports::IncidentRow>> incidents_;  // incidents_[n - 1] has n
};

}  // namespace slipway::store
