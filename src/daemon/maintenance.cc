#include "daemon/maintenance.h"

#include <condition_variable>
#include <mutex>

#include "base/crash_point.h"
#include "daemon/releases.h"
#include "daemon/standstill.h"

namespace slipway::daemon {
namespace {
constexpr std::int64_t kUsualRetryAfterS = 60;
constexpr int kMostTries = 3;  // another writer may come in between: look and write again
// A proxy with a file of its own takes a change over in its own time, and refuses another until
// then.
constexpr Millis kTakesOverWithin{10'000};
constexpr Millis kLookEvery{10};

std::string key_of(const ports::AppRef& app) {
  return "maintenance/" + app.app + "/" + app.environment;
}

ports::Split wanted(ports::Split split, const MaintenanceWish& wish,
                    const config::Environment& settings) {
  split.mode = wish.on ? ports::Mode::Maintenance : ports::Mode::Serve;
  split.message = wish.on ? wish.message : "";
  split.page = wish.on ? settings.maintenance.page : "";
  if (wish.retry_after_s) split.retry_after = Millis(*wish.retry_after_s * 1000);
  split.allow = wish.on ? wish.allow : std::vector<std::string>();
  return split;
}

bool is_page_alike(const ports::Split& one, const ports::Split& other) {
  return one.mode == other.mode && one.message == other.message && one.allow == other.allow &&
         one.retry_after == other.retry_after;
}
}  // namespace

Json to_json(const MaintenanceWish& wish) {
  return Json::object()
      .set("on", wish.on)
      .set("message", wish.message)
      .set("retry_after_s", wish.retry_after_s.value_or(kUsualRetryAfterS))
      .set("allow", Json::array_of(wish.allow))
      .set("by", wish.by)
      .set("since_ms", wish.since_ms);
}

Result<MaintenanceWish> maintenance_from_json(const Json& json) {
  if (!json.at("on").is_bool())
    return Error(Code::Usage, "\"on\" is not true or false", "send {\"on\": true}");
  MaintenanceWish wish;
  wish.on = json.flag("on");
  wish.message = json.text("message");
  if (json.find("retry_after_s") != nullptr) wish.retry_after_s = json.integer("retry_after_s", -1);
  wish.allow = json.strings("allow");
  wish.by = json.text("by");
  wish.since_ms = json.integer("since_ms");
  if (wish.retry_after_s && (*wish.retry_after_s < 0 || *wish.retry_after_s > 31 * 86'400)) {
    return Error(Code::Usage, "retry_after_s is not between 0 and 31 days", "send seconds");
  }
  return wish;
}

Result<MaintenanceWish> Maintenance::wish(const ports::AppRef& app) {
  const auto stored = TRY(house_.store.value(key_of(app)));
  if (!stored) return MaintenanceWish{};
  return maintenance_from_json(*stored);
}

Result<void> Maintenance::set(const ports::AppRef& app, MaintenanceWish wish, Json& details) {
  const auto settings = TRY(lookout_.settings(app));
  if (wish.on && wish.allow.empty()) wish.allow = settings.maintenance.allow;
  // Rounded up: "Retry-After: 0" would bring everybody back at once.
  if (!wish.retry_after_s)
    wish.retry_after_s = (settings.maintenance.retry_after.count() + 999) / 1000;
  wish.since_ms = house_.now_ms();
  return releases_.while_quiet(
      app,
      [&]() -> Result<void> {
        const auto lease = TRY(house_.store.take_lease(app, house_.owner, ""));
        const auto standing = TRY(standing_of(house_.store, app));
        if (!wish.on && standing)
          return Error(Code::Refused,
                       "the page stays: " + app.environment + " stands still, " + standing->why,
                       "it goes by itself when that is over: slipway status");
        if (!wish.on) {
          // The page goes first: a crash in between leaves the wish, and the page comes back.
          TRY(write(app, lease, wish));
          return house_.store.remove_value(key_of(app));
        }
        const auto before = TRY(house_.store.value(key_of(app)));
        TRY(house_.store.set_value(key_of(app), to_json(wish)));
        crash_point("daemon.maintenance-stored");
        auto written = write(app, lease, wish);
        if (written) return ok();
        // What the router does not take must not be tried for ever: the wish before is in force
        // again.
        const auto restored = before ? house_.store.set_value(key_of(app), *before)
                                     : house_.store.remove_value(key_of(app));
        return restored ? written : restored;
      },
      details);
}

Result<void> Maintenance::reconcile(const ports::AppRef& app, const ports::Lease& lease) {
  auto asked = TRY(wish(app));
  const auto standing = TRY(standing_of(house_.store, app));
  // One that ends leaves the page as it is, until it takes it away itself.
  const bool is_ending = standing && standing->phase == Standing::Phase::Starting;
  if (!asked.on && (!standing || is_ending)) return ok();
  // Where nothing is routed there is nobody to show a page to.
  if (!asked.on && TRY(look(app)).version.empty()) return ok();
  if (!asked.on) {
    const auto settings = TRY(lookout_.settings(app));
    asked.retry_after_s = (settings.maintenance.retry_after.count() + 999) / 1000;
    asked.on = true;
  }
  if (standing) asked.allow.clear();  // what they would reach is stopped
  return write(app, lease, asked);
}

Result<void> Maintenance::let_go(const ports::AppRef& app, const ports::Lease& lease) {
  if (TRY(look(app)).version.empty()) return ok();
  return write(app, lease, TRY(wish(app)));
}

Result<ports::SplitView> Maintenance::look(const ports::AppRef& app) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  const Millis until = house_.clock.monotonic() + kTakesOverWithin;
  while (true) {
    ports::SplitView view;
    // The set of drivers is let go between two looks: status must not wait for a slow router.
    TRY(lookout_.with_drivers(app, [&](DriverSet& drivers) -> Result<void> {
      view = TRY(drivers.router->observe_split(app));
      return ok();
    }));
    if (view.settled || house_.clock.monotonic() >= until) return view;
    never.wait_for(lock, kLookEvery, [] { return false; });
  }
}

Result<void> Maintenance::write(const ports::AppRef& app, const ports::Lease& lease,
                                const MaintenanceWish& wish) {
  const auto settings = TRY(lookout_.settings(app));
  Error last;
  for (int i = 0; i < kMostTries; ++i) {
    const auto now = TRY(look(app));
    if (now.version.empty()) {
      return Error(Code::NotFound,
                   "nothing is routed to " + app.environment + " of " + app.app + " yet",
                   "deploy it first");
    }
    const auto want = wanted(now.split, wish, settings);
    if (is_page_alike(want, now.split) && now.settled) return ok();
    // Counted, not timed: two words within one tick of a clock are two writes. The epoch is this
    // daemon's own, so a restart counts anew under another name.
    const OpId op{"maintenance", (wish.on ? "on-" : "off-") + std::to_string(lease.epoch),
                  ++writes_};
    const auto written = lookout_.with_drivers(app, [&](DriverSet& drivers) -> Result<void> {
      const auto outcome = drivers.router->set_split(app, want, now.version, lease.epoch, op);
      if (outcome.kind == ports::Outcome::Kind::Applied) return ok();
      return outcome.why;
    });
    if (written) {
      // Who asked for the page is answered when it is there; that it cannot be seen undoes nothing.
      static_cast<void>(look(app));
      return ok();
    }
    last = written.error();
  }
  return last.in("while switching the maintenance page of " + app.environment);
}

}  // namespace slipway::daemon
