#pragma once
// From configuration to what a platform is asked to run.
#include <string>

#include "config/config.h"
#include "ports/instances.h"

namespace slipway::ports {

// `${version}` is replaced in run, image, dir and env; secrets stay references. Pure.
WorkloadSpec workload_of(const config::Environment& environment, const config::Service& service,
                         const std::string& version, const std::string& digest);

}  // namespace slipway::ports
