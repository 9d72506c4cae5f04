#pragma once
// What the gates of an environment refer to, read by whoever has a file system.
#include <functional>
#include <string>

#include "base/result.h"
#include "config/gates.h"

namespace slipway::plan {

// The bytes of a file of the writer's, by the path that stands in slipway.yaml.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;
// Fills the holidays of every freeze that names a calendar file.
Result<void> read_holidays(config::Gates& gates, const ReadFile& read);

}  // namespace slipway::plan
