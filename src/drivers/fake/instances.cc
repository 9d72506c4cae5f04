#include <algorithm>

#include "drivers/fake/drivers.h"
#include "drivers/fake/write.h"

namespace slipway::drivers::fake {
namespace {
using ports::InstanceState;

int behaviour_for(const Script& script, const ports::Slot& slot, const std::string& version) {
  for (std::size_t i = 0; i < script.behaviours.size(); ++i) {
    const auto& entry = script.behaviours[i];
    if (!entry.service.empty() && entry.service != slot.service) continue;
    if (!entry.release.empty() && entry.release != slot.release) continue;
    if (!entry.version.empty() && entry.version != version) continue;
    return static_cast<int>(i);
  }
  return -1;
}

FakeSlot& slot_for(World& world, const ports::Slot& slot, const ports::WorkloadSpec& spec) {
  for (auto& known : world.slots) {
    if (known.slot == slot) return known;
  }
  FakeSlot fresh{.slot = slot, .version = spec.version, .last_op = {}, .listens = spec.listens};
  fresh.behaviour = behaviour_for(*world.script, slot, spec.version);
  world.slots.push_back(std::move(fresh));
  return world.slots.back();
}

// What is gone or failed makes room: a failed one is started again under its index.
void forget_gone(const World& world, FakeSlot& slot, Millis now) {
  std::erase_if(slot.instances, [&](const auto& instance) {
    return state_of(world, slot, instance, now) == InstanceState::Gone;
  });
}

void start_one(World& world, FakeInstance& instance, bool listens, const std::string& op,
               Millis now) {
  if (listens && instance.port == 0)
    instance.port = world.next_port++;  // a restart keeps its address
  instance.started = now;
  instance.op = op;
  ++world.starts;
}

void start_index(World& world, FakeSlot& slot, int index, const std::string& op, Millis now) {
  for (auto& instance : slot.instances) {
    if (instance.index != index || instance.stopping.count() >= 0) continue;
    if (state_of(world, slot, instance, now) != InstanceState::Failed) return;
    ++instance.restarts;
    return start_one(world, instance, slot.listens, op, now);
  }
  slot.instances.push_back({.index = index, .op = op});
  start_one(world, slot.instances.back(), slot.listens, op, now);
}

void stop_from(FakeSlot& slot, int first, Millis now) {
  for (auto& instance : slot.instances) {
    if (instance.index >= first && instance.stopping.count() < 0) instance.stopping = now;
  }
}

ports::Instance view_of(const World& world, const FakeSlot& slot, const FakeInstance& instance,
                        Millis now) {
  ports::Instance view;
  view.id = slot.slot.service + "/" + slot.slot.release + "/" + std::to_string(instance.index);
  view.index = instance.index;
  view.address = address_of(instance);
  view.state = state_of(world, slot, instance, now);
  view.restarts = instance.restarts;
  view.op = instance.op;
  if (view.state == InstanceState::Failed) {
    view.why = "exit status 1: " + behaviour_of(world, slot).last_lines;
  }
  return view;
}
}  // namespace

std::vector<ports::Finding> FakeInstances::preflight(const plan::Plan&) { return {}; }

Result<ports::SlotView> FakeInstances::observe(const ports::Slot& slot) {
  if (seam_.ask(Call::Observe, When::Before) != Fault::None) return scripted_error(Call::Observe);
  ports::SlotView view;
  const FakeSlot* known = find_slot(seam_.world, slot);
  if (known == nullptr) return view;
  const Millis now = seam_.clock.monotonic();
  for (const auto& instance : known->instances) {
    ports::Instance seen = view_of(seam_.world, *known, instance, now);
    if (seen.state != InstanceState::Gone) view.instances.push_back(std::move(seen));
  }
  std::stable_sort(view.instances.begin(), view.instances.end(),
                   [](const auto& a, const auto& b) { return a.index < b.index; });
  return view;
}

ports::Outcome FakeInstances::ensure(const ports::Slot& slot, const ports::WorkloadSpec& spec,
                                     int count, const OpId& op) {
  return write(seam_, Call::Ensure, op.step, [&] {
    const Millis now = seam_.clock.monotonic();
    count_until(seam_.world, now);
    FakeSlot& known = slot_for(seam_.world, slot, spec);
    const std::string stamp = op.text();
    if (known.last_op == stamp) return ports::Outcome::applied();
    forget_gone(seam_.world, known, now);
    for (int index = 0; index < count; ++index) {
      start_index(seam_.world, known, index, stamp, now);
    }
    stop_from(known, count, now);
    known.last_op = stamp;
    return ports::Outcome::applied();
  });
}

ports::Outcome FakeInstances::retire(const ports::Slot& slot, const OpId& op) {
  return write(seam_, Call::Retire, op.step, [&] {
    const Millis now = seam_.clock.monotonic();
    count_until(seam_.world, now);
    for (auto& known : seam_.world.slots) {
      if (known.slot != slot) continue;
      forget_gone(seam_.world, known, now);
      stop_from(known, 0, now);
      known.last_op = op.text();
    }
    return ports::Outcome::applied();
  });
}

Result<std::vector<ports::Slot>> FakeInstances::slots(const std::string& app,
                                                      const std::string& environment) {
  if (seam_.ask(Call::Slots, When::Before) != Fault::None) return scripted_error(Call::Slots);
  const Millis now = seam_.clock.monotonic();
  std::vector<ports::Slot> found;
  for (const auto& known : seam_.world.slots) {
    if (known.slot.app != app || known.slot.environment != environment) continue;
    const bool any =
        std::any_of(known.instances.begin(), known.instances.end(), [&](const auto& instance) {
          return state_of(seam_.world, known, instance, now) != InstanceState::Gone;
        });
    if (any) found.push_back(known.slot);
  }
  return found;
}

ports::Outcome FakeInstances::run_once(const ports::TaskSpec& task, const OpId& op) {
  return write(seam_, Call::RunOnce, op.step, [&] {
    for (const auto& known : seam_.world.tasks) {
      if (known.op == op) return ports::Outcome::applied();
    }
    // "exit 3" ends with 3; everything else succeeds: enough to tell success from failure.
    const int status =
        task.workload.run.rfind("exit ", 0) == 0 ? std::atoi(task.workload.run.c_str() + 5) : 0;
    seam_.world.tasks.push_back({op, seam_.clock.monotonic() + Millis(100), status});
    return ports::Outcome::applied();
  });
}

Result<ports::TaskView> FakeInstances::observe_once(const OpId& op) {
  if (seam_.ask(Call::ObserveOnce, When::Before) != Fault::None) {
    return scripted_error(Call::ObserveOnce);
  }
  ports::TaskView view;
  for (const auto& task : seam_.world.tasks) {
    if (task.op != op) continue;
    using State = ports::TaskView::State;
    if (seam_.clock.monotonic() < task.ends) {
      view.state = State::Running;
      return view;
    }
    view.state = task.exit_code == 0 ? State::Succeeded : State::Failed;
    view.exit_code = task.exit_code;
  }
  return view;
}

Result<std::vector<std::string>> FakeInstances::output(const ports::Slot& slot, int lines) {
  std::vector<std::string> out;
  auto view = observe(slot);
  if (!view) return std::move(view).error();
  for (const auto& instance : view->instances) {
    if (std::ssize(out) >= lines) break;
    out.push_back(instance.id + " | " + (instance.why.empty() ? "started" : instance.why));
  }
  return out;
}

}  // namespace slipway::drivers::fake
