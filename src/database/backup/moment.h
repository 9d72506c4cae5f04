#pragma once
// A moment as people write it: "2026-11-22T14:05:00.250Z", "2026-11-22 14:05"; always UTC.
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace slipway::database::backup {

// nullopt when it is no moment of that form.
std::optional<WallTime> parse_moment(std::string_view text);

}  // namespace slipway::database::backup
