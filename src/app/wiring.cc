#include "app/wiring.h"

#include "base/digest.h"
#include "drivers/command/drivers.h"
#include "drivers/edge/drivers.h"
#include "drivers/errands/errands.h"
#include "drivers/haproxy/drivers.h"
#include "drivers/hooks/hooks.h"
#include "drivers/http_probe/probe.h"
#include "drivers/inquiry/inquiry.h"
#include "drivers/metrics/measures.h"
#include "drivers/migrations/migrations.h"
#include "drivers/nginx/drivers.h"
#include "drivers/process/driver.h"
#include "edge/edge.h"
#include "io/environment.h"

namespace slipway::app {
namespace {
// A platform of somebody's own keeps its artifacts where we cannot look: what is asked for is what
// is compared.
class NamedArtifacts final : public ports::Artifacts {
 public:
  Result<std::string> resolve(const ports::WorkloadSpec& spec) override {
    return "named:sha256:" + sha256_hex(spec.version + '\0' + spec.image + '\0' + spec.run);
  }
};

Error unknown(std::string_view key, const std::string& name) {
  return {Code::Unsupported, "this slipway has no " + std::string(key) + " \"" + name + "\"",
          "use the slipway that released it, or deploy with another " + std::string(key)};
}

Result<drivers::command::Settings> command_of(const config::Environment& settings,
                                              const std::string& name) {
  const auto found = settings.drivers.find(name);
  if (found == settings.drivers.end()) {
    return Error(Code::ConfigInvalid, settings.name + " names no command for its " + name,
                 "add drivers: { " + name + ": ./deploy/" + name + ".sh }");
  }
  drivers::command::Settings out;
  out.command = found->second;
  out.dir = settings.folder;
  return out;
}

Result<void> add_platform(daemon::DriverSet& set, const config::Environment& settings,
                          const std::string& state) {
  if (settings.platform == "process") {
    set.instances = std::make_shared<drivers::process::ProcessInstances>(
        drivers::process::ProcessOptions{state + "/instances", {}});
    set.artifacts = std::make_shared<drivers::process::ProcessArtifacts>();
    return ok();
  }
  if (settings.platform != "command") return unknown("platform", settings.platform);
  set.instances = TRY(drivers::command::make_platform(TRY(command_of(settings, "platform"))));
  set.artifacts = std::make_shared<NamedArtifacts>();
  return ok();
}

drivers::nginx::Settings nginx_of(const config::Nginx& nginx) {
  return {nginx.program, nginx.config,     nginx.folder, nginx.pid,
          nginx.log,     nginx.access_log, nginx.listen, nginx.snippet};
}

drivers::haproxy::Settings haproxy_of(const config::Haproxy& haproxy) {
  return {haproxy.program, haproxy.config, haproxy.folder, haproxy.master, haproxy.bind};
}

Result<void> add_router(daemon::DriverSet& set, const config::Environment& settings,
                        const std::string& state) {
  if (settings.router == "edge") {
    const std::string socket = edge::control_socket_path(state);
    set.router = drivers::edge::make_router(socket);
    set.counters = drivers::edge::make_counters(socket);
    return ok();
  }
  if (settings.router == "nginx") {
    set.router = drivers::nginx::make_router(nginx_of(settings.nginx));
    set.counters = drivers::nginx::make_counters(nginx_of(settings.nginx));
    return ok();
  }
  if (settings.router == "haproxy") {
    set.router = drivers::haproxy::make_router(haproxy_of(settings.haproxy));
    set.counters = drivers::haproxy::make_counters(haproxy_of(settings.haproxy));
    return ok();
  }
  if (settings.router != "command") return unknown("router", settings.router);
  set.router = TRY(drivers::command::make_router(TRY(command_of(settings, "router"))));
  set.counters = drivers::command::make_counters(TRY(command_of(settings, "router")));
  return ok();
}
}  // namespace

daemon::DriverFactory driver_factory(std::string state) {
  return [state = std::move(state)](
             const config::Environment& settings,
             const std::string&) -> Result<std::unique_ptr<daemon::DriverSet>> {
    auto set = std::make_unique<daemon::DriverSet>();
    TRY(add_platform(*set, settings, state));
    TRY(add_router(*set, settings, state));
    set->probe = drivers::http_probe::make_probe();
    set->hooks = drivers::hooks::make_hooks();
    set->migrations =
        drivers::migrations::make_migrations({.program = io::own_program(),
                                              .state = state,
                                              .read_secret = drivers::process::read_secret});
    set->errands = drivers::errands::make_errands({.program = io::own_program(),
                                                   .state = state,
                                                   .read_secret = drivers::process::read_secret});
    set->measures = drivers::metrics::make_measures(drivers::process::read_secret);
    set->smoke = drivers::http_probe::make_smoke_runner();
    set->inquiry = drivers::inquiry::make_inquiry();
    return set;
  };
}

}  // namespace slipway::app
