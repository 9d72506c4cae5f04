#pragma once
// Reaper: retires every slot that is neither live, nor warm by promise, nor part of a running
// release; and starts again what is live but has stopped (after a reboot). Level-triggered: safe to
// run at any time by the holder of the lease, between releases.
#include <string>
#include <vector>

#include "release/runner.h"

namespace slipway::release {

struct Reaped {
  std::vector<ports::Slot> retired;
  std::vector<ports::Slot> revived;
  Millis next{
      0};  // when to come back: a warm slot's promise ends, something is still stopping; 0: no need
  bool busy = false;  // something was done or is still under way
};
// `resting`: services that are stopped on purpose, and stay so (standstill.h).
Result<Reaped> reap(World& world, const ports::Lease& lease,
                    const std::vector<std::string>& resting = {});

}  // namespace slipway::release
