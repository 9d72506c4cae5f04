#pragma once
// What people confirm for releases that run: taken one at a time, kept in the store, read by the
// release itself.
#include <mutex>
#include <string>
#include <vector>

#include "checks/people.h"
#include "daemon/house.h"
#include "daemon/releases.h"

namespace slipway::daemon {

class Confirmations {
 public:
  Confirmations(House& house, Releases& releases) : house_(house), releases_(releases) {}

  // `offered.by` must be a sure name. May come before the release asks. Refused in words when it
  // does not count.
  Result<checks::Confirmation> give(const std::string& release, checks::Confirmation offered);
  // Everything that was given, oldest first.
  Result<std::vector<checks::Confirmation>> given(const std::string& release);

 private:
  House& house_;
  Releases& releases_;
  std::mutex mutex_;  // two at once: the second sees the first
};

}  // namespace slipway::daemon
