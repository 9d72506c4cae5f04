#pragma once
// The bytes of a time zone, as Debian's tzdata has them. What they mean is plan/zone.h.
#include <string>

#include "base/result.h"

namespace slipway::io {
inline constexpr const char* kZoneFolder = "/usr/share/zoneinfo";

// NotFound with the nearest name when there is no such zone. UTC is always there.
Result<std::string> read_zone_file(const std::string& name,
                                   const std::string& folder = kZoneFolder);
}  // namespace slipway::io
