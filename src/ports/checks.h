#pragma once
// Probe, smoke checks, artifacts: the smaller questions the engine asks of the world.
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "config/config.h"
#include "ports/instances.h"
#include "ports/outcome.h"

namespace slipway::ports {

// One probe of one instance: an answer, not an error; unhealthy is a value.
struct ProbeView {
  bool healthy = false;
  std::string why;  // "503 from /health: database: timeout after 2000 ms"
  struct Part {
    std::string name;    // "database", "checks.redis"
    std::string status;  // as the document says
    bool healthy = true;
  };
  std::vector<Part> parts;  // of a JSON health document
};
class Probe {
 public:
  virtual ~Probe() = default;
  // Takes at most health.timeout.
  virtual ProbeView look(const std::string& address, const config::Health& health) = 0;
};

struct SmokeView {
  bool passed = false;
  std::string why;
};
class SmokeRunner {
 public:
  virtual ~SmokeRunner() = default;
  // Takes at most smoke.timeout. `variables` are the SLIPWAY_* a command sees.
  virtual SmokeView run(const config::Smoke& smoke, const std::string& address,
                        const std::map<std::string, std::string>& variables,
                        const std::string& dir) = 0;
};

class Artifacts {
 public:
  virtual ~Artifacts() = default;
  // The digest of what this spec would run now; ArtifactMissing when it is not there.
  virtual Result<std::string> resolve(const WorkloadSpec& spec) = 0;
};

}  // namespace slipway::ports
