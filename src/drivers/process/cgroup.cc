#include "drivers/process/cgroup.h"

#include <sys/stat.h>
#include <unistd.h>

#include "io/files.h"

namespace slipway::drivers::process {
namespace {

constexpr const char* kRoot = "/sys/fs/cgroup";

bool is_v2() { return io::exists(std::string(kRoot) + "/cgroup.controllers"); }

// Control files take one write and are never created: the durable write of files.h does not fit.
bool put(const std::string& file, const std::string& value) {
  return io::exists(file) && io::append_file(file, value).has_value();
}

struct Knob {
  const char* controller;
  const char* file_v1;
  const char* file_v2;
  std::string value_v1;
  std::string value_v2;
};

std::vector<Knob> knobs_of(const config::Limits& limits) {
  constexpr long kPeriodUs = 100'000;
  std::vector<Knob> out;
  if (limits.memory_bytes > 0) {
    const std::string bytes = std::to_string(limits.memory_bytes);
    out.push_back({"memory", "memory.limit_in_bytes", "memory.max", bytes, bytes});
  }
  if (limits.cpus > 0) {
    const std::string quota = std::to_string(static_cast<long>(limits.cpus * kPeriodUs));
    out.push_back(
        {"cpu", "cpu.cfs_quota_us", "cpu.max", quota, quota + " " + std::to_string(kPeriodUs)});
  }
  if (limits.pids > 0) {
    const std::string most = std::to_string(limits.pids);
    out.push_back({"pids", "pids.max", "pids.max", most, most});
  }
  return out;
}

std::string folder_for(const std::string& controller, const std::string& name) {
  const std::string root = is_v2() ? std::string(kRoot) : std::string(kRoot) + "/" + controller;
  return root + "/slipway/" + name;
}
}  // namespace

Cgroup::Cgroup(const ports::Slot& slot, int index, const config::Limits& limits) {
  const std::string name = slot.app + "." + slot.environment + "." + slot.service + "." +
                           slot.release + "." + std::to_string(index) + "." +
                           std::to_string(::getpid());
  for (const auto& knob : knobs_of(limits)) {
    const std::string folder = folder_for(knob.controller, name);
    if (is_v2()) {
      put(std::string(kRoot) + "/cgroup.subtree_control", std::string("+") + knob.controller);
      if (!io::make_dirs(std::string(kRoot) + "/slipway", 0755)) return;
      put(std::string(kRoot) + "/slipway/cgroup.subtree_control",
          std::string("+") + knob.controller);
    }
    if (!io::make_dirs(folder, 0755)) continue;
    const bool limited = is_v2() ? put(folder + "/" + knob.file_v2, knob.value_v2)
                                 : put(folder + "/" + knob.file_v1, knob.value_v1);
    if (!limited) {
      ::rmdir(folder.c_str());
    } else if (folders_.empty() || folders_.back() != folder) {
      folders_.push_back(folder);
    }
  }
}

std::vector<std::string> Cgroup::join_files() const {
  std::vector<std::string> out;
  for (const auto& folder : folders_) out.push_back(folder + "/cgroup.procs");
  return out;
}

void Cgroup::remove() {
  for (const auto& folder : folders_) ::rmdir(folder.c_str());
  folders_.clear();
}

std::string why_limits_are_not_enforced() {
  const std::string probe = is_v2() ? std::string(kRoot) : std::string(kRoot) + "/memory";
  if (!io::is_dir(probe)) return "this machine has no cgroup file system at " + probe;
  if (::access(probe.c_str(), W_OK) != 0) return probe + " is not writable for this user";
  return {};
}

}  // namespace slipway::drivers::process
