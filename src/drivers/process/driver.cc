#include "drivers/process/driver.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "drivers/process/leftovers.h"
#include "io/child.h"
#include "io/clock.h"
#include "io/environment.h"
#include "io/files.h"
#include "io/pidfd.h"

namespace slipway::drivers::process {
namespace {

using ports::InstanceState;
using ports::Outcome;

constexpr std::size_t kKeptTasks = 200;
constexpr int kShownLines = 10;
constexpr std::size_t kKeptSlots = 20;  // ended releases whose folders (and logs) stay, per service

// The environment of an app: what every program needs, the service's own, its secrets, and what
// slipway tells.
Result<std::string> environment_of(const InstanceSpec& spec, const ports::WorkloadSpec& workload) {
  std::map<std::string, std::string> values;
  for (const char* name : {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "NODE_ENV"}) {
    if (const auto value = io::environment_value(name)) values[name] = *value;
  }
  for (const auto& [name, value] : workload.env) values[name] = value;
  for (const auto& secret : workload.secrets)
    values[secret.name] = TRY(read_secret(secret, workload.dir));
  if (spec.port != 0) values["PORT"] = std::to_string(spec.port);
  values["SLIPWAY_APP"] = spec.slot.app;
  values["SLIPWAY_ENVIRONMENT"] = spec.slot.environment;
  values["SLIPWAY_SERVICE"] = spec.slot.service;
  values["SLIPWAY_RELEASE"] = spec.slot.release;
  values["SLIPWAY_VERSION"] = spec.version;
  values["SLIPWAY_INSTANCE"] = std::to_string(spec.index);
  values[std::string(kTokenVariable)] = spec.token;
  std::string bytes;
  for (const auto& [name, value] : values) bytes += name + "=" + value + '\0';
  return bytes;
}

// A file in memory alone: secrets reach the shim without touching a disk or an argument list.
Result<io::Fd> memory_file(const std::string& bytes) {
  io::Fd fd(::memfd_create("slipway-environment", MFD_CLOEXEC));
  if (!fd) return from_errno(errno, "cannot make a memory file");
  if (::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return from_errno(errno, "cannot fill a memory file");
  }
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

// Asks the shim to stop: the file first (a shim being born looks for it), then the signal. The pid
// is the one the shim wrote itself, used only while the lock proves that it lives.
void ask_to_stop(const std::string& folder) {
  const auto marked = io::write_file_atomically(stop_file(folder), "");
  const auto found = look_into(folder);
  if (!found.alive || !found.status || found.status->shim_pid <= 1) return;
  io::signal_while(found.status->shim_pid, SIGTERM,
                   [&] { return io::FileLock::holder(lock_file(folder)) != 0; });
  if (!marked) return;  // the signal alone still stops a shim that has been born
}

bool is_unfinished(const Found& found) {
  if (found.alive || !found.spec || !found.status) return false;
  return found.status->state != InstanceStatus::State::Ended &&
         found.status->state != InstanceStatus::State::Failed;
}

// Kills what a killed shim left behind; how many processes that were. At none the status says so,
// and the machine's processes are not looked through again.
int end_leftovers(const std::string& folder, const Found& found) {
  if (!is_unfinished(found) || found.spec->token.empty()) return 0;
  const int count = kill_leftovers(found.spec->token);
  if (count > 0) return count;
  const auto lock = io::FileLock::take(lock_file(folder));
  if (!lock || !is_unfinished({found.spec, look_into(folder).status, false, false})) return 0;
  InstanceStatus status = *found.status;
  status.state = InstanceStatus::State::Ended;
  status.app_pid = 0;
  status.why = "its shim was killed";
  const auto written = io::write_file_atomically(status_file(folder), to_json(status).dump());
  return written ? 0 : 0;
}

ports::Instance instance_of(const ports::Slot& slot, const Place& place, const Found& found) {
  ports::Instance out;
  out.id = slot.service + "/" + slot.release + "/" + std::to_string(place.index);
  out.index = place.index;
  if (found.spec && found.spec->port != 0)
    out.address = "127.0.0.1:" + std::to_string(found.spec->port);
  if (found.spec) out.op = found.spec->op;
  if (found.status) out.restarts = found.status->restarts;
  const auto state = found.status ? found.status->state : InstanceStatus::State::Restarting;
  if (found.alive) {
    out.state = found.stopping || state == InstanceStatus::State::Stopping ? InstanceState::Draining
                : state == InstanceStatus::State::Running                  ? InstanceState::Running
                                                          : InstanceState::Starting;
    if (found.status) out.why = found.status->why;
    return out;
  }
  const bool failed = state == InstanceStatus::State::Failed && !found.stopping && !place.leaving;
  out.state = failed ? InstanceState::Failed : InstanceState::Gone;
  if (!failed) return out;
  out.why = found.status->why;
  const auto lines = io::last_lines(output_file(place.folder), kShownLines);
  if (!lines.empty()) out.why += "; its last lines: " + join(lines, " | ");
  return out;
}
}  // namespace

ProcessInstances::ProcessInstances(ProcessOptions options) : options_(std::move(options)) {}

std::vector<std::string> ProcessInstances::shim_command() const {
  if (!options_.shim_command.empty()) return options_.shim_command;
  return {io::own_program(), "shim"};
}

Result<ports::SlotView> ProcessInstances::observe(const ports::Slot& slot) {
  ports::SlotView view;
  for (const auto& place : places_in(slot_folder(options_.root, slot))) {
    const auto found = look_into(place.folder);
    auto instance = instance_of(slot, place, found);
    // A shim that was killed takes the app's first process along; the rest of it is ended here.
    if (instance.state == InstanceState::Gone && end_leftovers(place.folder, found) > 0) {
      instance.state = InstanceState::Draining;
    }
    if (instance.state != InstanceState::Gone) view.instances.push_back(std::move(instance));
  }
  return view;
}

// The index is wanted again before the instance that has it is gone: two of them for a moment,
// never two that run on.
Result<void> ProcessInstances::make_way(const std::string& folder) {
  constexpr int kMost = 100;
  for (int i = 1; i <= kMost; ++i) {
    const std::string aside = folder + ".leaving-" + std::to_string(i);
    if (!io::exists(aside)) return io::rename_path(folder, aside);
  }
  return Error(Code::Conflict,
               folder + " has been left " + std::to_string(kMost) + " times and is still stopping",
               "wait until its instances are gone, or shorten stop.timeout");
}

void ProcessInstances::forget_left(const ports::Slot& slot) const {
  for (const auto& place : places_in(slot_folder(options_.root, slot))) {
    if (!place.leaving || look_into(place.folder).alive) continue;
    const auto removed = io::remove_tree(place.folder, options_.root);
    if (!removed) return;  // tried again at the next write
  }
}

// The lock is taken here and handed to the shim, so that there is no moment in which two could
// start.
Result<void> ProcessInstances::start(const std::string& folder, InstanceSpec spec,
                                     const ports::WorkloadSpec& workload) {
  TRY(io::make_dirs(folder));
  auto lock = TRY(io::FileLock::take(lock_file(folder)));
  const auto before = look_into(folder);
  if (before.spec && !before.spec->token.empty() && before.status)
    kill_leftovers(before.spec->token);
  spec.token = io::random_hex(16);
  const auto environment = TRY(memory_file(TRY(environment_of(spec, workload))));
  TRY(io::remove_file(status_file(folder)));
  TRY(io::remove_file(stop_file(folder)));
  TRY(io::write_file_atomically(spec_file(folder), to_json(spec).dump(2)));
  const io::Fd log(
      ::open((folder + "/shim.log").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  io::ChildSpec child;
  child.argv = shim_command();
  const std::string name = spec.slot.app + "/" + spec.slot.environment + "/" + spec.slot.service +
                           "/" + spec.slot.release + "/" + std::to_string(spec.index);
  for (const auto& word : {std::string("--dir"), std::string("."), std::string("--environment-fd"),
                           std::to_string(environment.get()), std::string("--lock-fd"),
                           std::to_string(lock.fd()), std::string("--for"), name}) {
    child.argv.push_back(word);
  }
  child.dir = folder;  // and not by its name from then on: make_way() may rename it
  child.environment = {"PATH=" + io::environment_value("PATH").value_or("/usr/bin:/bin")};
  child.err = log ? log.get() : -1;
  child.keep = {environment.get(), lock.fd()};
  TRY(io::spawn_detached(child));
  return ok();
}

Result<void> ProcessInstances::start_missing(const ports::Slot& slot,
                                             const ports::WorkloadSpec& spec, int count,
                                             const OpId& op) {
  for (int index = 0; index < count; ++index) {
    const auto folder = instance_folder(options_.root, slot, index);
    const auto found = look_into(folder);
    if (found.alive && !found.stopping) continue;
    if (found.alive) TRY(make_way(folder));
    InstanceSpec wanted;
    wanted.slot = slot;
    wanted.index = index;
    wanted.op = op.text();
    wanted.version = spec.version;
    wanted.run = spec.run;
    wanted.dir = spec.dir;
    wanted.stop = spec.stop;
    wanted.limits = spec.limits;
    wanted.user = spec.user;
    if (spec.listens) wanted.port = TRY(free_port(options_.root));
    auto started = start(folder, std::move(wanted), spec);
    // Taken by another call in this very moment: it is being started, which is what was asked.
    if (!started && started.error().code != Code::AlreadyExists) return started;
  }
  return ok();
}

void ProcessInstances::stop_from(const ports::Slot& slot, int first) {
  for (const auto& place : places_in(slot_folder(options_.root, slot))) {
    if (place.index >= first && !place.leaving) ask_to_stop(place.folder);
  }
  forget_left(slot);
}

Outcome ProcessInstances::ensure(const ports::Slot& slot, const ports::WorkloadSpec& spec,
                                 int count, const OpId& op) {
  const auto mark = slot_folder(options_.root, slot) + "/last-op";
  const auto last = io::read_file(mark);
  if (last && *last == op.text()) return Outcome::applied();
  const auto started = start_missing(slot, spec, count, op);
  if (!started) return Outcome::not_applied(started.error().in("while starting " + slot.service));
  stop_from(slot, count);
  const auto marked = io::write_file_atomically(mark, op.text());
  return marked ? Outcome::applied() : Outcome::unknown(marked.error());
}

Outcome ProcessInstances::retire(const ports::Slot& slot, const OpId& op) {
  const auto folder = slot_folder(options_.root, slot);
  if (!io::is_dir(folder)) return Outcome::applied();
  stop_from(slot, 0);
  const auto marked = io::write_file_atomically(folder + "/last-op", op.text());
  forget_old_slots(slot);
  return marked ? Outcome::applied() : Outcome::unknown(marked.error());
}

// Folders of releases long ended go; the newest stay for their logs.
void ProcessInstances::forget_old_slots(const ports::Slot& slot) const {
  const std::string service =
      options_.root + "/" + slot.app + "/" + slot.environment + "/" + slot.service;
  const auto releases = io::list_dir(service);
  if (!releases || releases->size() <= kKeptSlots) return;
  for (std::size_t i = 0; i + kKeptSlots < releases->size(); ++i) {
    const std::string folder = service + "/" + (*releases)[i];
    bool alive = false;
    for (const auto& place : places_in(folder)) alive = alive || look_into(place.folder).alive;
    if (alive) continue;
    const auto removed = io::remove_tree(folder, options_.root);
    if (!removed) return;  // tried again at the next retirement
  }
}

Result<std::vector<ports::Slot>> ProcessInstances::slots(const std::string& app,
                                                         const std::string& environment) {
  std::vector<ports::Slot> out;
  const std::string root = options_.root + "/" + app + "/" + environment;
  if (!io::is_dir(root)) return out;
  for (const auto& service : TRY(io::list_dir(root))) {
    for (const auto& release : TRY(io::list_dir(root + "/" + service))) {
      const ports::Slot slot{app, environment, service, release};
      const auto places = places_in(slot_folder(options_.root, slot));
      const bool any = std::any_of(places.begin(), places.end(), [](const Place& place) {
        return look_into(place.folder).alive;
      });
      if (any) out.push_back(slot);
    }
  }
  return out;
}

Outcome ProcessInstances::run_once(const ports::TaskSpec& task, const OpId& op) {
  const auto folder = task_folder(options_.root, op);
  if (io::exists(spec_file(folder))) return Outcome::applied();
  forget_old_tasks();
  InstanceSpec spec;
  spec.slot = {"task", "", task.name, op.release};
  spec.op = op.text();
  spec.version = task.workload.version;
  spec.run = task.workload.run;
  spec.dir = task.workload.dir;
  spec.stop = task.workload.stop;
  spec.limits = task.workload.limits;
  spec.user = task.workload.user;
  spec.once = true;
  spec.timeout = task.timeout;
  const auto started = start(folder, std::move(spec), task.workload);
  return started ? Outcome::applied()
                 : Outcome::not_applied(started.error().in("while starting " + task.name));
}

void ProcessInstances::forget_old_tasks() const {
  const std::string tasks = options_.root + "/tasks";
  const auto names = io::list_dir(tasks);
  for (std::size_t i = 0; names && i + kKeptTasks < names->size(); ++i) {
    const std::string folder = tasks + "/" + (*names)[i];
    if (look_into(folder).alive) continue;
    const auto removed = io::remove_tree(folder, options_.root);
    if (!removed) return;  // tried again with the next task
  }
}

Result<ports::TaskView> ProcessInstances::observe_once(const OpId& op) {
  const auto folder = task_folder(options_.root, op);
  const auto found = look_into(folder);
  ports::TaskView view;
  if (!found.spec) return view;
  view.state = ports::TaskView::State::Running;
  if (found.alive || end_leftovers(folder, found) > 0) return view;
  view.last_lines = join(io::last_lines(output_file(folder), kShownLines), "\n");
  const bool succeeded = found.status && found.status->state == InstanceStatus::State::Ended &&
                         found.status->exit_code == 0;
  view.state = succeeded ? ports::TaskView::State::Succeeded : ports::TaskView::State::Failed;
  view.exit_code = found.status ? found.status->exit_code : -1;
  return view;
}

Result<std::vector<std::string>> ProcessInstances::output(const ports::Slot& slot, int lines) {
  std::vector<std::string> out;
  for (const auto& place : places_in(slot_folder(options_.root, slot))) {
    const std::string prefix =
        slot.service + "/" + slot.release + "/" + std::to_string(place.index) + " | ";
    for (const auto& line : io::last_lines(output_file(place.folder), lines)) {
      out.push_back(prefix + line);
    }
  }
  return out;
}

}  // namespace slipway::drivers::process
