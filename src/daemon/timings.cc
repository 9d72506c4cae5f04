#include "daemon/timings.h"

#include <algorithm>

#include "daemon/documents.h"

namespace slipway::daemon {
namespace {
std::string key_of(const ports::AppRef& app) {
  return "timings/" + app.app + "/" + app.environment;
}

// How long a step takes; -1 when nothing is known.
std::int64_t expected_ms(const plan::Step& step, const Timings& timings) {
  // These wait for their whole duration by design.
  if (step.kind == plan::StepKind::Judge || step.kind == plan::StepKind::Watch)
    return step.duration.count();
  const auto known = timings.find(step.id);
  return known == timings.end() ? -1 : known->second;
}
}  // namespace

Timings timings_of(const std::vector<ports::Record>& records, const plan::Plan& plan) {
  Timings out;
  int step = -1;
  std::int64_t since = 0;
  for (const auto& record : records) {
    const auto state = release::decode(record.state);
    if (!state) continue;
    const bool ended = release::is_ended(state->phase);
    if (state->step == step && !ended) continue;
    if (step >= 0 && step < static_cast<int>(plan.steps.size())) {
      out[plan.steps[static_cast<std::size_t>(step)].id] =
          std::max<std::int64_t>(0, record.at_ms - since);
    }
    step = ended ? -1 : state->step;
    since = record.at_ms;
  }
  return out;
}

void keep_timings(ports::Store& store, const ports::ReleaseRow& row, const plan::Plan& plan) {
  const auto records = store.records(row.id, 0);
  if (!records) return;
  Json json = Json::object();
  for (const auto& [step, ms] : timings_of(*records, plan)) json.set(step, ms);
  // Without them the next release only has no estimate.
  (void)store.set_value(key_of(row.app), json);
}

Timings kept_timings(ports::Store& store, const ports::AppRef& app) {
  Timings out;
  const auto json = store.value(key_of(app));
  if (!json || !*json) return out;
  for (const auto& [step, ms] : (*json)->members()) {
    if (ms.is_int()) out[step] = ms.as_int();
  }
  return out;
}

Left time_left(const plan::Plan& plan, const release::State& state, const Timings& timings,
               std::int64_t now_ms) {
  Left left;
  const bool forward =
      state.phase == release::Phase::Acting || state.phase == release::Phase::Settling;
  if (!forward || state.step >= static_cast<int>(plan.steps.size())) return left;
  const auto now = expected_ms(plan.steps[static_cast<std::size_t>(state.step)], timings);
  if (now < 0) return left;
  left.step_ms = std::max<std::int64_t>(0, now - (now_ms - state.since_ms));
  std::int64_t whole = left.step_ms;
  for (std::size_t i = static_cast<std::size_t>(state.step) + 1; i < plan.steps.size(); ++i) {
    const auto& step = plan.steps[i];
    if (state.full && step.kind == plan::StepKind::Judge) continue;
    const auto ms = expected_ms(step, timings);
    if (ms < 0) return left;
    whole += ms;
  }
  left.whole_ms = whole;
  return left;
}

}  // namespace slipway::daemon
