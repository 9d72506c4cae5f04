#pragma once
// Where an instance lives on disk. docs/formats/instance-folder.md says what each file means.
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "ports/instances.h"

namespace slipway::drivers::process {

// What the shim is asked to run; `spec.json`. No secret values: those come over a descriptor.
struct InstanceSpec {
  ports::Slot slot;
  int index = 0;
  int port = 0;  // 0: does not listen
  std::string op;
  std::string token;  // in the environment of everything the instance starts: leftovers.h
  std::string version;
  std::string run;
  std::string dir;
  config::Stop stop;
  config::Limits limits;
  std::string user;
  bool once = false;  // a task: never started again
  Millis timeout{0};  // tasks only; 0: none
};
Json to_json(const InstanceSpec& spec);
Result<InstanceSpec> instance_spec_from_json(const Json& json);

// What the shim says of it; `status.json`, replaced atomically at every change.
struct InstanceStatus {
  enum class State { Running, Restarting, Stopping, Ended, Failed };
  State state = State::Running;
  int shim_pid = 0;
  int app_pid = 0;
  int restarts = 0;
  int exit_code = -1;  // of the last end; -1: none yet, or a signal
  std::string why;     // "exit status 3", "signal SIGKILL", the error when it could not start
};
Json to_json(const InstanceStatus& status);
std::optional<InstanceStatus> status_from_json(const Json& json);

// The files in an instance's folder.
std::string spec_file(const std::string& folder);
std::string status_file(const std::string& folder);
std::string lock_file(
    const std::string& folder);  // held (flock) as long as a shim lives or is being born
std::string stop_file(const std::string& folder);  // there: it is meant to stop
std::string output_file(const std::string& folder);

// What a folder says now.
struct Found {
  std::optional<InstanceSpec> spec;
  std::optional<InstanceStatus> status;
  bool alive = false;     // a shim holds the lock
  bool stopping = false;  // it has been told to stop
};
Found look_into(const std::string& folder);

std::string slot_folder(const std::string& root, const ports::Slot& slot);
std::string instance_folder(const std::string& root, const ports::Slot& slot, int index);
std::string task_folder(const std::string& root, const OpId& op);

// One folder of a slot. An instance that is still stopping while its index is wanted again makes
// way: its folder is renamed "<index>.leaving-<n>" (its shim works in the folder, not by the name).
struct Place {
  int index = 0;
  std::string folder;
  bool leaving = false;
};
std::vector<Place> places_in(const std::string& slot_folder);  // by index, those that leave last

}  // namespace slipway::drivers::process
