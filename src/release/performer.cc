#include "release/performer.h"

#include "base/assert.h"
#include "plan/gates.h"
#include "ports/workload.h"
#include "release/table.h"

namespace slipway::release {

using plan::StepKind;

ports::Slot Scene::slot(const std::string& service, bool of_old) const {
  ASSERT(!of_old || plan.old.has_value());
  return {app.app, app.environment, service, of_old ? plan.old->id : new_slot};
}

ports::Slot Scene::baseline_slot(const std::string& service) const {
  return {app.app, app.environment, service, ports::baseline_of(release)};
}

ports::Slot Scene::slot(const plan::Step& step) const {
  if (step.of_baseline) return baseline_slot(step.service);
  const bool replaced =
      step.of_old || step.kind == StepKind::Shrink || step.kind == StepKind::Retire;
  return slot(step.service, replaced);
}

const config::Service* Scene::service(const std::string& name, bool of_old) const {
  if (!of_old) return plan.settings.service(name);
  return old ? old->service(name) : nullptr;
}

std::optional<ports::WorkloadSpec> Scene::workload(const std::string& name, bool of_old) const {
  const config::Service* wanted = service(name, of_old);
  if (wanted == nullptr) return std::nullopt;
  const auto& digests = of_old ? plan.old->digests : plan.digests;
  const auto digest = digests.find(name);
  return ports::workload_of(of_old ? *old : plan.settings, *wanted,
                            of_old ? plan.old->version : plan.version,
                            digest == digests.end() ? "" : digest->second);
}

Scene make_scene(World& world, const ports::Lease& lease, const plan::Plan& plan,
                 const std::string& release) {
  Scene scene{world, lease, plan, release, release, std::nullopt, {plan.app, plan.environment}};
  if (!plan.target_release.empty()) scene.new_slot = plan.target_release;
  if (plan.old) {
    auto settings = config::environment_from_json(plan.old->environment);
    if (settings) scene.old = std::move(settings).value();
  }
  return scene;
}

Performer::Performer(Scene scene)
    : scene_(std::move(scene)),
      instances_(scene_),
      traffic_(scene_),
      judge_(scene_, instances_),
      sources_(scene_),
      gates_(scene_),
      hooks_(scene_),
      migrations_(scene_),
      records_(scene_) {}

ports::Outcome Performer::act(const State& state, const OpId& op) {
  const auto& step = step_of(state);
  switch (step.kind) {
    case StepKind::Start:
    case StepKind::Shrink:
    case StepKind::Retire:
      return instances_.act(step, op);
    case StepKind::Shift:
    case StepKind::Maintenance:
      return traffic_.act(step, state, op);
    case StepKind::Promote:
    case StepKind::Notify:
      return records_.act(step, op);
    case StepKind::Judge:
    case StepKind::Gate:
    case StepKind::Hook:
    case StepKind::Migrate:
    case StepKind::Preflight:
    case StepKind::Probe:
    case StepKind::Smoke:
    case StepKind::Drain:
    case StepKind::Watch:
      break;  // these only look, unless the split has to be another one meanwhile
  }
  return turns(step, state) ? traffic_.turn(state, op) : ports::Outcome::applied();
}

Sight Performer::look(const State& state) {
  const auto& step = step_of(state);
  if (const auto split = turned(step, state)) return *split;
  switch (step.kind) {
    case StepKind::Start:
    case StepKind::Probe:
    case StepKind::Shrink:
    case StepKind::Retire:
      return instances_.look(step);
    case StepKind::Shift:
    case StepKind::Maintenance:
    case StepKind::Drain:
      return traffic_.look(step, state);
    case StepKind::Judge:
    case StepKind::Watch:
      return judged(step, state);
    case StepKind::Hook:
      return hooks_.look(step, state);
    case StepKind::Migrate:
      return migrations_.look(step);
    case StepKind::Gate:
      return gate(step, state);
    case StepKind::Preflight:
    case StepKind::Smoke:
    case StepKind::Promote:
    case StepKind::Notify:
      return records_.look(step);
  }
  return Sight::settled();
}

// A step that only looks has attempts where the split had to be another one meanwhile.
bool Performer::turns(const plan::Step& step, const State& state) const {
  return !has_act(step.kind) && state.attempt > 0 &&
         shift_before(scene_.plan, state.step) != nullptr;
}

// The split may have been turned within a step that only looks: that goes on once it is as it
// should be.
std::optional<Sight> Performer::turned(const plan::Step& step, const State& state) {
  const std::pair now{state.step, state.attempt};
  if (!turns(step, state) || turned_ == now) return std::nullopt;
  Sight split = traffic_.look_turned(state);
  if (split.kind != EventKind::Settled) return split;
  turned_ = now;
  return std::nullopt;
}

Sight Performer::judged(const plan::Step& step, const State& state) {
  if (state.word) return Sight::settled("promoted by hand");
  return sources_.weigh(step, state,
                        sources_.alone(state) ? judge_.guard(state) : judge_.look(step, state));
}

Sight Performer::guard(const State& state) {
  const Sight judged = judge_.guard(state);
  if (judged.kind != EventKind::Settled) return judged;
  return sources_.guard(state);
}

// What waited for days may have changed meanwhile: the files are looked at once more. Where the new
// release has traffic already, its thresholds hold while a gate waits.
Sight Performer::gate(const plan::Step& step, const State& state) {
  const Sight guarded = guard(state);
  if (guarded.kind == EventKind::Bad || guarded.kind == EventKind::Lost) return guarded;
  const Sight sight = gates_.look(step);
  if (sight.kind != EventKind::Settled || !plan::is_before_changes(scene_.plan, step)) return sight;
  if (plan::check_of(scene_.plan, step) == nullptr) {
    const Sight earlier = gates_.still_open(step);
    if (earlier.kind != EventKind::Settled) return earlier;
  }
  plan::Step preflight = step;
  preflight.kind = StepKind::Preflight;
  const Sight again = records_.look(preflight);
  return again.kind == EventKind::Settled ? sight : again;
}

std::vector<std::pair<std::string, Json>> Performer::to_keep() const {
  auto out = judge_.to_keep();
  const auto& more = migrations_.to_keep();
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

void Performer::kept() {
  judge_.kept();
  migrations_.kept();
}

ports::Outcome Performer::undo(const State& state, const OpId& op) {
  const auto& step = step_of(state);
  if (step.kind == StepKind::Shift || step.kind == StepKind::Maintenance)
    return traffic_.undo(step, op);
  if (step.kind == StepKind::Promote) return records_.undo();
  // Looking at these does it.
  if (step.kind == StepKind::Hook || step.kind == StepKind::Migrate)
    return ports::Outcome::applied();
  return instances_.undo(step, op);
}

Sight Performer::look_undone(const State& state) {
  const auto& step = step_of(state);
  if (step.kind == StepKind::Shift || step.kind == StepKind::Maintenance)
    return traffic_.look_undone(step);
  if (step.kind == StepKind::Promote) return records_.look_undone();
  if (step.kind == StepKind::Hook) return hooks_.look_undone(step, state);
  if (step.kind == StepKind::Migrate) return migrations_.look_undone(step);
  return instances_.look_undone(step, state);
}

}  // namespace slipway::release
