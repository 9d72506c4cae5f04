#include "drivers/process/layout.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "io/files.h"

namespace slipway::drivers::process {
namespace {
constexpr std::string_view kStates[] = {"running", "restarting", "stopping", "ended", "failed"};

Result<Json> read_json(const std::string& path) { return Json::parse(TRY(io::read_file(path))); }
}  // namespace

Json to_json(const InstanceSpec& spec) {
  return Json::object()
      .set("format", 1)
      .set("app", spec.slot.app)
      .set("environment", spec.slot.environment)
      .set("service", spec.slot.service)
      .set("release", spec.slot.release)
      .set("index", spec.index)
      .set("port", spec.port)
      .set("op", spec.op)
      .set("token", spec.token)
      .set("version", spec.version)
      .set("run", spec.run)
      .set("dir", spec.dir)
      .set("stop_signal", spec.stop.signal)
      .set("stop_timeout_ms", spec.stop.timeout.count())
      .set("memory_bytes", static_cast<std::int64_t>(spec.limits.memory_bytes))
      .set("cpus", spec.limits.cpus)
      .set("pids", spec.limits.pids)
      .set("user", spec.user)
      .set("once", spec.once)
      .set("timeout_ms", spec.timeout.count());
}

Result<InstanceSpec> instance_spec_from_json(const Json& json) {
  if (json.integer("format") != 1 || json.text("run").empty()) {
    return Error(Code::Corrupt, "an instance's spec.json is not one of this version");
  }
  InstanceSpec spec;
  spec.slot = {json.text("app"), json.text("environment"), json.text("service"),
               json.text("release")};
  spec.index = static_cast<int>(json.integer("index"));
  spec.port = static_cast<int>(json.integer("port"));
  spec.op = json.text("op");
  spec.token = json.text("token");
  spec.version = json.text("version");
  spec.run = json.text("run");
  spec.dir = json.text("dir");
  spec.stop = {json.text("stop_signal", "TERM"), Millis(json.integer("stop_timeout_ms", 10'000))};
  spec.limits.memory_bytes = static_cast<std::uint64_t>(json.integer("memory_bytes"));
  spec.limits.cpus = json.number("cpus");
  spec.limits.pids = static_cast<int>(json.integer("pids"));
  spec.user = json.text("user");
  spec.once = json.flag("once");
  spec.timeout = Millis(json.integer("timeout_ms"));
  return spec;
}

Json to_json(const InstanceStatus& status) {
  return Json::object()
      .set("state", kStates[static_cast<std::size_t>(status.state)])
      .set("shim_pid", status.shim_pid)
      .set("app_pid", status.app_pid)
      .set("restarts", status.restarts)
      .set("exit_code", status.exit_code)
      .set("why", status.why);
}

std::optional<InstanceStatus> status_from_json(const Json& json) {
  const std::string name = json.text("state");
  const auto* found = std::find(std::begin(kStates), std::end(kStates), name);
  if (found == std::end(kStates)) return std::nullopt;
  InstanceStatus status;
  status.state = static_cast<InstanceStatus::State>(found - std::begin(kStates));
  status.shim_pid = static_cast<int>(json.integer("shim_pid"));
  status.app_pid = static_cast<int>(json.integer("app_pid"));
  status.restarts = static_cast<int>(json.integer("restarts"));
  status.exit_code = static_cast<int>(json.integer("exit_code", -1));
  status.why = json.text("why");
  return status;
}

std::string spec_file(const std::string& folder) { return folder + "/spec.json"; }
std::string status_file(const std::string& folder) { return folder + "/status.json"; }
std::string lock_file(const std::string& folder) { return folder + "/shim.lock"; }
std::string stop_file(const std::string& folder) { return folder + "/stop"; }
std::string output_file(const std::string& folder) { return folder + "/out.log"; }

Found look_into(const std::string& folder) {
  Found found;
  // The lock first: a shim that ends between the two reads has written its last status by then.
  found.alive = io::FileLock::holder(lock_file(folder)) != 0;
  found.stopping = io::exists(stop_file(folder));
  if (const auto json = read_json(spec_file(folder))) {
    if (auto spec = instance_spec_from_json(*json)) found.spec = std::move(spec).value();
  }
  if (const auto json = read_json(status_file(folder))) found.status = status_from_json(*json);
  return found;
}

std::string slot_folder(const std::string& root, const ports::Slot& slot) {
  return root + "/" + slot.app + "/" + slot.environment + "/" + slot.service + "/" + slot.release;
}
std::string instance_folder(const std::string& root, const ports::Slot& slot, int index) {
  return slot_folder(root, slot) + "/" + std::to_string(index);
}
std::string task_folder(const std::string& root, const OpId& op) {
  return root + "/tasks/" + op.release + "." + op.step + "." + std::to_string(op.attempt);
}

std::vector<Place> places_in(const std::string& folder) {
  std::vector<Place> out;
  const auto names = io::list_dir(folder);
  if (!names) return out;
  for (const auto& name : *names) {
    Place place{0, folder + "/" + name, false};
    const char* last = name.data() + name.size();
    const auto [end, err] = std::from_chars(name.data(), last, place.index);
    if (err != std::errc()) continue;
    place.leaving =
        std::string_view(end, static_cast<std::size_t>(last - end)).rfind(".leaving-", 0) == 0;
    if (end == last || place.leaving) out.push_back(std::move(place));
  }
  std::stable_sort(out.begin(), out.end(), [](const Place& a, const Place& b) {
    return std::pair(a.index, a.leaving) < std::pair(b.index, b.leaving);
  });
  return out;
}

}  // namespace slipway::drivers::process
