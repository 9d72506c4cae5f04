#pragma once
// Instances: what the engine asks of a platform that can run old and new side by side.
// Contract (tests/contract, the same for every driver): no call waits, sleeps or retries; a
// repeated call with the same op-id is a no-op; everything made is stamped with its op-id.
#include <map>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "config/config.h"
#include "plan/plan.h"
#include "ports/outcome.h"

namespace slipway::ports {

// One colour of one service: the instances of a release.
struct Slot {
  std::string app;
  std::string environment;
  std::string service;
  std::string release;  // "r-0042"
  friend auto operator<=>(const Slot&, const Slot&) = default;
};

// What to run. No secret values: `secrets` are references, read by the driver when it starts
// something.
struct WorkloadSpec {
  std::string version;
  std::string run;  // with ${version} replaced
  std::string image;
  std::string digest;  // of the artifact
  std::string dir;     // absolute
  std::map<std::string, std::string> env;
  std::vector<config::SecretRef> secrets;
  config::Stop stop;
  config::Limits limits;
  std::string user;
  bool listens = true;
};
Json to_json(const WorkloadSpec& spec);

// The slots of a release's fresh baseline: of the old release's version and configuration, but made
// for this release alone ("r-0042-baseline").
std::string baseline_of(const std::string& release);
// The release that a fresh baseline's slot was made for; empty when it is none.
std::string release_of_baseline(const std::string& slot_release);

enum class InstanceState { Starting, Running, Draining, Failed, Gone };
std::string_view name_of(InstanceState state);

struct Instance {
  std::string id;  // "web/r-0042/0": stable, shown to people
  int index = 0;   // 0..n-1 in its slot
  std::string
      address;  // "127.0.0.1:20001"; empty while unknown or when the service does not listen
  InstanceState state = InstanceState::Starting;
  int restarts = 0;
  std::string op;   // the op-id it was made with
  std::string why;  // Failed, Gone: exit status and its own last lines
};

struct SlotView {
  std::vector<Instance> instances;  // by index; Gone ones are left out once nothing of them runs
};

struct TaskSpec {
  std::string name;
  WorkloadSpec workload;
  Millis timeout{600'000};
};
struct TaskView {
  enum class State { Missing, Running, Succeeded, Failed };
  State state = State::Missing;
  int exit_code = 0;
  std::string last_lines;
};

class Instances {
 public:
  virtual ~Instances() = default;
  virtual plan::Capabilities capabilities() const = 0;                 // the platform's half
  virtual std::vector<Finding> preflight(const plan::Plan& plan) = 0;  // read only
  // The only truth after a crash.
  virtual Result<SlotView> observe(const Slot& slot) = 0;
  // Level-triggered: afterwards `count` instances (indexes 0..count-1) are meant to run; more are
  // stopped.
  virtual Outcome ensure(const Slot& slot, const WorkloadSpec& spec, int count, const OpId& op) = 0;
  // Stop all of the slot; observe() shows them Draining until they are gone.
  virtual Outcome retire(const Slot& slot, const OpId& op) = 0;
  // Every slot of app+environment that has something running: how orphans are found.
  virtual Result<std::vector<Slot>> slots(const std::string& app,
                                          const std::string& environment) = 0;
  virtual Outcome run_once(const TaskSpec& task, const OpId& op) = 0;
  virtual Result<TaskView> observe_once(const OpId& op) = 0;  // by stamp, not by a handle
  // The last `lines` lines the slot's instances printed, oldest first, each "web/r-0042/0 | text".
  virtual Result<std::vector<std::string>> output(const Slot& slot, int lines) = 0;
};

}  // namespace slipway::ports
