#include "base/clock.h"

#include <fmt/core.h>

#include <ctime>

namespace slipway {
std::string to_iso8601(WallTime time) {
  const auto ms = time.time_since_epoch().count();
  auto seconds = static_cast<std::time_t>(ms / 1000);
  auto rest = static_cast<int>(ms % 1000);
  if (rest < 0) {
    rest += 1000;
    seconds -= 1;
  }
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", tm.tm_year + 1900, tm.tm_mon + 1,
                     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
}
}  // namespace slipway
