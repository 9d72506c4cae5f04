#include "daemon/timed_store.h"

namespace slipway::daemon {

std::optional<Error> TimedStore::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

Result<std::int64_t> TimedStore::append(const ports::Lease& lease, const ports::Record& record) {
  const Millis before = clock_.monotonic();
  auto appended = inner_.append(lease, record);
  const double seconds = static_cast<double>((clock_.monotonic() - before).count()) / 1000.0;
  metrics_.observe("slipway_store_append_seconds", {}, seconds);
  if (!appended) metrics_.add("slipway_store_append_failures_total");
  if (appended && !record.tell.empty() && told_) told_();
  const std::lock_guard lock(mutex_);
  // A fenced writer is out of date; the journal itself is well.
  if (appended || appended.error().code == Code::Fenced) {
    trouble_.reset();
  } else {
    trouble_ = appended.error();
  }
  return appended;
}

Result<void> TimedStore::tell(const ports::Telling& telling) {
  auto told = inner_.tell(telling);
  if (told && told_) told_();
  return told;
}

Result<void> TimedStore::keep_incident(const ports::IncidentRow& row,
                                       const std::vector<ports::Telling>& tell) {
  auto kept = inner_.keep_incident(row, tell);
  if (kept && !tell.empty() && told_) told_();
  return kept;
}

}  // namespace slipway::daemon
