// What can be known before anything starts.
#include "base/text.h"
#include "drivers/process/cgroup.h"
#include "drivers/process/driver.h"
#include "io/child.h"
#include "io/environment.h"
#include "io/files.h"
#include "ports/workload.h"

namespace slipway::drivers::process {
namespace {

using ports::Finding;

// The program a command line begins with; empty when a shell must decide (assignments, operators,
// built-ins).
std::string program_of(const std::string& run) {
  constexpr std::string_view kShellOnly = "=$`(){}<>|&;*?[]~\"'\\#";
  const auto line = trim(run);
  std::string word(line.substr(0, line.find_first_of(" \t")));
  if (word == "exec") return program_of(std::string(line.substr(4)));
  if (word.find_first_of(kShellOnly) != std::string::npos) return {};
  for (const char* builtin : {"cd", "if", "while", "for", "set", "export", "test", "trap", "umask",
                              "ulimit", "true", "false", "echo", "sleep"}) {
    if (word == builtin) return {};
  }
  return word;
}

void look_at(const config::Service& service, const ports::WorkloadSpec& spec,
             std::vector<Finding>& out) {
  const auto blocks = [&](Error error) {
    out.push_back({Finding::Weight::Blocks, error.in("service " + service.name)});
  };
  if (!spec.image.empty()) {
    blocks(Error(Code::Unsupported, "the platform `process` runs commands, not images",
                 "use `run:` or another platform"));
  }
  if (!spec.dir.empty() && !io::is_dir(spec.dir)) {
    blocks(Error(Code::ArtifactMissing, "its folder " + spec.dir + " does not exist",
                 "put version " + spec.version + " there, or correct `dir`"));
    return;
  }
  const auto own_path = spec.env.find("PATH");
  const std::string path = own_path != spec.env.end()
                               ? own_path->second
                               : io::environment_value("PATH").value_or("/usr/bin:/bin");
  const std::string program = program_of(spec.run);
  if (!program.empty()) {
    const auto found = io::find_program(program, path, spec.dir);
    if (!found) blocks(found.error());
  }
  if (!spec.user.empty()) {
    const auto user = io::find_user(spec.user);
    if (!user) blocks(user.error());
  }
  const bool limited = spec.limits.memory_bytes > 0 || spec.limits.cpus > 0 || spec.limits.pids > 0;
  const std::string why = limited ? why_limits_are_not_enforced() : "";
  if (!why.empty()) {
    out.push_back({Finding::Weight::Warns,
                   Error(Code::Unsupported, service.name + ": limits are not enforced: " + why)});
  }
}
}  // namespace

plan::Capabilities ProcessInstances::capabilities() const {
  plan::Capabilities out;
  out.platform_name = "process";
  return out;
}

std::vector<Finding> ProcessInstances::preflight(const plan::Plan& plan) {
  std::vector<Finding> out;
  const auto writable = io::make_dirs(options_.root);
  if (!writable) out.push_back({Finding::Weight::Blocks, writable.error()});
  for (const auto& service : plan.settings.services) {
    const auto digest = plan.digests.find(service.name);
    const auto spec = ports::workload_of(plan.settings, service, plan.version,
                                         digest == plan.digests.end() ? "" : digest->second);
    look_at(service, spec, out);
    for (const auto& secret : spec.secrets) {
      const auto value = read_secret(secret, spec.dir);
      if (!value)
        out.push_back({Finding::Weight::Blocks, value.error().in("service " + service.name)});
    }
  }
  return out;
}

}  // namespace slipway::drivers::process
