// Gate: what must be open before a release changes anything.
#include <algorithm>

#include "plan/gates.h"
#include "release/performer.h"

namespace slipway::release {
namespace {
// A command begins the wait anew, so it is short.
constexpr Millis kLongestWait{5'000};
constexpr Millis kAgain{1'000};
}  // namespace

// The zone is read once: a gate that waits keeps to the rules it began with.
Result<void> GateSteps::read_calendar() {
  if (calendar_) return ok();
  const auto gates = plan::gates_in_force(scene_.plan);
  auto zone = plan::Zone::utc();
  if (gates.window.zone != "UTC") {
    if (scene_.world.zones == nullptr)
      return Error(Code::NotFound, "there are no time zones here", "use window.zone: UTC");
    zone =
        TRY(plan::Zone::parse(gates.window.zone, TRY(scene_.world.zones->read(gates.window.zone))));
  }
  calendar_ = TRY(plan::Calendar::make(gates, std::move(zone)));
  return ok();
}

// A gate that cannot be asked stays closed, until its patience ends.
Sight GateSteps::window(const plan::Step& step) {
  const auto read = read_calendar();
  if (!read) return Sight::pending("cannot ask the window: " + read.error().sentence(), kAgain);
  const std::int64_t now_ms = to_unix_ms(scene_.world.clock.now());
  const auto answer = plan::answer_of(*calendar_, now_ms / 1000);
  if (answer.open) {
    const std::string skipped = plan::skipped_text(scene_.plan, step);
    return Sight::settled(skipped.empty() ? answer.why : skipped);
  }
  const Millis left = answer.opens_s ? Millis(*answer.opens_s * 1000 - now_ms) : kLongestWait;
  return Sight::pending(answer.why, std::clamp(left, Millis(1), kLongestWait));
}

Sight GateSteps::look(const plan::Step& step) { return window(step); }

}  // namespace slipway::release
