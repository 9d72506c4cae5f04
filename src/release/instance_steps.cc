// Start, Probe, Shrink, Retire: what the platform runs.
#include <algorithm>

#include "base/text.h"
#include "release/performer.h"

namespace slipway::release {

using plan::StepKind;
using ports::Instance;
using ports::InstanceState;

namespace {
constexpr Millis kLookSoon{10};
constexpr Millis kLookLater{250};
constexpr Millis kConfirmAtMost{100};  // between the first success and the ones that confirm it

bool runs(const Instance& instance) {
  return instance.state == InstanceState::Starting || instance.state == InstanceState::Running;
}

const Instance* with_index(const ports::SlotView& view, int index) {
  for (const auto& instance : view.instances) {
    if (instance.index == index) return &instance;
  }
  return nullptr;
}
}  // namespace

ports::Outcome InstanceSteps::act(const plan::Step& step, const OpId& op) {
  const auto slot = scene_.slot(step);
  if (step.kind == StepKind::Retire) return scene_.world.instances.retire(slot, op);
  const bool of_old = step.of_old || step.of_baseline || step.kind == StepKind::Shrink;
  const auto spec = scene_.workload(step.service, of_old);
  if (!spec)
    return ports::Outcome::not_applied(Error(Code::NotFound, "no service named " + step.service));
  const auto same = step.of_baseline ? is_unchanged(*spec) : ok();
  if (!same) return ports::Outcome::not_applied(same.error());
  return scene_.world.instances.ensure(slot, *spec, step.count, op);
}

Result<void> InstanceSteps::is_unchanged(const ports::WorkloadSpec& spec) const {
  const auto digest = TRY(scene_.world.artifacts.resolve(spec));
  if (spec.digest.empty() || digest == spec.digest) return ok();
  return Error(Code::Conflict,
               "the files of " + spec.version + " are not those it was released with",
               "keep the folder of a version as it is while the version is live");
}

// Every wanted instance has been started; whether it is ready is the probe's question.
Sight InstanceSteps::started(const ports::Slot& slot, int count) {
  const auto view = scene_.world.instances.observe(slot);
  if (!view) return Sight::pending(view.error().what, kLookLater);
  for (int i = 0; i < count; ++i) {
    const Instance* instance = with_index(*view, i);
    if (instance == nullptr || instance->state == InstanceState::Gone) {
      return Sight::absent("instance " + std::to_string(i) + " of " + slot.service +
                           " is not there");
    }
    if (instance->state == InstanceState::Draining)
      return Sight::pending(instance->id + " is stopping", kLookSoon);
    if (instance->state == InstanceState::Failed)
      return Sight::bad(instance->id + " " + instance->why);
    if (instance->state == InstanceState::Starting)
      return Sight::pending(instance->id + " is starting", kLookSoon);
  }
  return Sight::settled();
}

// What was started again has to prove itself again.
InstanceSteps::Streak& InstanceSteps::streak_of(const Instance& instance) {
  return streaks_[instance.id + " " + std::to_string(instance.restarts)];
}

bool InstanceSteps::probe_once(const Instance& instance, const config::Health& health, int needed,
                               std::string& why) {
  auto& streak = streak_of(instance);
  if (streak.successes >= needed) return true;
  const auto seen = scene_.world.probe.look(instance.address, health);
  streak.looks += 1;
  streak.successes = seen.healthy ? streak.successes + 1 : 0;
  if (!seen.healthy) why = instance.id + ": " + seen.why;
  return streak.successes >= needed;
}

Sight InstanceSteps::ready(const ports::Slot& slot, const config::Service& service, int count,
                           int successes) {
  const Sight running = started(slot, count);
  if (running.kind == EventKind::Absent) return Sight::bad(running.why);
  if (running.kind != EventKind::Settled || !service.health) return running;
  const auto view = scene_.world.instances.observe(slot);
  if (!view) return Sight::pending(view.error().what, kLookLater);
  int ready_count = 0;
  int most_looks = 0;
  std::string why;
  for (const auto& instance : view->instances) {
    if (instance.index >= count) continue;
    if (probe_once(instance, *service.health, successes, why)) ++ready_count;
    most_looks = std::max(most_looks, streak_of(instance).looks);
  }
  if (ready_count >= count) return Sight::settled(count_of(count, "instance") + " ready");
  std::string text = std::to_string(ready_count) + " of " + std::to_string(count) + " ready";
  if (!why.empty()) text += "; " + why;
  // A new instance is asked often at first: it costs little and users wait for the answer.
  const Millis eager = kLookSoon * (1 << std::min(most_looks, 6));
  const Millis pause = why.empty() ? std::min(kConfirmAtMost, service.health->interval)
                                   : std::min(eager, service.health->interval);
  return Sight::pending(text, pause);
}

Sight InstanceSteps::look(const plan::Step& step) {
  if (step.kind == StepKind::Start) return started(scene_.slot(step), step.count);
  if (step.kind == StepKind::Shrink) return shrunk(scene_.slot(step.service, true), step.count);
  if (step.kind == StepKind::Retire) return emptied(scene_.slot(step), 0, 0, Millis(0));
  const auto* service = scene_.service(step.service, step.of_old || step.of_baseline);
  if (service == nullptr) return Sight::bad("no service named " + step.service);
  const int needed =
      step.successes > 0 ? step.successes : (service->health ? service->health->healthy : 1);
  return ready(scene_.slot(step), *service, step.count, needed);
}

Sight InstanceSteps::shrunk(const ports::Slot& slot, int count) {
  const auto view = scene_.world.instances.observe(slot);
  if (!view) return Sight::pending(view.error().what, kLookLater);
  bool stopping = false;
  for (const auto& instance : view->instances) {
    if (instance.index < count) continue;
    if (runs(instance)) return Sight::absent(instance.id + " still runs");
    stopping = stopping || instance.state == InstanceState::Draining;
  }
  return stopping ? Sight::pending("the old ones are stopping", kLookSoon) : Sight::settled();
}

// Nothing from index `first` on runs any more; requests still under way there are waited for, up to
// `drain`.
Sight InstanceSteps::emptied(const ports::Slot& slot, int first, std::int64_t since_ms,
                             Millis drain) {
  const auto view = scene_.world.instances.observe(slot);
  if (!view) return Sight::pending(view.error().what, kLookLater);
  std::vector<std::string> addresses;
  bool any = false;
  bool stopping = false;
  for (const auto& instance : view->instances) {
    if (instance.index < first) continue;
    any = any || runs(instance);
    stopping = stopping || instance.state == InstanceState::Draining;
    addresses.push_back(instance.address);
  }
  if (!any)
    return stopping ? Sight::pending(slot.service + " is stopping", kLookSoon) : Sight::settled();
  const bool patient =
      since_ms != 0 && to_unix_ms(scene_.world.clock.now()) - since_ms < drain.count();
  const auto draining = scene_.world.router.observe_drain(scene_.app);
  if (patient && draining) {
    for (const auto& one : draining->draining) {
      const bool here =
          std::find(addresses.begin(), addresses.end(), one.address) != addresses.end();
      if (one.service != slot.service || one.release != slot.release || one.in_flight == 0 || !here)
        continue;
      return Sight::pending(count_of(one.in_flight, "request") + " still running at " + one.address,
                            kLookSoon);
    }
  }
  return Sight::absent(slot.service + " of " + slot.release + " still runs");
}

ports::Outcome InstanceSteps::stop_started(const plan::Step& step, const OpId& op) {
  const auto slot = scene_.slot(step);
  const int before = step.undo_count;
  if (before == 0) return scene_.world.instances.retire(slot, op);
  const auto spec = scene_.workload(step.service, step.of_old);
  if (!spec) return ports::Outcome::applied();
  return scene_.world.instances.ensure(slot, *spec, before, op);
}

ports::Outcome InstanceSteps::undo(const plan::Step& step, const OpId& op) {
  if (step.kind == StepKind::Start) return stop_started(step, op);
  // Shrink and Retire: the old ones again, all of them, so that one undo restores full capacity.
  const auto spec = scene_.workload(step.service, true);
  const auto* service = scene_.service(step.service, true);
  if (!spec || service == nullptr) return ports::Outcome::applied();
  streaks_.clear();
  return scene_.world.instances.ensure(scene_.slot(step.service, true), *spec, service->instances,
                                       op);
}

Sight InstanceSteps::look_undone(const plan::Step& step, const State& state) {
  const bool of_old = step.kind != StepKind::Start || step.of_old || step.of_baseline;
  const auto* service = scene_.service(step.service, of_old);
  if (service == nullptr) return Sight::settled();
  if (step.kind == StepKind::Start) {
    return emptied(scene_.slot(step), step.undo_count, state.since_ms, service->drain);
  }
  const auto slot = scene_.slot(step.service, true);
  const Sight there = started(slot, service->instances);
  // A dead one among them is brought back by asking again.
  if (there.kind == EventKind::Bad) return Sight::absent(there.why);
  if (there.kind != EventKind::Settled) return there;
  return ready(slot, *service, service->instances, 1);
}

int InstanceSteps::failures_of(const std::string& key, const Instance& instance,
                               const config::Health& health, std::string& why) {
  const Millis now = scene_.world.clock.monotonic();
  auto& streak = streaks_[key];
  if (instance.state != InstanceState::Running || now - streak.last < health.interval)
    return streak.failures;
  streak.last = now;
  const auto seen = scene_.world.probe.look(instance.address, health);
  streak.failures = seen.healthy ? 0 : streak.failures + 1;
  why = seen.why;
  return streak.failures;
}

Sight InstanceSteps::still_healthy() {
  for (const auto& service : scene_.plan.settings.services) {
    if (!service.health) continue;
    const auto view = scene_.world.instances.observe(scene_.slot(service.name, false));
    if (!view) continue;  // the platform does not answer: that says nothing about the release
    for (const auto& instance : view->instances) {
      if (instance.state == InstanceState::Failed)
        return Sight::judged_bad(instance.id + " " + instance.why);
      std::string why;
      const int failures = failures_of("watch " + instance.id, instance, *service.health, why);
      if (failures < service.health->unhealthy) continue;
      return Sight::judged_bad("health failing: " + instance.id + " failed " +
                               count_of(failures, "probe") + " in a row: " + why);
    }
  }
  return Sight::settled();
}

// What has been stopped for this release is started and probed again before it is gone back to.
bool InstanceSteps::old_answers() {
  if (!scene_.old) return true;
  for (const auto& service : scene_.old->services) {
    if (!service.listens || !service.health) continue;
    const auto view = scene_.world.instances.observe(scene_.slot(service.name, true));
    if (!view) continue;
    int asked = 0;
    int silent = 0;
    for (const auto& instance : view->instances) {
      const bool failed = instance.state == InstanceState::Failed;
      if (!failed && instance.state != InstanceState::Running) continue;
      ++asked;
      std::string why;
      const int failures = failures_of("old " + instance.id, instance, *service.health, why);
      if (failed || failures >= service.health->unhealthy) ++silent;
    }
    if (asked > 0 && silent == asked) return false;
  }
  return true;
}

std::optional<std::string> InstanceSteps::why_baseline_fell() {
  if (!scene_.old) return std::nullopt;
  for (const auto& step : scene_.plan.steps) {
    if (!step.of_baseline || step.kind != StepKind::Start) continue;
    const auto* service = scene_.service(step.service, true);
    const auto view = scene_.world.instances.observe(scene_.slot(step));
    if (!view || service == nullptr) continue;
    for (int i = 0; i < step.count; ++i) {
      const Instance* instance = with_index(*view, i);
      if (instance == nullptr) return step.service + " has only " + count_of(i, "instance");
      const int known = restarts_.try_emplace(instance->id, instance->restarts).first->second;
      if (instance->state != InstanceState::Running || instance->restarts != known)
        return instance->id + " has ended" + (instance->why.empty() ? "" : ": " + instance->why);
      if (!service->health) continue;
      std::string why;
      const int failures =
          failures_of("baseline " + instance->id, *instance, *service->health, why);
      if (failures >= service->health->unhealthy)
        return instance->id + " failed " + count_of(failures, "probe") + " in a row: " + why;
    }
  }
  return std::nullopt;
}

}  // namespace slipway::release
