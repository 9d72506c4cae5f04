#include "drivers/nginx/workers.h"

#include <dirent.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>

#include "base/text.h"
#include "io/files.h"

namespace slipway::drivers::nginx {
namespace {
constexpr std::string_view kMaster = "nginx: master process";
constexpr std::string_view kWorker = "nginx: worker process";
constexpr std::string_view kLeaving = "is shutting down";

// Fields of /proc/PID/stat, counted after the command's closing parenthesis.
constexpr std::size_t kParentField = 1;
constexpr std::size_t kStartField = 19;

int number_in(std::string_view text) {
  int number = 0;
  text = trim(text);
  const char* end = text.data() + text.size();
  const auto [at, problem] = std::from_chars(text.data(), end, number);
  return problem == std::errc() && at == end ? number : 0;
}

std::string proc_file(int pid, const char* name) {
  return io::read_file("/proc/" + std::to_string(pid) + "/" + name).value_or(std::string());
}

struct Kin {
  int parent = 0;
  std::string start;
};
std::optional<Kin> kin_of(int pid) {
  const std::string stat = proc_file(pid, "stat");
  const auto end = stat.rfind(')');
  if (end == std::string::npos || end + 2 > stat.size()) return std::nullopt;
  const auto fields = split(std::string_view(stat).substr(end + 2), ' ');
  if (fields.size() <= kStartField) return std::nullopt;
  return Kin{number_in(fields[kParentField]), std::string(fields[kStartField])};
}

Result<void> signal_master(int master, int signal, const char* what) {
  if (::kill(master, signal) == 0) return ok();
  return from_errno(
      errno, std::string("cannot ask nginx (process ") + std::to_string(master) + ") to " + what,
      "run the daemon as root, or as the user nginx's master runs as");
}
}  // namespace

Result<int> master_of(const std::string& pid_file) {
  const auto text = io::read_file(pid_file);
  const int pid = text ? number_in(*text) : 0;
  if (pid > 0 && proc_file(pid, "cmdline").compare(0, kMaster.size(), kMaster) == 0) return pid;
  const std::string why =
      text ? "it names process " + std::string(trim(*text)) + ", which is no nginx master"
           : text.error().what;
  return Error(Code::NotFound, "no nginx runs by the pid file " + pid_file + ": " + why,
               "start it: systemctl start nginx; or set nginx.pid");
}

// All of /proc is looked through: /proc/PID/children may leave one out while another ends.
Result<std::vector<Worker>> workers_of(int master) {
  const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir("/proc"), &::closedir);
  if (!all) return from_errno(errno, "cannot list /proc");
  std::vector<Worker> out;
  while (const dirent* entry = ::readdir(all.get())) {
    const int pid = number_in(entry->d_name);
    if (pid <= 0) continue;
    const auto kin = kin_of(pid);
    if (!kin || kin->parent != master) continue;
    const std::string title = proc_file(pid, "cmdline");
    if (title.compare(0, kWorker.size(), kWorker) != 0) continue;
    out.push_back({std::to_string(pid) + ":" + kin->start, title.find(kLeaving) != title.npos});
  }
  return out;
}

Result<void> reload(int master) { return signal_master(master, SIGHUP, "reload"); }
Result<void> reopen_logs(int master) {
  return signal_master(master, SIGUSR1, "open its logs again");
}

}  // namespace slipway::drivers::nginx
