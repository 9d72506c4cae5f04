#pragma once
// What `slipway edge run` is told about its access log.
#include <cstdint>
#include <string>

namespace slipway::edge {

struct AccessLogOptions {
  std::string where;  // a file, "-": standard output, "off"; empty: logs/access.log in the state
  std::uint64_t rotate_bytes = std::uint64_t{64} << 20;  // a full file becomes FILE.1
  int keep = 5;                                          // FILE.1 … FILE.keep
  bool query = true;                                     // what follows "?" is logged
};

inline constexpr std::uint64_t kLeastRotateBytes = std::uint64_t{64} << 10;

}  // namespace slipway::edge
