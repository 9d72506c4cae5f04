#include "drivers/fake/drivers.h"

namespace slipway::drivers::fake {

void FakeHooks::begin(const std::string& key, const ports::HookCall& call) {
  if (running_.find(key) != running_.end()) return;
  running_[key] = {seam_.clock.monotonic() + takes, call};
  calls.push_back(call);
}

std::optional<ports::HookView> FakeHooks::take(const std::string& key) {
  const auto found = running_.find(key);
  if (found == running_.end() || seam_.clock.monotonic() < found->second.due) return std::nullopt;
  const ports::HookCall call = found->second.call;
  running_.erase(found);
  if (answer) return answer(call);
  if (call.hook.run == "false") return ports::HookView{ports::HookView::Answer::Failed, "false"};
  return ports::HookView();
}

}  // namespace slipway::drivers::fake
