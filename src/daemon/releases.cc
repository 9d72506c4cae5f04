#include "daemon/releases.h"

#include "release/migrate_steps.h"

#include <algorithm>

#include "base/crash_point.h"
#include "daemon/documents.h"
#include "daemon/gates.h"
#include "daemon/standstill.h"

namespace slipway::daemon {
namespace {
constexpr Millis kAnswerWithin{30'000};

std::string place(const ports::AppRef& app) { return app.environment + " of " + app.app; }
}  // namespace

Releases::Gate& Releases::gate(const ports::AppRef& app) {
  const std::lock_guard lock(mutex_);
  auto& found = gates_[app];
  if (!found) found = std::make_unique<Gate>();
  return *found;
}

Result<void> Releases::take_up() {
  auto rows = TRY(house_.store.unfinished());
  // The oldest first: a later one in the same environment waits for it.
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  for (auto& row : rows) {
    auto plan = plan::plan_from_json(row.plan);
    if (!plan) return std::move(plan).error().in("the stored plan of " + row.id);
    house_.log.note("daemon", row.id + " is taken up again", Json::object().set("release", row.id));
    Gate& here = gate(row.app);
    const std::lock_guard busy(here.busy);
    begin(here, std::move(row), std::move(plan).value());
  }
  return ok();
}

Error Releases::held_by(const RunningRelease& running, Json& details) const {
  const auto& row = running.row();
  const auto view = running.view();
  const auto& steps = running.plan().steps;
  const auto index = static_cast<std::size_t>(view.state.step);
  std::string step = index < steps.size() ? steps[index].text : "";
  if (view.waiting) step = "waiting for its turn";
  details.set("owner", Json::object()
                           .set("release", row.id)
                           .set("version", row.version)
                           .set("by", row.by)
                           .set("step", index < steps.size() ? steps[index].id : "")
                           .set("index", static_cast<int>(index) + 1)
                           .set("of", static_cast<int>(steps.size())));
  return Error(Code::LeaseHeld,
               place(row.app) + " is held by " + row.id + " (" + row.version + ", started by " +
                   row.by + ", at step " + std::to_string(index + 1) + " of " +
                   std::to_string(steps.size()) + ": " + step + ")",
               "wait for it, abort it with: slipway abort " + row.app.environment +
                   ", or deploy with --supersede");
}

Result<Releases::Started> Releases::start(const ReleaseRequest& request, Json& details) {
  forget_ended();
  if (!request.taken_back.empty())
    TRY(release::mark_taken_back(house_.store, {request.app, request.wanted.environment},
                                 request.taken_back, request.wanted.by));
  auto prepared = TRY(prepare(house_, request, Look::PlanOnly, details));
  TRY(refuse_hopeless(prepared.plan, house_.now_ms()));
  Gate& here = gate(prepared.app);
  const std::lock_guard busy(here.busy);
  {
    const std::lock_guard lock(mutex_);
    if (closing_) return Error(Code::Conflict, "the daemon stops", "ask the next one");
    const bool supersede =
        request.supersede || prepared.settings.on_conflict == config::OnConflict::Supersede;
    if (here.waiting) return held_by(*here.waiting, details);
    if (here.running && !supersede) return held_by(*here.running, details);
  }
  const auto now_ms = house_.now_ms();
  TRY(enter_release(house_.store, prepared.app, request.ends_standstill, now_ms));
  ports::ReleaseRow row;
  row.app = prepared.app;
  row.kind = request.wanted.kind == plan::RequestKind::Rollback ? "rollback" : "deploy";
  row.version = prepared.plan.version;
  row.by = request.wanted.by;
  row.plan = plan::to_json(prepared.plan);
  row.plan_hash = prepared.plan.hash;
  row.created_ms = now_ms;
  crash_point("daemon.before-create-release");
  row = TRY(house_.store.create_release(std::move(row)));
  crash_point("daemon.after-create-release");
  Started started{row.id, row.plan_hash, prepared.plan.notes};
  begin(here, std::move(row), std::move(prepared.plan));
  return started;
}

void Releases::begin(Gate& here, ports::ReleaseRow row, plan::Plan plan) {
  const std::lock_guard lock(mutex_);
  const auto app = row.app;
  auto before = here.waiting ? here.waiting : here.running;
  auto release =
      std::make_shared<RunningRelease>(house_, hub_, std::move(row), std::move(plan), before,
                                       [this, &here](RunningRelease& self) { ended(here, self); });
  (before ? here.waiting : here.running) = release;
  house_.metrics.set("slipway_release_running",
                     {{"app", app.app}, {"environment", app.environment}}, 1);
  threads_.push_back(release);
  crash_point("daemon.before-thread");
  release->start();
}

// Called on the release's own thread; from here on another release may start there.
void Releases::ended(Gate& here, RunningRelease& release) {
  const ports::AppRef app = release.row().app;
  {
    const std::lock_guard lock(mutex_);
    if (here.running.get() == &release) here.running = std::exchange(here.waiting, nullptr);
    const bool runs = here.running != nullptr;
    house_.metrics.set("slipway_release_running",
                       {{"app", app.app}, {"environment", app.environment}}, runs ? 1 : 0);
  }
  if (told_) told_(app);
}

void Releases::forget_ended() {
  std::vector<std::shared_ptr<RunningRelease>> gone;
  {
    const std::lock_guard lock(mutex_);
    const auto over = std::stable_partition(threads_.begin(), threads_.end(),
                                            [](const auto& one) { return !one->is_over(); });
    gone.assign(std::make_move_iterator(over), std::make_move_iterator(threads_.end()));
    threads_.erase(over, threads_.end());
  }
  for (const auto& one : gone) one->join();
}

Result<release::Phase> Releases::command(const std::string& id, release::Command command) {
  const auto release = running(id);
  if (release != nullptr) return release->command(std::move(command), kAnswerWithin);
  const auto row = TRY(house_.store.release(id));
  return Error(Code::Refused,
               id + (row.outcome.empty() ? " is not running in this daemon"
                                         : " has already ended: " + row.outcome),
               "look at it: slipway history");
}

std::shared_ptr<RunningRelease> Releases::running(const ports::AppRef& app) const {
  const std::lock_guard lock(mutex_);
  const auto found = gates_.find(app);
  return found == gates_.end() ? nullptr : found->second->running;
}

std::shared_ptr<RunningRelease> Releases::running(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [app, here] : gates_) {
    for (const auto& one : {here->running, here->waiting}) {
      if (one && one->row().id == id) return one;
    }
  }
  return nullptr;
}

std::vector<std::shared_ptr<RunningRelease>> Releases::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<RunningRelease>> out;
  for (const auto& [app, here] : gates_) {
    if (here->running) out.push_back(here->running);
    if (here->waiting) out.push_back(here->waiting);
  }
  return out;
}

Result<void> Releases::while_quiet(const ports::AppRef& app,
                                   const std::function<Result<void>()>& body, Json& details) {
  Gate& here = gate(app);
  const std::lock_guard busy(here.busy);
  if (const auto release = running(app)) {
    Error held = held_by(*release, details);
    held.next = "wait for it, or abort it with: slipway abort " + app.environment;
    return held;
  }
  return body();
}

void Releases::close() {
  std::vector<std::shared_ptr<RunningRelease>> threads;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    threads = threads_;
  }
  for (const auto& one : threads) one->close();
  for (const auto& one : threads) one->join();
}

}  // namespace slipway::daemon
