// The fresh baseline of a canary: instances of the old release that are as young as the canary's,
// get as much of the traffic, and are what it is judged beside. It only measures: whatever goes
// wrong with it, the release goes on without it, beside the old release as it runs.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "plan/draft.h"

namespace slipway::plan {
namespace {
constexpr Millis kStart{60'000};
constexpr Millis kSlack{5'000};
constexpr Millis kStopSlack{30'000};

Step step_of(const char* what, StepKind kind, const std::string& service) {
  Step step{.id = std::string("baseline-") + what, .kind = kind, .service = service};
  if (!service.empty()) step.id += "-" + service;
  step.of_baseline = true;
  step.on_failure = OnFailure::DoWithout;
  return step;
}
}  // namespace

double baseline_percent(double canary) { return std::min(canary, (100 - canary) / 2); }

Result<void> check_baseline(const Capabilities& can, const config::Environment& settings) {
  const auto& rollout = settings.rollout;
  if (rollout.judge.baseline == config::Baseline::Old || can.third_share) return ok();
  const auto name = [](const std::string& given, const char* word) {
    return given.empty() ? std::string(word) : given;
  };
  return Error(
      Code::Unsupported,
      fmt::format("judge.baseline: fresh needs a third release beside the old and the new "
                  "one, with a share of the traffic of its own, and {} with {} cannot "
                  "do that",
                  name(can.platform_name, "the platform"), name(can.router_name, "the router")),
      "use judge.baseline: old, or a platform and a router with the capability third_share");
}

// What the router does not tell apart (a worker), and what is new, has nothing to be compared with.
std::vector<const config::Service*> Draft::baseline_services() const {
  std::vector<const config::Service*> out;
  for (const auto& service : plan_.settings.services) {
    const auto* old = replaced(service.name);
    if (service.listens && old != nullptr && old->listens) out.push_back(old);
  }
  return out;
}

bool Draft::wants_baseline() const {
  const auto& rollout = plan_.settings.rollout;
  return plan_.kind == RequestKind::Deploy && plan_.strategy == config::Strategy::Canary &&
         rollout.judge.baseline == config::Baseline::Fresh && rollout.judge.period.count() > 0 &&
         has_old() && !baseline_services().empty();
}

// As many as the canary has, so that each instance of either answers as many requests.
void Draft::start_baseline() {
  if (!wants_baseline()) return;
  for (const auto* old : baseline_services()) {
    const int count = plan_.settings.service(old->name)->instances;
    const std::string who = count_of(count, "fresh instance") + " of " + old->name;
    Step start = step_of("start", StepKind::Start, old->name);
    start.count = count;
    start.deadline = kStart;
    start.undoable = true;
    start.text = fmt::format("start {} {}, to judge {} beside", who, old_name(), plan_.version);
    start.undo_text = count == 1 ? "stop it" : "stop them";
    add(std::move(start));
    Step probe = step_of("probe", StepKind::Probe, old->name);
    probe.count = count;
    probe.deadline = probe_deadline(*old);
    probe.text = fmt::format("wait until {} {} ready", who, count == 1 ? "is" : "are");
    add(std::move(probe));
  }
}

void Draft::stop_baseline() {
  if (!wants_baseline()) return;
  const auto services = baseline_services();
  Step drain = step_of("drain", StepKind::Drain, "");
  for (const auto* old : services) drain.duration = std::max(drain.duration, old->drain);
  drain.deadline = drain.duration + kSlack;
  drain.text = fmt::format("wait until the fresh {} has answered its last request, at most {}",
                           old_name(), to_text(drain.duration));
  if (can_.drain && drain.duration.count() > 0) add(std::move(drain));
  for (auto old = services.rbegin(); old != services.rend(); ++old) {
    const int count = plan_.settings.service((*old)->name)->instances;
    Step retire = step_of("retire", StepKind::Retire, (*old)->name);
    retire.deadline = (*old)->stop.timeout + kStopSlack;
    retire.text = fmt::format("stop {} of {} {}", count_of(count, "fresh instance"), (*old)->name,
                              old_name());
    add(std::move(retire));
  }
}

}  // namespace slipway::plan
