#include "daemon/status.h"

#include <set>

#include "daemon/documents.h"
#include "daemon/gates.h"
#include "daemon/releases.h"
#include "daemon/timings.h"

namespace slipway::daemon {
namespace {
constexpr int kRecent = 20;

std::string bad_key(const std::string& release) { return "bad/" + release; }

Json parts_document(const ports::ProbeView& view) {
  Json parts = Json::array();
  for (const auto& part : view.parts) {
    parts.push_back(Json::object()
                        .set("name", part.name)
                        .set("status", part.status)
                        .set("healthy", part.healthy));
  }
  return parts;
}
}  // namespace

struct Status::Scene {
  ports::AppRef app;
  config::Environment settings;
  ports::LiveRow live;
  std::vector<ports::ReleaseRow> recent;  // newest first
  std::shared_ptr<RunningRelease> running;
  std::vector<std::pair<ports::Slot, ports::SlotView>> slots;
  std::optional<ports::SplitView> split;
  std::string router_why;  // it does not answer
  std::vector<Error> problems;
};

Result<Json> Status::environments(const std::string& app, const std::string& environment_name) {
  Json out = Json::array();
  for (const auto& one : TRY(lookout_.apps())) {
    const bool wanted = (app.empty() || app == one.app) &&
                        (environment_name.empty() || environment_name == one.environment);
    if (wanted) out.push_back(TRY(environment(one)));
  }
  return out;
}

Json Status::problems() const {
  Json out = Json::array();
  if (const auto trouble = store_.trouble()) out.push_back(problem_document(*trouble));
  return out;
}

Result<Status::Scene> Status::gather(const ports::AppRef& app) {
  Scene scene;
  scene.app = app;
  scene.live = TRY(house_.store.live(app));
  scene.recent = TRY(house_.store.releases(app, kRecent));
  scene.running = releases_.running(app);
  if (const auto trouble = upkeep_.trouble(app)) scene.problems.push_back(*trouble);
  auto settings = lookout_.settings(app);
  if (!settings) {
    scene.problems.push_back(settings.error());
    return scene;
  }
  scene.settings = std::move(settings).value();
  look(scene);
  return scene;
}

// Platform and router are asked each for itself: one that is silent does not hide the other.
void Status::look(Scene& scene) {
  const auto seen = lookout_.with_drivers(scene.app, [&](DriverSet& drivers) -> Result<void> {
    auto split = drivers.router->observe_split(scene.app);
    if (split) {
      scene.split = std::move(split).value();
    } else {
      scene.router_why = split.error().sentence();
      scene.problems.push_back(split.error());
    }
    for (const auto& slot : TRY(drivers.instances->slots(scene.app.app, scene.app.environment))) {
      scene.slots.emplace_back(slot, TRY(drivers.instances->observe(slot)));
    }
    return ok();
  });
  if (!seen) scene.problems.push_back(seen.error());
}

std::string Status::version_of(const std::string& release) {
  const std::string judged = ports::release_of_baseline(release);
  const auto stored = lookout_.shelf().release(judged.empty() ? release : judged);
  if (!stored) return "";
  if (judged.empty()) return (*stored)->row.version;
  return (*stored)->plan.old ? (*stored)->plan.old->version : "";
}

Result<Json> Status::environment(const ports::AppRef& app) {
  const Scene scene = TRY(gather(app));
  const auto wish = TRY(maintenance_.wish(app));
  const auto standing = TRY(standing_of(house_.store, app));
  Json last;
  for (const auto& row : scene.recent) {
    if (row.outcome.empty() || !last.is_null()) continue;
    const auto bad = TRY(house_.store.value(bad_key(row.id)));
    last = release_document(row, scene.live.release, bad ? bad->text("why") : "");
  }
  Json problems_list = Json::array();
  for (const auto& problem : scene.problems) problems_list.push_back(problem_document(problem));
  return Json::object()
      .set("app", app.app)
      .set("environment", app.environment)
      .set("url", scene.settings.url)
      .set("mode", scene.split ? name_of(scene.split->split.mode) : "unknown")
      .set("live", live(scene))
      .set("previous", previous(scene))
      .set("running", running(scene))
      .set("last", last)
      .set("maintenance", wish.on ? to_json(wish) : Json())
      .set("standstill", standing ? standstill_.document(app, standing) : Json())
      .set("instances", instances(scene))
      .set("split", split(scene))
      .set("counts", counts(scene))
      .set("router", Json::object()
                         .set("reachable", scene.split.has_value())
                         .set("settled", scene.split && scene.split->settled)
                         .set("why", scene.router_why))
      .set("problems", problems_list);
}

Json Status::live(const Scene& scene) {
  if (scene.live.release.empty()) return {};
  const auto stored = lookout_.shelf().release(scene.live.release);
  if (!stored) return {};
  // Since when: the newest completed release into this slot, which may be a rollback to it.
  std::int64_t since = (*stored)->row.created_ms;
  std::string by = (*stored)->row.by;
  for (const auto& row : scene.recent) {
    if (row.outcome != "completed") continue;
    since = row.ended_ms;
    by = row.by;
    break;
  }
  return Json::object()
      .set("release", scene.live.release)
      .set("version", (*stored)->row.version)
      .set("by", by)
      .set("since_ms", since)
      .set("strategy", name_of((*stored)->plan.strategy));
}

Json Status::previous(const Scene& scene) {
  if (scene.live.previous.empty()) return {};
  return Json::object()
      .set("release", scene.live.previous)
      .set("version", version_of(scene.live.previous))
      .set("warm", scene.live.previous_warm_until_ms > house_.now_ms())
      .set("warm_until_ms", scene.live.previous_warm_until_ms);
}

Json Status::running(const Scene& scene) {
  if (!scene.running) return {};
  const auto& row = scene.running->row();
  const auto& plan = scene.running->plan();
  const auto view = scene.running->view();
  const auto now = house_.now_ms();
  const auto index = static_cast<std::size_t>(view.state.step);
  const bool in_plan = index < plan.steps.size();
  const Left left = time_left(plan, view.state, kept_timings(house_.store, scene.app), now);
  const bool waits_at_gate = in_plan && plan.steps[index].kind == plan::StepKind::Gate &&
                             !release::is_ended(view.state.phase);
  std::string step_text = in_plan ? plan.steps[index].text : "";
  if (in_plan && is_taking_back(view.state.phase)) step_text = plan.steps[index].undo_text;
  return Json::object()
      .set("release", row.id)
      .set("kind", row.kind)
      .set("version", row.version)
      .set("by", row.by)
      .set("strategy", name_of(plan.strategy))
      .set("phase", name_of(view.state.phase))
      .set("step", in_plan ? plan.steps[index].id : "")
      .set("text", step_text)
      .set("index", static_cast<int>(index) + 1)
      .set("of", static_cast<int>(plan.steps.size()))
      .set("progress", view.progress)
      .set("gates", waits_at_gate ? gates_document(plan, now, ballot(row, view)) : Json::array())
      .set("percent", percent_new(plan, view.state))
      .set("taking_back", is_taking_back(view.state.phase))
      .set("hold", view.state.hold || view.state.phase == release::Phase::Held)
      .set("cause", name_of(view.state.cause))
      .set("reason", view.state.reason)
      .set("created_ms", row.created_ms)
      .set("since_ms", view.state.since_ms)
      .set("elapsed_ms", now - row.created_ms)
      .set("step_left_ms", left.step_ms)
      .set("left_ms", left.whole_ms);
}

Ballot Status::ballot(const ports::ReleaseRow& row, const RunningRelease::View& view) {
  Ballot out;
  out.requester = row.by;
  out.reached = view.state.step;
  out.progress = view.progress;
  const auto confirmed = house_.store.values(checks::confirmation_prefix(row.id));
  if (confirmed) {
    for (const auto& [key, json] : *confirmed)
      out.confirmed.push_back(checks::confirmation_from_json(json));
  }
  const auto kept = house_.store.values(plan::approval_prefix(row.id));
  if (!kept) return out;
  for (const auto& [key, json] : *kept) out.given.push_back(plan::approval_from_json(json));
  return out;
}

Json Status::instances(const Scene& scene) {
  Json out = Json::array();
  const std::string fresh = scene.running ? scene.running->new_slot() : "";
  for (const auto& [slot, view] : scene.slots) {
    const std::string role = slot.release == scene.live.release                  ? "live"
                             : slot.release == fresh                             ? "new"
                             : slot.release == scene.live.previous               ? "previous"
                             : !ports::release_of_baseline(slot.release).empty() ? "baseline"
                                                                                 : "other";
    const auto* service = scene.settings.service(slot.service);
    for (const auto& instance : view.instances) {
      const auto seen = watcher_.health(scene.app, instance.address);
      const bool has_probe =
          service != nullptr && service->health && !service->health->path.empty();
      Json one = Json::object();
      one.set("id", instance.id).set("service", slot.service).set("release", slot.release);
      one.set("version", version_of(slot.release))
          .set("role", role)
          .set("state", name_of(instance.state));
      one.set("health", !has_probe      ? "none"
                        : !seen         ? "unknown"
                        : seen->healthy ? "healthy"
                                        : "unhealthy");
      one.set("why", instance.why.empty() && seen ? seen->why : instance.why);
      one.set("address", instance.address).set("restarts", instance.restarts);
      if (seen && !seen->parts.empty()) one.set("parts", parts_document(*seen));
      out.push_back(std::move(one));
    }
  }
  return out;
}

Json Status::split(const Scene& scene) {
  Json out = Json::array();
  if (!scene.split) return out;
  for (const auto& share : scene.split->split.shares) {
    out.push_back(Json::object()
                      .set("service", share.service)
                      .set("release", share.release)
                      .set("version", version_of(share.release))
                      .set("percent", share.percent)
                      .set("addresses", Json::array_of(share.addresses)));
  }
  return out;
}

Json Status::counts(const Scene& scene) {
  std::set<std::string> shown;
  Json out = Json::array();
  for (const auto& [slot, view] : scene.slots) {
    if (!shown.insert(slot.release).second) continue;
    const auto seen = watcher_.seen(scene.app, slot.release);
    if (!seen) continue;
    out.push_back(Json::object()
                      .set("release", slot.release)
                      .set("version", version_of(slot.release))
                      .set("requests", seen->counts.requests)
                      .set("errors", seen->counts.errors)
                      .set("requests_per_s", seen->rates.requests_per_s)
                      .set("error_rate_percent", seen->rates.error_rate_percent)
                      .set("p50_ms", seen->rates.p50_ms)
                      .set("p95_ms", seen->rates.p95_ms)
                      .set("p99_ms", seen->rates.p99_ms)
                      .set("window_s", seen->rates.window_s));
  }
  return out;
}

void Status::tell_figures() {
  const auto apps = lookout_.apps();
  if (!apps) return;
  house_.metrics.clear("slipway_live_release");
  for (const auto& app : *apps) {
    const auto live = house_.store.live(app);
    if (!live || live->release.empty()) continue;
    house_.metrics.set("slipway_live_release",
                       {{"app", app.app},
                        {"environment", app.environment},
                        {"release", live->release},
                        {"version", version_of(live->release)}},
                       1);
  }
}

}  // namespace slipway::daemon
