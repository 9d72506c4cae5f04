#include "store/memory_store.h"

#include <algorithm>
#include <set>

#include "store/lease_rules.h"

namespace slipway::store {

MemoryStore::MemoryStore(const MemoryStore& other)
    : leases_(other.leases_),
      live_(other.live_),
      releases_(other.releases_),
      journal_(other.journal_),
      last_seq_(other.last_seq_),
      values_(other.values_),
      notices_(other.notices_),
      deliveries_(other.deliveries_) {}

void MemoryStore::adopt(const MemoryStore& other) {
  const std::lock_guard hold(mutex_);
  leases_ = other.leases_;
  live_ = other.live_;
  releases_ = other.releases_;
  journal_ = other.journal_;
  last_seq_ = other.last_seq_;
  values_ = other.values_;
  notices_ = other.notices_;
  deliveries_ = other.deliveries_;
}

template <class Body>
std::invoke_result_t<Body> MemoryStore::commit(Points points, Body body) {
  if (crash_hook_) crash_hook_(points.before);
  auto result = [&] {
    const std::lock_guard hold(mutex_);
    return body();
  }();
  if (crash_hook_ && result) crash_hook_(points.after);
  return result;
}

std::optional<ports::Lease> MemoryStore::lease_row(const ports::AppRef& app) const {
  const auto found = leases_.find(app);
  return found == leases_.end() ? std::nullopt : std::optional(found->second);
}

MemoryStore::RowPtr* MemoryStore::find(const std::string& id) {
  const auto found = std::find_if(releases_.rbegin(), releases_.rend(),
                                  [&](const auto& row) { return row->id == id; });
  return found == releases_.rend() ? nullptr : &*found;
}

Result<void> MemoryStore::fence(const ports::Lease& writer) const {
  const auto found = leases_.find(writer.app);
  // The way nearly every write goes, without copying the row.
  if (found != leases_.end() && found->second.epoch == writer.epoch) return ok();
  return check_fence(lease_row(writer.app), writer);
}

Result<ports::Lease> MemoryStore::take_lease(const ports::AppRef& app, const std::string& owner,
                                             const std::string& release) {
  return commit({"take_lease.before", "take_lease.after"}, [&]() -> Result<ports::Lease> {
    const auto row = lease_row(app);
    const RowPtr* holder = row ? find(row->release) : nullptr;
    const bool has_ended = holder != nullptr && !(*holder)->outcome.empty();
    auto taken =
        TRY(take(row, has_ended ? HolderState::Ended : HolderState::Running, app, owner, release));
    leases_[app] = taken;
    return taken;
  });
}

Result<void> MemoryStore::free_lease(const ports::Lease& lease) {
  return commit({"free_lease.before", "free_lease.after"}, [&]() -> Result<void> {
    TRY(fence(lease));
    auto& row = leases_[lease.app];
    if (row.release == lease.release) row.release.clear();
    return ok();
  });
}

Result<std::optional<ports::Lease>> MemoryStore::lease(const ports::AppRef& app) {
  const std::lock_guard hold(mutex_);
  return lease_row(app);
}

Result<ports::ReleaseRow> MemoryStore::create_release(ports::ReleaseRow row) {
  return commit({"create_release.before", "create_release.after"},
                [&]() -> Result<ports::ReleaseRow> {
                  row.number = static_cast<std::int64_t>(releases_.size()) + 1;
                  row.id = release_name(row.number);
                  if (row.created_ms == 0) row.created_ms = row.number;
                  releases_.push_back(std::make_shared<const ports::ReleaseRow>(row));
                  return row;
                });
}

Result<void> MemoryStore::end_release(const ports::Lease& lease, const std::string& release,
                                      const std::string& outcome, const std::string& reason,
                                      std::int64_t ended_ms) {
  return commit({"end_release.before", "end_release.after"}, [&]() -> Result<void> {
    TRY(fence(lease));
    RowPtr* known = find(release);
    if (known == nullptr) return no_such_release(release);
    TRY(check_ended_once(release, (*known)->outcome, outcome));
    if (!(*known)->outcome.empty()) return ok();
    auto row = std::make_shared<ports::ReleaseRow>(**known);
    row->outcome = outcome;
    row->reason = reason;
    row->ended_ms = ended_ms;
    *known = std::move(row);
    return ok();
  });
}

std::shared_ptr<const ports::ReleaseRow> MemoryStore::row(const std::string& id) {
  const std::lock_guard hold(mutex_);
  const RowPtr* found = find(id);
  return found == nullptr ? nullptr : *found;
}

Result<ports::ReleaseRow> MemoryStore::release(const std::string& id) {
  const std::lock_guard hold(mutex_);
  const RowPtr* row = find(id);
  if (row == nullptr) return no_such_release(id);
  return **row;
}

Result<std::vector<ports::ReleaseRow>> MemoryStore::releases(const ports::AppRef& app, int most) {
  const std::lock_guard hold(mutex_);
  std::vector<ports::ReleaseRow> rows;
  for (auto row = releases_.rbegin(); row != releases_.rend(); ++row) {
    if (static_cast<int>(rows.size()) >= most) break;
    if ((*row)->app == app) rows.push_back(**row);
  }
  return rows;
}

Result<std::vector<ports::ReleaseRow>> MemoryStore::unfinished() {
  const std::lock_guard hold(mutex_);
  std::vector<ports::ReleaseRow> rows;
  for (const auto& row : releases_) {
    if (row->outcome.empty()) rows.push_back(*row);
  }
  return rows;
}

Result<std::int64_t> MemoryStore::append(const ports::Lease& lease, const ports::Record& record) {
  return commit({"append.before", "append.after"}, [&]() -> Result<std::int64_t> {
    TRY(fence(lease));
    if (find(record.release) == nullptr) return no_such_release(record.release);
    auto row = std::make_shared<ports::Record>(record);
    row->seq = ++last_seq_;
    row->epoch = lease.epoch;
    row->tell.clear();
    row->values.clear();
    for (const auto& telling : record.tell) put_notice(telling);
    for (const auto& [key, json] : record.values) values_[key] = json;
    journal_[record.release].push_back(std::move(row));
    return last_seq_;
  });
}

Result<std::optional<ports::Record>> MemoryStore::last_record(const std::string& release) {
  const std::lock_guard hold(mutex_);
  const auto found = journal_.find(release);
  if (found == journal_.end()) return std::optional<ports::Record>();
  return std::optional(*found->second.back());
}

Result<std::vector<ports::Record>> MemoryStore::records(const std::string& release,
                                                        std::int64_t after_seq) {
  const std::lock_guard hold(mutex_);
  const auto found = journal_.find(release);
  if (found == journal_.end()) return std::vector<ports::Record>();
  std::vector<ports::Record> rows;
  for (const auto& record : found->second) {
    if (record->seq > after_seq) rows.push_back(*record);
  }
  return rows;
}

void MemoryStore::put_notice(const ports::Telling& telling) {
  const auto& notice = telling.notice;
  const bool known = std::any_of(notices_.begin(), notices_.end(),
                                 [&](const auto& one) { return one->key == notice.key; });
  if (known) return;
  notices_.push_back(std::make_shared<const ports::Notice>(notice));
  for (const auto& address : telling.to) {
    auto delivery = std::make_shared<ports::Delivery>();
    delivery->id = static_cast<std::int64_t>(deliveries_.size()) + 1;
    delivery->notice = notice;
    delivery->to = address;
    delivery->next_ms = notice.at_ms;
    deliveries_.push_back(std::move(delivery));
  }
}

bool MemoryStore::was_told(const std::string& key) {
  const std::lock_guard hold(mutex_);
  return std::any_of(notices_.begin(), notices_.end(),
                     [&](const auto& notice) { return notice->key == key; });
}

Result<void> MemoryStore::tell(const ports::Telling& telling) {
  return commit({"tell.before", "tell.after"}, [&]() -> Result<void> {
    put_notice(telling);
    return ok();
  });
}

Result<std::vector<ports::Delivery>> MemoryStore::due(std::int64_t now_ms, int most) {
  const std::lock_guard hold(mutex_);
  std::vector<ports::Delivery> out;
  std::set<std::string> waited_for;
  for (const auto& delivery : deliveries_) {
    if (static_cast<int>(out.size()) >= most) break;
    if (delivery->state != ports::DeliveryState::Waiting) continue;
    const auto& notice = delivery->notice;
    const auto queue = notice.app + "/" + delivery->to.channel + "/" + notice.subject;
    if (!waited_for.insert(queue).second) continue;
    if (delivery->next_ms <= now_ms) out.push_back(*delivery);
  }
  return out;
}

Result<void> MemoryStore::keep_attempt(const ports::Delivery& delivery) {
  return commit({"keep_attempt.before", "keep_attempt.after"}, [&]() -> Result<void> {
    const auto index = static_cast<std::size_t>(delivery.id) - 1;
    if (index >= deliveries_.size()) return ok();
    auto row = std::make_shared<ports::Delivery>(*deliveries_[index]);
    row->state = delivery.state;
    row->attempts = delivery.attempts;
    row->next_ms = delivery.next_ms;
    row->ended_ms = delivery.ended_ms;
    row->error = delivery.error;
    deliveries_[index] = std::move(row);
    return ok();
  });
}

Result<std::vector<ports::Notice>> MemoryStore::notices(const std::string& release) {
  const std::lock_guard hold(mutex_);
  std::vector<ports::Notice> out;
  for (const auto& notice : notices_) {
    if (notice->release == release) out.push_back(*notice);
  }
  return out;
}

Result<std::vector<ports::Delivery>> MemoryStore::deliveries(const std::string& release) {
  const std::lock_guard hold(mutex_);
  std::vector<ports::Delivery> out;
  for (const auto& delivery : deliveries_) {
    if (delivery->notice.release == release) out.push_back(*delivery);
  }
  return out;
}

Result<ports::LiveRow> MemoryStore::live(const ports::AppRef& app) {
  const std::lock_guard hold(mutex_);
  const auto found = live_.find(app);
  return found == live_.end() ? ports::LiveRow() : found->second;
}

Result<void> MemoryStore::set_live(const ports::Lease& lease, const ports::LiveRow& row) {
  return commit({"set_live.before", "set_live.after"}, [&]() -> Result<void> {
    TRY(fence(lease));
    live_[lease.app] = row;
    return ok();
  });
}

Result<std::vector<ports::AppRef>> MemoryStore::apps() {
  const std::lock_guard hold(mutex_);
  std::set<ports::AppRef> known;
  for (const auto& row : releases_) known.insert(row->app);
  for (const auto& [app, row] : leases_) known.insert(app);
  for (const auto& [app, row] : live_) known.insert(app);
  return std::vector<ports::AppRef>(known.begin(), known.end());
}

Result<std::optional<Json>> MemoryStore::value(const std::string& key) {
  const std::lock_guard hold(mutex_);
  const auto found = values_.find(key);
  if (found == values_.end()) return std::optional<Json>();
  return std::optional(found->second);
}

Result<void> MemoryStore::set_value(const std::string& key, const Json& json) {
  return commit({"set_value.before", "set_value.after"}, [&]() -> Result<void> {
    values_[key] = json;
    return ok();
  });
}

Result<std::vector<std::pair<std::string, Json>>> MemoryStore::values(const std::string& prefix) {
  const std::lock_guard hold(mutex_);
  std::vector<std::pair<std::string, Json>> found;
  for (auto at = values_.lower_bound(prefix); at != values_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    found.emplace_back(*at);
  }
  return found;
}

Result<void> MemoryStore::remove_value(const std::string& key) {
  return commit({"remove_value.before", "remove_value.after"}, [&]() -> Result<void> {
    values_.erase(key);
    return ok();
  });
}

}  // namespace slipway::store
