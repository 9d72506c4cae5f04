#include "drivers/process/leftovers.h"

#include <signal.h>
#include <unistd.h>

#include <charconv>

#include "base/assert.h"
#include "io/files.h"

namespace slipway::drivers::process {
namespace {
constexpr std::size_t kMostEnvironment = 4 * 1024 * 1024;

bool carries(const std::string& environment, const std::string& entry) {
  for (auto at = environment.find(entry); at != std::string::npos;
       at = environment.find(entry, at + 1)) {
    const auto end = at + entry.size();
    const bool whole = (at == 0 || environment[at - 1] == '\0') &&
                       (end == environment.size() || environment[end] == '\0');
    if (whole) return true;
  }
  return false;
}
}  // namespace

std::vector<int> processes_with(const std::string& token) {
  ASSERT(!token.empty());
  std::vector<int> found;
  const auto names = io::list_dir("/proc");
  if (!names) return found;
  const std::string entry = std::string(kTokenVariable) + "=" + token;
  for (const auto& name : *names) {
    int pid = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (problem != std::errc() || end != name.data() + name.size() || pid == ::getpid()) continue;
    // Unreadable: another user's, or gone since; a zombie's is empty.
    const auto environment = io::read_file("/proc/" + name + "/environ", kMostEnvironment);
    if (environment && carries(*environment, entry)) found.push_back(pid);
  }
  return found;
}

int kill_leftovers(const std::string& token) {
  const auto found = processes_with(token);
  for (const int pid : found) ::kill(pid, SIGKILL);
  return static_cast<int>(found.size());
}

}  // namespace slipway::drivers::process
