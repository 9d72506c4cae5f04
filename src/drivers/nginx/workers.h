#pragma once
// nginx's processes as the kernel shows them: the master by its pid file, its workers by /proc.
#include <string>
#include <vector>

#include "base/result.h"

namespace slipway::drivers::nginx {

struct Worker {
  std::string id;           // "4711:123456": pid and start time, so that a pid given anew differs
  bool is_leaving = false;  // takes no new connections, finishes what it has
};

// NotFound when no nginx runs under this pid file.
Result<int> master_of(const std::string& pid_file);
Result<std::vector<Worker>> workers_of(int master);

// Asks the master to read its configuration again; returns at once.
Result<void> reload(int master);
// Asks it to open its log files again.
Result<void> reopen_logs(int master);

}  // namespace slipway::drivers::nginx
