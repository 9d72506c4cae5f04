// Secrets are read at the moment something starts, and go nowhere but into its environment.
#include "base/text.h"
#include "drivers/process/driver.h"
#include "io/child.h"
#include "io/environment.h"
#include "io/files.h"

namespace slipway::drivers::process {
namespace {
constexpr Millis kCommandTimeout{10'000};
constexpr std::size_t kMostBytes = 64 * 1024;

std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Error unavailable(const config::SecretRef& secret, const std::string& why,
                  const std::string& next) {
  return {Code::SecretUnavailable, "secret " + secret.name + ": " + why, next};
}

Result<std::string> by_command(const config::SecretRef& secret, const std::string& dir) {
  io::ChildSpec spec;
  spec.shell = secret.command;
  spec.dir = dir;
  spec.environment = io::own_environment();
  const auto run = io::run_command(std::move(spec), kCommandTimeout, kMostBytes);
  const std::string name = "its command `" + secret.command + "`";
  if (!run) return unavailable(secret, name + ": " + run.error().what, "correct the command");
  if (run->timed_out)
    return unavailable(secret, name + " gave no answer within 10 s", "run it by hand to see why");
  if (!run->exit.succeeded()) {
    // What it printed may hold the secret itself: only its error output is shown.
    return unavailable(
        secret, name + " ended with " + run->exit.text() + ": " + std::string(trim(run->err)),
        "run it by hand to see why");
  }
  const std::string value = without_line_end(run->out);
  if (value.empty())
    return unavailable(secret, name + " printed nothing", "run it by hand to see why");
  return value;
}
}  // namespace

Result<std::string> read_secret(const config::SecretRef& secret, const std::string& dir) {
  if (!secret.command.empty()) return by_command(secret, dir);
  if (!secret.file.empty()) {
    const auto bytes = io::read_file(
        secret.file.front() == '/' ? secret.file : dir + "/" + secret.file, kMostBytes);
    if (!bytes) return unavailable(secret, bytes.error().what, "write the value into that file");
    return without_line_end(*bytes);
  }
  const auto value = io::environment_value(secret.env);
  if (!value) {
    return unavailable(
        secret, "the daemon's environment has no " + secret.env,
        "set " + secret.env + " where the daemon is started, or use file: or command:");
  }
  return *value;
}

}  // namespace slipway::drivers::process
