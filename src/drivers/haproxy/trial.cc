#include "drivers/haproxy/trial.h"

#include "base/text.h"
#include "drivers/own_file/own_file.h"
#include "io/child.h"
#include "io/files.h"

namespace slipway::drivers::haproxy {
namespace {
constexpr Millis kTestTakes{8'000};
constexpr std::size_t kMostWords = 600;

std::string alerts_in(const std::string& text) {
  std::vector<std::string> alerts;
  for (const auto line : split(text, '\n')) {
    if (line.find("[ALERT]") != std::string_view::npos) alerts.emplace_back(trim(line));
  }
  const std::string words = alerts.empty() ? std::string(trim(text)) : join(alerts, "; ");
  return words.substr(0, kMostWords);
}
}  // namespace

Result<void> try_out(const Settings& settings, const std::string& file, const std::string& bytes) {
  const auto name = file.substr(file.rfind('/') + 1);
  const std::string stand_in = io::join_path(settings.folder, "." + name + ".trial");
  io::ChildSpec spec;
  spec.argv = {settings.program, "-c", "-q", "-f", settings.config};
  spec.environment = own_file::program_environment();
  for (const auto& other : TRY(io::list_dir(settings.folder))) {
    if (other == name || other.starts_with(".") || !other.ends_with(".cfg")) continue;
    spec.argv.insert(spec.argv.end(), {"-f", io::join_path(settings.folder, other)});
  }
  spec.argv.insert(spec.argv.end(), {"-f", stand_in});
  TRY(io::write_file_atomically(stand_in, bytes, 0644));
  const auto run = io::run_command(spec, kTestTakes);
  TRY(io::remove_file(stand_in));
  if (!run) return run.error().in("while testing HAProxy's configuration");
  if (run->timed_out) {
    return Error(Code::Timeout, "haproxy -c did not end within 8s",
                 "run it by hand: a name in its configuration that does not resolve takes long");
  }
  if (run->exit.succeeded()) return ok();
  return Error(
      Code::Refused,
      "HAProxy refuses the configuration with " + file + ": " + alerts_in(run->err + run->out),
      "correct what it names in " + settings.config +
          " or in slipway.yaml; what HAProxy serves has not changed");
}

}  // namespace slipway::drivers::haproxy
