#pragma once
// HookSteps: begins a hook and looks for its answer. Nothing waits for it: a person's word is heard
// while a hook runs. A daemon that comes back begins it again, so a hook must bear being run twice.
#include <string>

#include "plan/plan.h"
#include "ports/hooks.h"
#include "release/sight.h"

namespace slipway::release {

struct Scene;

class HookSteps {
 public:
  explicit HookSteps(const Scene& scene) : scene_(scene) {}
  Sight look(const plan::Step& step, const State& state);
  // The hooks of a release that is, or was, taken back. They are told, and change nothing any more:
  // what fails, or has not ended by its deadline, is over.
  Sight look_undone(const plan::Step& step, const State& state);

 private:
  Sight run(const plan::Step& step, const State& state, bool of_end);
  ports::HookCall call_of(const plan::Step& step, const State& state, bool of_end) const;

  const Scene& scene_;
  std::string running_;  // key of what was begun and not answered yet
  Millis again_{0};      // not before this
};

}  // namespace slipway::release
