// Hooks as steps of the plan, so that the journal carries them and a daemon that comes back goes
// on.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "plan/draft.h"

namespace slipway::plan {
namespace {

constexpr std::string_view kBeforeRollback = "before_rollback";
constexpr std::string_view kAfterRollback = "after_rollback";

// Before a rollback users meet what is taken back: nobody waits for more than one run.
Millis deadline_of(const config::Hook& hook) {
  return hook.stage == kBeforeRollback ? std::min(hook.deadline, hook.timeout) : hook.deadline;
}

bool changes_nothing(StepKind kind) {
  return kind == StepKind::Preflight || kind == StepKind::Gate;
}
bool starts(StepKind kind) { return kind == StepKind::Start || kind == StepKind::Probe; }

// Writes the plan's steps anew, with those of the hooks between them.
class Weaver {
 public:
  explicit Weaver(Plan& plan) : plan_(plan) {}

  void weave() {
    std::vector<Step> steps = std::move(plan_.steps);
    plan_.steps.clear();
    for (auto& step : steps) {
      before(step);
      const Step done = step;
      plan_.steps.push_back(std::move(step));
      after(done);
    }
  }

 private:
  void before(const Step& step) {
    if (!changes_nothing(step.kind) && !changing_) {
      changing_ = true;
      add(kBeforeRollback);
      add(kAfterRollback);
    }
    if (step.kind == StepKind::Start && !started_) {
      started_ = true;
      add("before_start");
    }
    if (started_ && !ready_ && !starts(step.kind)) {
      ready_ = true;
      add("after_start");
    }
    if (step.kind == StepKind::Smoke && !smoked_) add("before_smoke");
    if (step.kind == StepKind::Shift) add("before_shift", &step);
    if (step.kind == StepKind::Promote) add("before_promote");
    if (step.kind == StepKind::Notify) add("done");
  }
  void after(const Step& step) {
    if (step.kind == StepKind::Preflight) add("preflight");
    if (step.kind == StepKind::Smoke && !smoked_) {
      smoked_ = true;
      add("after_smoke");
    }
    if (step.kind == StepKind::Shift) add("after_shift", &step);
    if (step.kind == StepKind::Promote) add("after_promote");
  }

  void add(std::string_view stage, const Step* shift = nullptr) {
    const auto& hooks = plan_.settings.hooks;
    for (std::size_t i = 0; i < hooks.size(); ++i) {
      if (hooks[i].stage == stage) plan_.steps.push_back(step_of(hooks[i], i, shift));
    }
  }

  static Step step_of(const config::Hook& hook, std::size_t index, const Step* shift) {
    const std::string of_shift = shift == nullptr ? "" : shift->id.substr(shift->id.find('-'));
    Step step{
        .id = fmt::format("hook-{}{}-{}", replace_all(hook.stage, "_", "-"), of_shift, index + 1),
        .kind = StepKind::Hook};
    step.count = static_cast<int>(index);
    step.stage = hook.stage;
    step.deadline = deadline_of(hook);
    if (shift != nullptr) step.percent = shift->percent;
    step.text = fmt::format("hook {}: {}", hook.stage, hook.run);
    if (shift != nullptr)
      step.text =
          fmt::format("hook {} ({}): {}", hook.stage, percent_text(shift->percent), hook.run);
    if (hook.stage == "done") step.on_failure = OnFailure::GoOn;
    if (hook.stage != kBeforeRollback && hook.stage != kAfterRollback) return step;
    step.undoable = true;
    step.undo_text = step.text;
    step.text = fmt::format("keep the hook {} ready, should it be taken back", hook.stage);
    return step;
  }

  Plan& plan_;
  bool changing_ = false;
  bool started_ = false;
  bool ready_ = false;
  bool smoked_ = false;
};

// A step of a rollback.
Step told(const config::Hook& hook, std::size_t index) {
  Step step{.id = fmt::format("hook-{}-{}", replace_all(hook.stage, "_", "-"), index + 1),
            .kind = StepKind::Hook};
  step.count = static_cast<int>(index);
  step.stage = hook.stage;
  step.deadline = deadline_of(hook);
  step.text = fmt::format("hook {}: {}", hook.stage, hook.run);
  return step;
}

}  // namespace

bool comes_before_undo(const Step& step) {
  return step.kind == StepKind::Hook && step.undoable && step.stage == kBeforeRollback;
}

// Going back is urgent and has what it needs: of a rollback somebody asked for, only its beginning
// and its end are told.
void weave_hooks(Plan& plan) {
  if (plan.kind == RequestKind::Deploy) return Weaver(plan).weave();
  std::vector<Step> before;
  std::vector<Step> after;
  const auto& hooks = plan.settings.hooks;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    if (hooks[i].stage == kBeforeRollback) before.push_back(told(hooks[i], i));
    if (hooks[i].stage == kAfterRollback) after.push_back(told(hooks[i], i));
  }
  for (auto& step : after) step.on_failure = OnFailure::GoOn;
  plan.steps.insert(plan.steps.begin(), before.begin(), before.end());
  plan.steps.insert(plan.steps.end(), after.begin(), after.end());
}

}  // namespace slipway::plan
