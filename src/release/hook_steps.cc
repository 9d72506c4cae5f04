#include "release/hook_steps.h"

#include <fmt/core.h>

#include <algorithm>

#include "release/performer.h"

namespace slipway::release {
namespace {
constexpr Millis kLookEvery{50};

std::string outcome_of(Cause cause) {
  const bool aborted =
      cause == Cause::Operator || cause == Cause::Superseded || cause == Cause::Gate;
  return aborted ? "aborted" : "rolled_back";
}
}  // namespace

ports::HookCall HookSteps::call_of(const plan::Step& step, const State& state, bool of_end) const {
  const auto& plan = scene_.plan;
  ports::HookCall call;
  call.hook = plan.settings.hooks[static_cast<std::size_t>(step.count)];
  call.dir = plan.settings.folder;
  call.variables = {{"SLIPWAY_APP", plan.app},
                    {"SLIPWAY_ENVIRONMENT", plan.environment},
                    {"SLIPWAY_RELEASE", scene_.release},
                    {"SLIPWAY_VERSION", plan.version},
                    {"SLIPWAY_OLD_RELEASE", plan.old ? plan.old->id : ""},
                    {"SLIPWAY_OLD_VERSION", plan.old ? plan.old->version : ""},
                    {"SLIPWAY_STAGE", step.stage},
                    {"SLIPWAY_PERCENT", fmt::format("{:g}", step.percent)},
                    {"SLIPWAY_OUTCOME", ""},
                    {"SLIPWAY_REASON", state.reason}};
  if (of_end) call.variables["SLIPWAY_OUTCOME"] = outcome_of(state.cause);
  if (step.stage == "done") call.variables["SLIPWAY_OUTCOME"] = "done";
  if (step.stage == "after_rollback" && plan.kind == plan::RequestKind::Rollback)
    call.variables["SLIPWAY_OUTCOME"] = "rolled_back";
  return call;
}

Sight HookSteps::run(const plan::Step& step, const State& state, bool of_end) {
  ports::Hooks* hooks = scene_.world.hooks;
  const auto& all = scene_.plan.settings.hooks;
  if (hooks == nullptr || step.count < 0 || step.count >= std::ssize(all))
    return Sight::bad("hook " + step.stage + ": nothing here can run it");
  const std::string key = step.id + (of_end ? "/end" : "");
  const Millis now = scene_.world.clock.monotonic();
  if (running_ != key) {
    if (now < again_) return Sight::pending("", std::min(again_ - now, Millis(1'000)));
    hooks->begin(key, call_of(step, state, of_end));
    running_ = key;
    return Sight::pending("runs", kLookEvery);
  }
  const auto view = hooks->take(key);
  if (!view) return Sight::pending("runs", kLookEvery);
  running_.clear();
  again_ = Millis(0);
  const std::string said = view->why.empty() ? "" : ": " + view->why;
  switch (view->answer) {
    case ports::HookView::Answer::Done:
      return Sight::settled("done" + said);
    case ports::HookView::Answer::InProgress:
      again_ = now + view->again_after;
      return Sight::pending("in progress" + said, std::min(view->again_after, Millis(1'000)));
    case ports::HookView::Answer::Failed:
      break;
  }
  return Sight::bad("hook " + step.stage + " failed" + said);
}

Sight HookSteps::look(const plan::Step& step, const State& state) {
  if (step.undoable) return Sight::settled();
  if (step.stage == "before_rollback") return look_undone(step, state);
  return run(step, state, false);
}

Sight HookSteps::look_undone(const plan::Step& step, const State& state) {
  const Millis passed(to_unix_ms(scene_.world.clock.now()) - state.since_ms);
  if (step.deadline.count() > 0 && passed >= step.deadline)
    return Sight::settled("hook " + step.stage + " has not ended in time; going on without it");
  const Sight sight = run(step, state, true);
  if (sight.kind != EventKind::Bad) return sight;
  return Sight::settled(sight.why + "; going on without it");
}

}  // namespace slipway::release
