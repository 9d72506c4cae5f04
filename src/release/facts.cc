#include "release/facts.h"

#include "ports/workload.h"
#include "release/migrate_steps.h"

namespace slipway::release {
namespace {
constexpr int kHistory = 200;  // how far back a rollback looks for its target

plan::Capabilities merged(const plan::Capabilities& platform, const plan::Capabilities& router) {
  plan::Capabilities out = platform;
  out.weights = router.weights;
  out.drain = router.drain;
  out.maintenance = router.maintenance;
  out.metrics = router.metrics;
  out.edge_settings = router.edge_settings;
  out.latencies = router.latencies;
  out.third_share = platform.third_share && router.third_share;
  out.router_name = router.router_name;
  return out;
}

// Warm: every service of it still has all its instances.
bool is_warm(World& world, const ports::AppRef& app, const plan::LiveRelease& release) {
  const auto settings = config::environment_from_json(release.environment);
  if (!settings) return false;
  for (const auto& service : settings->services) {
    if (!service.listens) continue;
    const auto view = world.instances.observe({app.app, app.environment, service.name, release.id});
    if (!view) return false;
    int running = 0;
    for (const auto& instance : view->instances) {
      if (instance.state == ports::InstanceState::Running) ++running;
    }
    if (running < service.instances) return false;
  }
  return true;
}

// Which kept release a rollback goes to: the named one, else the newest completed one before the
// live.
Result<std::optional<std::string>> rollback_target(World& world, const ports::AppRef& app,
                                                   const ports::LiveRow& live,
                                                   const std::string& wanted) {
  if (wanted.empty() && !live.previous.empty()) {
    const auto bad = TRY(world.store.value("bad/" + live.previous));
    if (!bad) return std::optional<std::string>(live.previous);
  }
  const auto rows = TRY(world.store.releases(app, kHistory));
  for (const auto& row : rows) {
    if (row.kind != "deploy" || row.outcome != "completed" || row.id == live.release) continue;
    if (!wanted.empty()) {
      if (row.version == wanted || row.id == wanted) return std::optional<std::string>(row.id);
      continue;
    }
    const auto bad = TRY(world.store.value("bad/" + row.id));
    if (!bad) return std::optional<std::string>(row.id);
  }
  return std::optional<std::string>();
}

// Of the newest release that a rollback would have gone to, were it not marked bad.
Result<std::string> passed_over(World& world, const ports::AppRef& app, const std::string& live) {
  for (const auto& row : TRY(world.store.releases(app, kHistory))) {
    if (row.kind != "deploy" || row.id == live) continue;
    const auto bad = TRY(world.store.value("bad/" + row.id));
    if (bad)
      return row.version + " (" + row.id +
             ") is bad, and is chosen by name alone: " + bad->text("why");
  }
  return std::string();
}
}  // namespace

Result<plan::LiveRelease> stored_release(World& world, const std::string& id) {
  const auto row = TRY(world.store.release(id));
  // Asked often (the reaper's every turn): only what is needed is taken out of the stored plan.
  const Json* settings = row.plan.find("settings");
  if (settings == nullptr || !settings->is_object()) {
    return Error(Code::Corrupt, "the stored plan of " + id + " has no settings",
                 "restore the state from a backup (slipway state import)");
  }
  plan::LiveRelease release;
  release.id = id;
  release.version = row.version;
  release.environment = *settings;
  for (const auto& [service, digest] : row.plan.at("digests").members()) {
    if (digest.is_string()) release.digests[service] = digest.as_string();
  }
  const auto bad = TRY(world.store.value("bad/" + id));
  release.bad = bad.has_value();
  return release;
}

Result<void> mark_bad(ports::Store& store, const std::string& release, const std::string& why) {
  return store.set_value("bad/" + release, Json::object().set("why", why));
}

Result<void> clear_bad(ports::Store& store, const std::string& release) {
  return store.remove_value("bad/" + release);
}

Result<plan::Facts> gather_facts(World& world, const std::string& app_name,
                                 const config::Environment& environment,
                                 const plan::Request& request) {
  const ports::AppRef app{app_name, environment.name};
  plan::Facts facts;
  facts.capabilities = merged(world.instances.capabilities(), world.router.capabilities());
  const auto live = TRY(world.store.live(app));
  if (!live.release.empty()) facts.live = TRY(stored_release(world, live.release));
  const bool back = request.kind == plan::RequestKind::Rollback;
  const auto target = TRY(rollback_target(world, app, live, back ? request.version : ""));
  if (target) {
    facts.previous = TRY(stored_release(world, *target));
    facts.previous->warm = is_warm(world, app, *facts.previous);
    facts.previous->broken_by = TRY(broken_by(world, app, *target));
  } else if (back && request.version.empty()) {
    facts.passed_over = TRY(passed_over(world, app, live.release));
  }
  if (back) return facts;
  facts.due_contract = TRY(due_contract(world, app));
  for (const auto& service : environment.services) {
    const auto spec = ports::workload_of(environment, service, request.version, "");
    facts.digests[service.name] = TRY(world.artifacts.resolve(spec));
  }
  return facts;
}

}  // namespace slipway::release
