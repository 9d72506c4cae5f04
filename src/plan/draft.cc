#include "plan/draft.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace slipway::plan {
namespace {
constexpr Millis kLook{30'000};       // a read-only look at platform and router
constexpr Millis kStart{60'000};      // until the platform shows the instances
constexpr Millis kWrite{10'000};      // one write to router or store, read back
constexpr Millis kSlack{5'000};       // for everything a deadline cannot know
constexpr Millis kUnprobed{10'000};   // a service without a health path: running is enough
constexpr Millis kStopSlack{30'000};  // beyond the service's own stop time

bool is_probed(const config::Service& service) {
  return service.listens && service.health && !service.health->path.empty();
}

}  // namespace

Millis probe_deadline(const config::Service& service) {
  if (!is_probed(service)) return kUnprobed;
  const auto& health = *service.health;
  return health.start_period + health.healthy * health.interval + health.timeout + kSlack;
}

namespace {

std::string probe_text(const config::Service& service, int count) {
  const std::string who = fmt::format("{} of {} {}", count_of(count, "instance"), service.name,
                                      count == 1 ? "is" : "are");
  if (!is_probed(service)) return fmt::format("wait until {} running", who);
  return fmt::format("wait until {} ready ({} in a row from {})", who,
                     count_of(service.health->healthy, "good answer"), service.health->path);
}
}  // namespace

std::string percent_id(double percent) {
  return replace_all(fmt::format("{:g}", percent), ".", "_");
}

const config::Service* Draft::replaced(std::string_view service) const {
  const auto found = std::find_if(replaced_.begin(), replaced_.end(),
                                  [&](const auto& old) { return old.name == service; });
  return found == replaced_.end() ? nullptr : &*found;
}

std::string Draft::old_name() const {
  ASSERT(plan_.old);
  if (plan_.old->version != plan_.version) return plan_.old->version;
  return fmt::format("{} ({})", plan_.old->version, plan_.old->id);
}

void Draft::add(Step step) {
  ASSERT(step.undoable == !step.undo_text.empty());
  plan_.steps.push_back(std::move(step));
}

void Draft::preflight() {
  Step step{.id = "preflight", .kind = StepKind::Preflight, .deadline = kLook};
  step.text = "look whether everything this release needs is there";
  add(std::move(step));
}

void Draft::start(const config::Service& service) {
  Step step{.id = "start-" + service.name, .kind = StepKind::Start, .service = service.name};
  step.count = service.instances;
  step.deadline = kStart;
  step.undoable = true;
  step.text = fmt::format("start {} of {} {}", count_of(service.instances, "instance"),
                          service.name, plan_.version);
  step.undo_text = service.instances == 1 ? "stop it" : "stop them";
  add(std::move(step));
}

void Draft::start_batch(const config::Service& service, int batch, int count, int before) {
  Step step{.id = fmt::format("start-{}-{}", service.name, batch), .kind = StepKind::Start};
  step.service = service.name;
  step.count = count;
  step.undo_count = before;
  step.deadline = kStart;
  step.undoable = true;
  step.text = fmt::format("start {} of {} {} ({} of {})", count_of(count - before, "instance"),
                          service.name, plan_.version, count, service.instances);
  step.undo_text = count - before == 1 ? "stop it" : "stop them";
  add(std::move(step));
}

void Draft::probe(const config::Service& service) {
  Step step{.id = "probe-" + service.name, .kind = StepKind::Probe, .service = service.name};
  step.count = service.instances;
  step.deadline = probe_deadline(service);
  step.text = probe_text(service, service.instances);
  add(std::move(step));
}

void Draft::probe_batch(const config::Service& service, int batch, int count) {
  Step step{.id = fmt::format("probe-{}-{}", service.name, batch), .kind = StepKind::Probe};
  step.service = service.name;
  step.count = count;
  step.deadline = probe_deadline(service);
  step.text = probe_text(service, count);
  add(std::move(step));
}

// One good answer is enough of a colour that was serving a moment ago: going back is urgent.
void Draft::probe_warm(const config::Service& service) {
  if (!is_probed(service)) return;
  Step step{.id = "probe-" + service.name, .kind = StepKind::Probe, .service = service.name};
  step.count = service.instances;
  step.successes = 1;
  step.deadline = service.health->timeout + kSlack;
  step.text = fmt::format("ask {} {} once whether it is still healthy ({})", service.name,
                          plan_.version, service.health->path);
  add(std::move(step));
}

void Draft::smoke() {
  if (plan_.settings.smoke.empty()) return;
  Step step{.id = "smoke", .kind = StepKind::Smoke, .deadline = kSlack};
  for (const auto& check : plan_.settings.smoke) step.deadline += check.timeout;
  step.text = fmt::format("run {} against the new instances, before they get traffic",
                          count_of(std::ssize(plan_.settings.smoke), "smoke check"));
  add(std::move(step));
}

void Draft::smoke_batch(const config::Service& service) {
  Step step{.id = "smoke-" + service.name, .kind = StepKind::Smoke, .service = service.name};
  const auto checks = smoke_of(plan_, step);
  if (checks.empty()) return;
  step.deadline = kSlack;
  for (const auto& check : checks) step.deadline += check.timeout;
  step.text = fmt::format("run {} against the first new instances of {}",
                          count_of(std::ssize(checks), "smoke check"), service.name);
  add(std::move(step));
}

void Draft::post_smoke() {
  Step step{.id = "post-smoke", .kind = StepKind::Smoke, .deadline = kSlack};
  const auto checks = smoke_of(plan_, step);
  if (checks.empty()) return;
  for (const auto& check : checks) step.deadline += check.timeout;
  step.text = fmt::format("run {} again, now that {} is live",
                          count_of(std::ssize(checks), "HTTP smoke check"), plan_.version);
  add(std::move(step));
}

void Draft::shift(double percent) {
  Step step{.id = "shift-" + percent_id(percent), .kind = StepKind::Shift, .percent = percent};
  step.deadline = kWrite;
  step.undoable = true;
  step.undo_to_maintenance = in_maintenance_;
  step.text = percent == 100
                  ? fmt::format("all traffic to {}", plan_.version)
                  : fmt::format("{} of the traffic to {}", percent_text(percent), plan_.version);
  if (percent < 100 && wants_baseline()) {
    step.baseline = baseline_percent(percent);
    step.text += fmt::format(", {} to the fresh {}", percent_text(step.baseline), old_name());
  }
  if (in_maintenance_) {
    step.text += ", maintenance page away";
    step.undo_text = "the maintenance page again";
  } else {
    step.undo_text = has_old() ? fmt::format("all traffic back to {}", old_name())
                               : "no traffic to anything, as before";
  }
  add(std::move(step));
}

void Draft::shift_batch(Step step) {
  step.kind = StepKind::Shift;
  step.deadline = kWrite;
  step.undoable = true;
  step.text = fmt::format("{} of the traffic of {} to {}", percent_text(step.percent), step.service,
                          plan_.version);
  step.undo_text = step.percent == 100 && step.old_count <= 0 && replaced(step.service) == nullptr
                       ? fmt::format("no traffic to {}, as before", step.service)
                       : fmt::format("all of it back to {}", old_name());
  add(std::move(step));
}

void Draft::judge(const std::string& of) {
  const auto& judge = plan_.settings.rollout.judge;
  if (judge.period.count() == 0) return;
  Step step{.id = "judge-" + of, .kind = StepKind::Judge, .duration = judge.period};
  step.deadline = judge.deadline.count() > 0 ? judge.deadline : 3 * judge.period;
  step.text = fmt::format("judge {} for {} on what the router counts", plan_.version,
                          to_text(judge.period));
  if (of != "100" && wants_baseline())
    step.text += fmt::format(", beside the fresh {}", old_name());
  add(std::move(step));
}

void Draft::promote() {
  Step step{.id = "promote", .kind = StepKind::Promote, .deadline = kWrite, .undoable = true};
  step.text = fmt::format("{} is the live release", plan_.version);
  step.undo_text = has_old() ? fmt::format("{} is the live release again", old_name())
                             : "no release is live, as before";
  add(std::move(step));
}

void Draft::watch() {
  if (plan_.settings.watch.count() == 0) return;
  Step step{.id = "watch", .kind = StepKind::Watch, .duration = plan_.settings.watch};
  step.text = fmt::format("watch {} for {}; what roll_back_when names takes it back", plan_.version,
                          to_text(step.duration));
  add(std::move(step));
}

void Draft::maintenance() {
  Step step{.id = "maintenance", .kind = StepKind::Maintenance, .deadline = kWrite};
  step.undoable = true;
  step.text = "show the maintenance page";
  step.undo_text = fmt::format("maintenance page away, all traffic back to {}", old_name());
  in_maintenance_ = true;
  add(std::move(step));
}

void Draft::drain_old() {
  if (!can_.drain || !has_old()) return;
  Step step{.id = "drain-old", .kind = StepKind::Drain, .of_old = true};
  for (const auto& old : replaced_) {
    if (old.listens) step.duration = std::max(step.duration, old.drain);
  }
  if (step.duration.count() == 0) return;
  step.deadline = step.duration + kSlack;
  step.on_failure = OnFailure::GoOn;
  step.text = fmt::format("wait until {} has answered its last request, at most {}", old_name(),
                          to_text(step.duration));
  add(std::move(step));
}

void Draft::drain_batch(const config::Service& old, int batch, int leaving) {
  if (!can_.drain || !old.listens || old.drain.count() == 0) return;
  Step step{.id = fmt::format("drain-{}-{}", old.name, batch), .kind = StepKind::Drain};
  step.service = old.name;
  step.of_old = true;
  step.duration = old.drain;
  step.deadline = old.drain + kSlack;
  step.on_failure = OnFailure::GoOn;
  step.text =
      fmt::format("wait until {} of {} {} that left {} answered the last request, at most {}",
                  count_of(leaving, "instance"), old.name, old_name(),
                  leaving == 1 ? "has" : "have", to_text(old.drain));
  add(std::move(step));
}

void Draft::shrink_batch(const config::Service& old, int batch, int count, int before) {
  Step step{.id = fmt::format("shrink-{}-{}", old.name, batch), .kind = StepKind::Shrink};
  step.service = old.name;
  step.of_old = true;
  step.count = count;
  step.undo_count = before;
  step.deadline = old.stop.timeout + kStopSlack;
  step.undoable = true;
  step.text = fmt::format("stop {} of {} {} ({} left)", count_of(before - count, "instance"),
                          old.name, old_name(), count == 0 ? "none" : std::to_string(count));
  step.undo_text = before - count == 1 ? "start it again" : "start them again";
  add(std::move(step));
}

void Draft::retire_before_end(const config::Service& old) {
  Step step{.id = "retire-old-" + old.name, .kind = StepKind::Retire, .service = old.name};
  step.of_old = true;
  step.undo_count = old.instances;
  step.deadline = old.stop.timeout + kStopSlack;
  step.undoable = true;
  step.text =
      fmt::format("stop {} of {} {}", count_of(old.instances, "instance"), old.name, old_name());
  step.undo_text = old.instances == 1 ? "start it again" : "start them again";
  add(std::move(step));
}

void Draft::retire_at_end(const config::Service& old) {
  Step step{.id = "retire-old-" + old.name, .kind = StepKind::Retire, .service = old.name};
  step.of_old = true;
  step.deadline = old.stop.timeout + kStopSlack;
  step.on_failure = OnFailure::GoOn;
  step.text =
      fmt::format("stop {} of {} {}", count_of(old.instances, "instance"), old.name, old_name());
  add(std::move(step));
}

void Draft::notify() {
  Step step{.id = "notify", .kind = StepKind::Notify, .deadline = kLook};
  step.on_failure = OnFailure::GoOn;
  step.text = "tell that it is done";
  add(std::move(step));
}

Plan Draft::finish() {
  weave_hooks(plan_);
  plan_.hash = hash_of(plan_);
  return std::move(plan_);
}

}  // namespace slipway::plan
