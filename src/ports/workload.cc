#include "ports/workload.h"

#include "base/text.h"

namespace slipway::ports {

WorkloadSpec workload_of(const config::Environment& environment, const config::Service& service,
                         const std::string& version, const std::string& digest) {
  const auto filled = [&](const std::string& text) {
    return replace_all(text, "${version}", version);
  };
  WorkloadSpec spec;
  spec.version = version;
  spec.run = filled(service.run);
  spec.image = filled(service.image);
  spec.digest = digest;
  spec.dir = filled(service.dir);
  for (const auto& [name, value] : service.env) spec.env[name] = filled(value);
  for (const auto& name : service.secrets) {
    const auto secret = environment.secrets.find(name);
    if (secret != environment.secrets.end()) spec.secrets.push_back(secret->second);
  }
  spec.stop = service.stop;
  spec.limits = service.limits;
  spec.user = service.user;
  spec.listens = service.listens;
  return spec;
}

}  // namespace slipway::ports
