#include "daemon/lookout.h"

#include "daemon/releases.h"

namespace slipway::daemon {

Result<std::shared_ptr<const Stored>> Shelf::release(const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(id);
    if (found != kept_.end()) return found->second;
  }
  auto row = TRY(store_.release(id));
  auto plan = plan::plan_from_json(row.plan);
  if (!plan) return std::move(plan).error().in("the stored plan of " + id);
  row.plan = {};
  auto stored = std::make_shared<const Stored>(Stored{std::move(row), std::move(plan).value()});
  const std::lock_guard lock(mutex_);
  // Any one may go: what is asked for again is read again.
  if (kept_.size() >= kMost) kept_.erase(kept_.begin());
  kept_[id] = stored;
  return std::shared_ptr<const Stored>(stored);
}

Result<config::Environment> Lookout::settings(const ports::AppRef& app) {
  if (const auto running = releases_.running(app)) return running->plan().settings;
  const auto live = TRY(house_.store.live(app));
  if (!live.release.empty()) return TRY(shelf_.release(live.release))->plan.settings;
  const auto rows = TRY(house_.store.releases(app, 1));
  if (!rows.empty()) return TRY(shelf_.release(rows.front().id))->plan.settings;
  return Error(Code::NotFound, "nothing was ever released to " + app.environment + " of " + app.app,
               "see what there is: slipway status");
}

Result<std::unique_ptr<DriverSet>> Lookout::make_drivers(const ports::AppRef& app) {
  return house_.drivers(TRY(settings(app)), app.app);
}

Result<void> Lookout::with_drivers(const ports::AppRef& app,
                                   const std::function<Result<void>(DriverSet&)>& body) {
  std::shared_ptr<Kept> kept;
  {
    const std::lock_guard lock(mutex_);
    auto& found = kept_[app];
    if (!found) found = std::make_shared<Kept>();
    kept = found;
  }
  const auto wanted = TRY(settings(app));
  const std::lock_guard lock(kept->mutex);
  std::string key = wanted.platform + "\n" + wanted.router;
  if (wanted.router == "nginx") key += config::to_json(wanted.nginx).dump();
  if (wanted.router == "haproxy") key += config::to_json(wanted.haproxy).dump();
  for (const auto& [name, command] : wanted.drivers) key += "\n" + name + "=" + command;
  if (!kept->drivers || kept->key != key) {
    kept->drivers = TRY(house_.drivers(wanted, app.app));
    kept->key = key;
  }
  return body(*kept->drivers);
}

}  // namespace slipway::daemon
