#include "daemon/standstill.h"

#include <algorithm>

#include "base/crash_point.h"
#include "daemon/releases.h"
#include "release/migrate_steps.h"

namespace slipway::daemon {
namespace {
constexpr Millis kLookAgain{100};

using Phase = Standing::Phase;
constexpr std::pair<Phase, std::string_view> kPhases[] = {{Phase::Stopping, "stopping"},
                                                          {Phase::Stopped, "stopped"},
                                                          {Phase::Releasing, "releasing"},
                                                          {Phase::Starting, "starting"}};

std::string key_of(const ports::AppRef& app) {
  return "standstill/" + app.app + "/" + app.environment;
}

Error not_standing(const ports::AppRef& app) {
  return Error(Code::NotFound, app.environment + " of " + app.app + " does not stand still",
               "slipway status");
}
}  // namespace

std::string_view name_of(Phase phase) {
  return std::find_if(std::begin(kPhases), std::end(kPhases),
                      [&](const auto& one) { return one.first == phase; })
      ->second;
}

Json to_json(const Standing& standing) {
  return Json::object()
      .set("on", true)
      .set("phase", name_of(standing.phase))
      .set("services", Json::array_of(standing.services))
      .set("why", standing.why)
      .set("by", standing.by)
      .set("since_ms", standing.since_ms)
      .set("shown_ms", standing.shown_ms)
      .set("released_ms", standing.released_ms)
      .set("trouble", standing.trouble)
      .set("note", standing.note.is_null() ? Json::object() : standing.note);
}

Result<Standing> standing_from_json(const Json& json) {
  Standing out;
  const auto phase = std::find_if(std::begin(kPhases), std::end(kPhases), [&](const auto& one) {
    return one.second == json.text("phase");
  });
  if (phase == std::end(kPhases))
    return Error(Code::Corrupt, "the stored standstill has no phase: " + json.dump(),
                 "run the slipway that wrote it");
  out.phase = phase->first;
  out.services = json.strings("services");
  out.why = json.text("why");
  out.by = json.text("by");
  out.since_ms = json.integer("since_ms");
  out.shown_ms = json.integer("shown_ms");
  out.released_ms = json.integer("released_ms");
  out.trouble = json.text("trouble");
  out.note = json.at("note");
  return out;
}

Result<std::optional<Standing>> standing_of(ports::Store& store, const ports::AppRef& app) {
  const auto stored = TRY(store.value(key_of(app)));
  if (!stored) return std::optional<Standing>();
  return std::optional<Standing>(TRY(standing_from_json(*stored)));
}

Result<void> keep_standing(ports::Store& store, const ports::AppRef& app,
                           const Standing& standing) {
  return store.set_value(key_of(app), to_json(standing));
}

Result<void> enter_release(ports::Store& store, const ports::AppRef& app, bool ends_standstill,
                           std::int64_t now_ms) {
  auto standing = TRY(standing_of(store, app));
  if (!standing && !ends_standstill) return ok();
  if (!standing) return not_standing(app);
  if (!ends_standstill || standing->phase != Phase::Stopped)
    return Error(Code::Refused,
                 app.environment + " of " + app.app + " stands still: " + standing->why + ", by " +
                     standing->by,
                 "wait for its end; one that was cut off goes on when the same is said again, and "
                 "slipway db restore " +
                     app.environment + " --undo gives it up");
  standing->phase = Phase::Releasing;
  standing->released_ms = now_ms;
  standing->trouble.clear();
  return keep_standing(store, app, *standing);
}

Result<Standing> Standstill::begin(const ports::AppRef& app, const Wish& wish, Json& details) {
  Standing out;
  TRY(releases_.while_quiet(
      app,
      [&]() -> Result<void> {
        const auto live = TRY(house_.store.live(app));
        if (live.release.empty())
          return Error(Code::NotFound, "nothing is live in " + app.environment + " of " + app.app,
                       "slipway status");
        if (auto there = TRY(standing_of(house_.store, app))) {
          out = std::move(*there);
        } else {
          out.services = release::users_of_database(TRY(lookout_.settings(app)));
          out.why = wish.why;
          out.by = wish.by;
          out.since_ms = house_.now_ms();
        }
        if (out.phase == Phase::Starting) out.phase = Phase::Stopping;
        out.note = wish.note;
        TRY(keep_standing(house_.store, app, out));
        crash_point("daemon.standstill-stored");
        return ok();
      },
      details));
  return out;
}

Result<void> Standstill::end(const ports::AppRef& app, const std::vector<std::string>& taken_back,
                             const std::string& by, Json& details) {
  return releases_.while_quiet(
      app,
      [&]() -> Result<void> {
        auto standing = TRY(standing_of(house_.store, app));
        if (!standing) return not_standing(app);
        TRY(release::mark_taken_back(house_.store, app, taken_back, by));
        standing->phase = Phase::Starting;
        return keep_standing(house_.store, app, *standing);
      },
      details);
}

Json Standstill::document(const ports::AppRef& app, const std::optional<Standing>& standing) const {
  if (!standing) return Json::object().set("on", false);
  const std::lock_guard lock(mutex_);
  const auto found = waits_for_.find(app);
  return to_json(*standing).set("waits_for", found == waits_for_.end() ? "" : found->second);
}

// A release behind the page says by its end what is live now: what it made live may run.
Result<std::vector<std::string>> Standstill::settle(const ports::AppRef& app) {
  auto standing = TRY(standing_of(house_.store, app));
  if (!standing) return std::vector<std::string>();
  if (standing->phase == Phase::Releasing) {
    const auto rows = TRY(house_.store.releases(app, 1));
    const bool is_its = !rows.empty() && rows.front().created_ms >= standing->released_ms;
    const bool is_well = is_its && rows.front().outcome == "completed";
    standing->phase = is_well ? Phase::Starting : Phase::Stopped;
    if (is_its && !is_well)
      standing->trouble = rows.front().id + " was taken back: " + rows.front().reason;
    TRY(keep_standing(house_.store, app, *standing));
  }
  if (standing->phase == Phase::Starting) return std::vector<std::string>();
  return standing->services;
}

void Standstill::say(const ports::AppRef& app, const std::string& text) {
  const std::lock_guard lock(mutex_);
  waits_for_[app] = text;
}

// Where there is nobody to show it to, nothing waits for it.
Result<bool> Standstill::shows_page(const ports::AppRef& app, release::World& world) {
  const auto view = TRY(world.router.observe_split(app));
  return view.version.empty() || view.split.mode == ports::Mode::Maintenance;
}

Result<Millis> Standstill::step(const ports::AppRef& app, release::World& world,
                                const ports::Lease& lease) {
  auto standing = TRY(standing_of(house_.store, app));
  if (!standing) return Millis(0);
  if (standing->phase == Phase::Starting) {
    const auto rest = TRY(release::is_awake(world, app));
    say(app, rest.waits_for);
    if (!rest.is_reached) return kLookAgain;
    // The page goes first: a crash in between leaves the standstill, and it is looked at again.
    TRY(maintenance_.let_go(app, lease));
    crash_point("daemon.standstill-over");
    house_.log.note("daemon", app.environment + " of " + app.app + " runs again: " + standing->why);
    TRY(house_.store.remove_value(key_of(app)));
    return Millis(0);
  }
  if (standing->shown_ms == 0) {
    if (!TRY(shows_page(app, world))) return kLookAgain;
    standing->shown_ms = house_.now_ms();
    TRY(keep_standing(house_.store, app, *standing));
  }
  const auto rest =
      TRY(release::bring_to_rest(world, lease, standing->services, standing->shown_ms));
  say(app, rest.waits_for);
  if (!rest.is_reached) return kLookAgain;
  if (standing->phase == Phase::Stopped) return Millis(0);
  standing->phase = Phase::Stopped;
  TRY(keep_standing(house_.store, app, *standing));
  house_.log.note("daemon", app.environment + " of " + app.app + " stands still: " + standing->why);
  return Millis(0);
}

}  // namespace slipway::daemon
