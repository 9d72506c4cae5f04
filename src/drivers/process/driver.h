#pragma once
// ProcessInstances: plain processes on this machine, each under a shim. Nothing is kept in memory:
// the folders and their locks are the truth, so a new daemon finds everything again.
#include <memory>
#include <string>
#include <vector>

#include "drivers/process/layout.h"
#include "ports/checks.h"
#include "ports/instances.h"

namespace slipway::drivers::process {

struct ProcessOptions {
  std::string root;                       // <state>/instances
  std::vector<std::string> shim_command;  // empty: this very program with "shim"
};

class ProcessInstances final : public ports::Instances {
 public:
  explicit ProcessInstances(ProcessOptions options);
  plan::Capabilities capabilities() const override;
  std::vector<ports::Finding> preflight(const plan::Plan& plan) override;
  Result<ports::SlotView> observe(const ports::Slot& slot) override;
  ports::Outcome ensure(const ports::Slot& slot, const ports::WorkloadSpec& spec, int count,
                        const OpId& op) override;
  ports::Outcome retire(const ports::Slot& slot, const OpId& op) override;
  Result<std::vector<ports::Slot>> slots(const std::string& app,
                                         const std::string& environment) override;
  ports::Outcome run_once(const ports::TaskSpec& task, const OpId& op) override;
  Result<ports::TaskView> observe_once(const OpId& op) override;
  Result<std::vector<std::string>> output(const ports::Slot& slot, int lines) override;

 private:
  Result<void> start(const std::string& folder, InstanceSpec spec,
                     const ports::WorkloadSpec& workload);
  Result<void> start_missing(const ports::Slot& slot, const ports::WorkloadSpec& spec, int count,
                             const OpId& op);
  static Result<void> make_way(const std::string& folder);
  void forget_old_tasks() const;
  void forget_left(const ports::Slot& slot) const;
  void stop_from(const ports::Slot& slot, int first);
  void forget_old_slots(const ports::Slot& slot) const;
  std::vector<std::string> shim_command() const;

  ProcessOptions options_;
};

// Artifacts of this platform: the digest of the files a version runs.
class ProcessArtifacts final : public ports::Artifacts {
 public:
  Result<std::string> resolve(const ports::WorkloadSpec& spec) override;
};

// The value behind a reference; SecretUnavailable names the reference, never the value.
Result<std::string> read_secret(const config::SecretRef& secret, const std::string& dir);

// A port in 20000-29999 (outside the range the kernel gives to outgoing connections) nobody listens
// on and no instance below `root` has been given.
Result<int> free_port(const std::string& root);

}  // namespace slipway::drivers::process
