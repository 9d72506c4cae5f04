#pragma once
// Resource limits by cgroup, v1 or v2, where this machine lets us make groups. Made by the shim,
// removed by it.
#include <string>
#include <vector>

#include "ports/instances.h"

namespace slipway::drivers::process {

class Cgroup {
 public:
  // Makes the groups the limits need; none where nothing is limited or nothing can be made.
  Cgroup(const ports::Slot& slot, int index, const config::Limits& limits);
  // The cgroup.procs files a child must enter.
  std::vector<std::string> join_files() const;
  void remove();  // once everything in it has ended

 private:
  std::vector<std::string> folders_;
};

// Empty when limits can be enforced here, else why not, in words.
std::string why_limits_are_not_enforced();

}  // namespace slipway::drivers::process
