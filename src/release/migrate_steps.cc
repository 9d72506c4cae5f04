#include "release/migrate_steps.h"

#include <fmt/core.h>

#include <map>

#include "base/text.h"
#include "plan/gates.h"
#include "release/performer.h"

namespace slipway::release {
namespace {
constexpr Millis kLookEvery{100};
constexpr Millis kPulseEvery{500};

// contract/APP/ENV/MIGRATION: the release it came with, its place among those, and the release in
// which it was applied, once it is.
std::string shelf_of(const ports::AppRef& app) {
  return "contract/" + app.app + "/" + app.environment + "/";
}

bool is_contract(const plan::Step& step) { return step.stage == "contract"; }

std::string applied_words(const ports::MigrationView& view) {
  if (view.applied.empty()) return "nothing was pending";
  const std::string words = "applied " + join(view.applied, ", ");
  // Where a full rollback comes back to.
  return view.restore_point.empty() ? words : words + "; restore point " + view.restore_point;
}

// As maps: the two were counted in the same buckets, but each only has those it needed.
void add(const ports::Counts& more, ports::Counts& to) {
  to.requests += more.requests;
  std::map<std::uint32_t, std::uint64_t> sum(to.latency_us.begin(), to.latency_us.end());
  for (const auto& [bound, count] : more.latency_us) sum[bound] += count;
  to.latency_us.assign(sum.begin(), sum.end());
}

// The bound below which `part` of all lie.
Millis part_within(const ports::LatencyCounts& counts, std::uint64_t all, double part) {
  const double wanted = part * static_cast<double>(all);
  std::uint64_t below = 0;
  for (const auto& [bound, count] : counts) {
    below += count;
    if (static_cast<double>(below) >= wanted) return Millis((bound + 999) / 1000);
  }
  return Millis(0);
}
}  // namespace

Sight MigrateSteps::look(const plan::Step& step) {
  auto* migrations = scene_.world.migrations;
  if (migrations == nullptr) return Sight::bad("nothing here can run migrations");
  const auto view = migrations->look(step.id);
  if (view.state == ports::MigrationView::State::Unknown) {
    migrations->begin(step.id, call_of(step));
    begun_.insert(step.id);
    return Sight::pending("begins", kLookEvery);
  }
  if (view.state == ports::MigrationView::State::Running) {
    tell_pulse(step);
    return Sight::pending(view.text, kLookEvery);
  }
  return step.stage == "rehearse" ? rehearsed(step, view) : ended(step, view);
}

// What it finds stops the release, but for who has said on the record that it shall not.
Sight MigrateSteps::rehearsed(const plan::Step& step, const ports::MigrationView& view) const {
  if (view.state == ports::MigrationView::State::Done) return Sight::settled(view.text);
  const std::string skipped = plan::skipped_text(scene_.plan, step);
  if (!skipped.empty()) return Sight::settled(skipped + "; the rehearsal says: " + view.text);
  return Sight::bad(view.text);
}

// How the app does while its database is changed.
void MigrateSteps::tell_pulse(const plan::Step& step) {
  if (step.stage == "rehearse") return;
  const Millis now = scene_.world.clock.monotonic();
  if (counted_ && now - counted_at_ < kPulseEvery) return;
  auto counts = scene_.world.counters.read(scene_.app, scene_.release);
  if (!counts) return;
  if (scene_.plan.old) {
    const auto old = scene_.world.counters.read(scene_.app, scene_.plan.old->id);
    if (!old) return;
    add(*old, *counts);
  }
  if (counted_) {
    if (const auto pulse = pulse_between(*counted_, *counts))
      scene_.world.migrations->tell(step.id, *pulse);
  }
  counted_ = std::move(*counts);
  counted_at_ = now;
}

ports::MigrationCall MigrateSteps::call_of(const plan::Step& step) const {
  const auto& settings = scene_.plan.settings;
  ports::MigrationCall call{scene_.release, settings.name,     step.stage,
                            step.last,      settings.database, settings.folder};
  call.app = scene_.app.app;
  auto& path = call.database.migrations.path;
  path = replace_all(path, "${version}", scene_.plan.version);
  return call;
}

// Rows that are not filled in yet, or an old column that is still there, are no reason to take back
// a release that serves: they are pending in the next one.
Sight MigrateSteps::ended(const plan::Step& step, const ports::MigrationView& view) {
  if (view.state == ports::MigrationView::State::Failed) {
    if (step.stage == "data")
      return Sight::settled("not all is filled in, the next release goes on there: " + view.text);
    return Sight::bad("migrations: " + view.text);
  }
  if (step.stage == "expand" && !view.blocked.empty())
    return Sight::bad(fmt::format(
        "migrations: {} {} behind a contract migration, which is not run before a release: run it "
        "with slipway migrate up --phase contract once nothing needs what it takes away, or give "
        "them a place before it",
        join(view.blocked, ", "), view.blocked.size() == 1 ? "comes" : "come"));
  if (auto kept = remember(step, view); !kept) return Sight::inconclusive(kept.error().what);
  return Sight::settled(applied_words(view));
}

Result<void> MigrateSteps::remember(const plan::Step& step, const ports::MigrationView& view) {
  if (!to_keep_.empty()) return ok();  // looked again before the record was written
  const std::string shelf = shelf_of(scene_.app);
  // Only what waits once all else is done waits for a contract alone.
  const std::size_t waiting = step.stage == "data" ? view.waiting.size() : 0;
  for (std::size_t i = 0; i < waiting; ++i) {
    const std::string key = shelf + view.waiting[i];
    if (TRY(scene_.world.store.value(key))) continue;  // it came with an earlier release
    to_keep_.emplace_back(
        key,
        Json::object().set("release", scene_.release).set("place", static_cast<std::int64_t>(i)));
  }
  if (!is_contract(step)) return ok();
  for (const auto& migration : view.applied) {
    const auto known = TRY(scene_.world.store.value(shelf + migration));
    // One that nobody has seen waiting came with this release.
    Json row = known ? *known : Json::object().set("release", scene_.release);
    to_keep_.emplace_back(shelf + migration, row.set("applied", scene_.release));
  }
  return ok();
}

Sight MigrateSteps::look_undone(const plan::Step& step) {
  auto* migrations = scene_.world.migrations;
  if (migrations == nullptr || !begun_.contains(step.id)) return Sight::settled();
  const auto view = migrations->look(step.id);
  if (view.state != ports::MigrationView::State::Running)
    return Sight::settled("what is applied stays");
  migrations->stop(step.id);
  return Sight::pending("stopping: " + view.text, kLookEvery);
}

std::optional<ports::Pulse> pulse_between(const ports::Counts& then, const ports::Counts& now) {
  std::map<std::uint32_t, std::uint64_t> left(now.latency_us.begin(), now.latency_us.end());
  for (const auto& [bound, count] : then.latency_us) {
    if (left[bound] < count) return std::nullopt;
    left[bound] -= count;
  }
  if (now.requests < then.requests) return std::nullopt;
  const ports::LatencyCounts counts(left.begin(), left.end());
  std::uint64_t all = 0;
  for (const auto& [bound, count] : counts) all += count;
  return ports::Pulse{now.requests - then.requests, part_within(counts, all, 0.95),
                      part_within(counts, all, 0.99)};
}

Result<std::string> due_contract(World& world, const ports::AppRef& app) {
  const std::string shelf = shelf_of(app);
  const auto live = TRY(world.store.live(app));
  // What came with a release behind the live one (it was gone back from) is needed by the live one.
  const auto newest_due = live.release.empty() ? 0 : TRY(world.store.release(live.release)).number;
  std::string newest;
  std::pair<std::int64_t, std::int64_t> last{-1, -1};
  for (const auto& [key, row] : TRY(world.store.values(shelf))) {
    if (!row.text("applied").empty()) continue;
    const auto came = TRY(world.store.release(row.text("release")));
    // One that was taken back has left its file behind nowhere: it comes again with the next.
    if (came.outcome != "completed" || came.number > newest_due) continue;
    const std::pair<std::int64_t, std::int64_t> at{came.number, row.integer("place")};
    if (at < last) continue;
    last = at;
    newest = key.substr(shelf.size());
  }
  return newest;
}

Result<void> mark_taken_back(ports::Store& store, const ports::AppRef& app,
                             const std::vector<std::string>& migrations, const std::string& by) {
  for (const auto& migration : migrations) {
    const std::string key = shelf_of(app) + migration;
    auto row = TRY(store.value(key));
    if (!row) continue;
    row->set("applied", "").set("taken_back_by", by);
    TRY(store.set_value(key, *row));
  }
  return ok();
}

Result<std::string> broken_by(World& world, const ports::AppRef& app, const std::string& release) {
  const std::string shelf = shelf_of(app);
  const auto number = TRY(world.store.release(release)).number;
  for (const auto& [key, row] : TRY(world.store.values(shelf))) {
    if (row.text("applied").empty()) continue;
    if (TRY(world.store.release(row.text("release"))).number > number)
      return key.substr(shelf.size());
  }
  return std::string();
}

Result<std::string> broken_in(ports::Store& store, const ports::AppRef& app,
                              const std::string& release) {
  const auto number = TRY(store.release(release)).number;
  std::pair<std::int64_t, std::string> earliest;
  for (const auto& [key, row] : TRY(store.values(shelf_of(app)))) {
    const std::string applied = row.text("applied");
    if (applied.empty() || TRY(store.release(row.text("release"))).number <= number) continue;
    const auto at = TRY(store.release(applied)).number;
    if (earliest.second.empty() || at < earliest.first) earliest = {at, applied};
  }
  return earliest.second;
}

}  // namespace slipway::release
