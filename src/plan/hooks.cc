// Hooks as steps of the plan, so that the journal carries them and a daemon that comes back goes
// on.
#include <fmt/core.h>

#include "base/text.h"
#include "base/units.h"
#include "plan/draft.h"

namespace slipway::plan {
namespace {

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
      add("after_rollback");
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
    step.deadline = hook.deadline;
    if (shift != nullptr) step.percent = shift->percent;
    step.text = fmt::format("hook {}: {}", hook.stage, hook.run);
    if (shift != nullptr)
      step.text =
          fmt::format("hook {} ({}): {}", hook.stage, percent_text(shift->percent), hook.run);
    if (hook.stage == "done") step.on_failure = OnFailure::GoOn;
    if (hook.stage != "after_rollback") return step;
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

}  // namespace

// Going back is urgent and has what it needs: of a rollback somebody asked for, only its end is
// told.
void weave_hooks(Plan& plan) {
  if (plan.kind == RequestKind::Deploy) return Weaver(plan).weave();
  const auto& hooks = plan.settings.hooks;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    if (hooks[i].stage != "after_rollback") continue;
    Step step{.id = fmt::format("hook-after-rollback-{}", i + 1), .kind = StepKind::Hook};
    step.count = static_cast<int>(i);
    step.stage = hooks[i].stage;
    step.deadline = hooks[i].deadline;
    step.on_failure = OnFailure::GoOn;
    step.text = fmt::format("hook {}: {}", hooks[i].stage, hooks[i].run);
    plan.steps.push_back(std::move(step));
  }
}

}  // namespace slipway::plan
