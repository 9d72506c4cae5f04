#include "daemon/upkeep.h"

#include <algorithm>

#include "daemon/releases.h"
#include "release/reaper.h"

namespace slipway::daemon {
namespace {
constexpr Millis kNowAndThen{30'000};
constexpr Millis kAfterTrouble{5'000};
constexpr Millis kTick{1'000};
constexpr Millis kShortTick{50};
constexpr Millis kForgetEvery{3'600'000};
constexpr int kForgottenAtOnce = 200;
}  // namespace

void Upkeep::start() {
  thread_ = std::thread([this] { work(); });
}

void Upkeep::close() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Upkeep::poke(const ports::AppRef& app) {
  {
    const std::lock_guard lock(mutex_);
    next_[app] = Millis(0);
    poked_ = true;
  }
  changed_.notify_all();
}

std::optional<Error> Upkeep::trouble(const ports::AppRef& app) const {
  const std::lock_guard lock(mutex_);
  const auto found = troubles_.find(app);
  return found == troubles_.end() ? std::nullopt : std::optional<Error>(found->second);
}

std::vector<ports::AppRef> Upkeep::due() {
  const auto apps = lookout_.apps();
  if (!apps) {
    house_.log.warning("daemon", "the store cannot be read: " + apps.error().sentence());
    return {};
  }
  const Millis now = house_.clock.monotonic();
  const std::lock_guard lock(mutex_);
  std::vector<ports::AppRef> out;
  for (const auto& app : *apps) {
    const auto found = next_.find(app);
    if (found == next_.end() || found->second <= now) out.push_back(app);
  }
  return out;
}

Millis Upkeep::pause() const {
  const Millis now = house_.clock.monotonic();
  Millis out = kTick;
  const std::lock_guard lock(mutex_);
  for (const auto& [app, when] : next_) out = std::min(out, when - now);
  return std::max(out, kShortTick);
}

void Upkeep::work() {
  while (true) {
    for (const auto& app : due()) look(app);
    forget();
    const Millis at_most = pause();
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, at_most, [this] { return closing_ || poked_; });
    poked_ = false;
    if (closing_) return;
  }
}

// A few at a time: whoever writes a journal record waits for nobody long.
void Upkeep::forget() {
  const Millis now = house_.clock.monotonic();
  if (forgot_ && now - *forgot_ < kForgetEvery) return;
  const auto now_ms = house_.now_ms();
  if (house_.keep_notices.count() > 0) {
    const auto gone =
        house_.store.prune_notices(now_ms - house_.keep_notices.count(), kForgottenAtOnce);
    if (gone && *gone == kForgottenAtOnce) return;  // there are more: at the next turn
  }
  forgot_ = now;
  const auto used = house_.store.values("used-link/");
  if (!used) return;
  for (const auto& [key, json] : *used) {
    // What cannot be removed now is still there in an hour.
    if (json.integer("expires_ms") < now_ms) (void)house_.store.remove_value(key);
  }
}

void Upkeep::look(const ports::AppRef& app) {
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    // Before the look, so that a poke during it is not lost.
    next_[app] = house_.clock.monotonic() + kNowAndThen;
  }
  // A release keeps order in its environment itself, and pokes when it has ended.
  if (releases_.running(app)) return;
  const auto next = tidy(app);
  const bool held = !next && next.error().code == Code::LeaseHeld;
  const std::lock_guard lock(mutex_);
  if (next || held) {
    troubles_.erase(app);
    if (next && next->count() > 0 && next_[app].count() > 0) {
      next_[app] = house_.clock.monotonic() + std::min(*next, kNowAndThen);
    }
    return;
  }
  if (troubles_.find(app) == troubles_.end()) {
    house_.log.warning("daemon", "upkeep of " + app.environment + " of " + app.app + ": " +
                                     next.error().sentence());
  }
  troubles_[app] = next.error();
  if (next_[app].count() > 0) next_[app] = house_.clock.monotonic() + kAfterTrouble;
}

Result<Millis> Upkeep::tidy(const ports::AppRef& app) {
  Millis next{0};
  Json unused;
  const auto tidied = releases_.while_quiet(
      app,
      [&]() -> Result<void> {
        auto drivers = TRY(lookout_.make_drivers(app));
        release::World world = world_of(house_, *drivers);
        const auto lease = TRY(house_.store.take_lease(app, house_.owner, ""));
        const auto resting = TRY(standstill_.settle(app));
        const auto reaped = TRY(release::reap(world, lease, resting));
        for (const auto& slot : reaped.retired) {
          house_.log.note("daemon", "stopped " + slot.service + " of " + slot.release +
                                        ": neither live nor kept");
        }
        for (const auto& slot : reaped.revived) {
          house_.log.warning(
              "daemon", "started " + slot.service + " of " + slot.release + " again: it was gone");
        }
        next = reaped.next;
        TRY(maintenance_.reconcile(app, lease));
        const Millis sooner = TRY(standstill_.step(app, world, lease));
        if (sooner.count() > 0) next = next.count() > 0 ? std::min(next, sooner) : sooner;
        return ok();
      },
      unused);
  if (!tidied) return tidied.error();
  return next;
}

}  // namespace slipway::daemon
