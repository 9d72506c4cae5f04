// Names and documents of the values that cross a port.
#include "ports/instances.h"
#include "ports/router.h"

namespace slipway::ports {

std::string_view name_of(InstanceState state) {
  switch (state) {
    case InstanceState::Starting:
      return "starting";
    case InstanceState::Running:
      return "running";
    case InstanceState::Draining:
      return "draining";
    case InstanceState::Failed:
      return "failed";
    case InstanceState::Gone:
      return "gone";
  }
  ASSERT(false);
}

std::string_view name_of(Mode mode) {
  switch (mode) {
    case Mode::Serve:
      return "serve";
    case Mode::Maintenance:
      return "maintenance";
    case Mode::Paused:
      return "paused";
    case Mode::Stopped:
      return "stopped";
  }
  ASSERT(false);
}

// No secret's value is in here, only where it comes from: the document may be stored and shown.
Json to_json(const WorkloadSpec& spec) {
  Json env = Json::object();
  for (const auto& [name, value] : spec.env) env.set(name, value);
  Json secrets = Json::array();
  for (const auto& secret : spec.secrets) {
    secrets.push_back(Json::object()
                          .set("name", secret.name)
                          .set("env", secret.env)
                          .set("file", secret.file)
                          .set("command", secret.command));
  }
  return Json::object()
      .set("version", spec.version)
      .set("run", spec.run)
      .set("image", spec.image)
      .set("digest", spec.digest)
      .set("dir", spec.dir)
      .set("env", std::move(env))
      .set("secrets", std::move(secrets))
      .set("stop_signal", spec.stop.signal)
      .set("stop_timeout_ms", std::int64_t{spec.stop.timeout.count()})
      .set("memory_bytes", spec.limits.memory_bytes)
      .set("cpus", spec.limits.cpus)
      .set("pids", spec.limits.pids)
      .set("user", spec.user)
      .set("listens", spec.listens);
}

namespace {
constexpr std::string_view kBaseline = "-baseline";
}

std::string baseline_of(const std::string& release) { return release + std::string(kBaseline); }

std::string release_of_baseline(const std::string& slot_release) {
  if (!slot_release.ends_with(kBaseline)) return {};
  return slot_release.substr(0, slot_release.size() - kBaseline.size());
}

}  // namespace slipway::ports
