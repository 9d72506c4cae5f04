#pragma once
// Zones: the bytes of a time zone's file, for gates that look at the clock on the wall.
#include <string>

#include "base/result.h"

namespace slipway::ports {

class Zones {
 public:
  virtual ~Zones() = default;
  virtual Result<std::string> read(const std::string& name) = 0;
};

}  // namespace slipway::ports
