#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "drivers/http_probe/ask.h"
#include "drivers/http_probe/probe.h"
#include "io/child.h"
#include "io/environment.h"

namespace slipway::drivers::http_probe {
namespace {
constexpr std::size_t kMostLines = 10;

ports::SmokeView failed(std::string why) { return {false, std::move(why)}; }

ports::SmokeView run_get(const config::Smoke& smoke, const std::string& address) {
  const auto response = ask(address, smoke.get, "", smoke.timeout);
  if (!response) return failed("GET " + smoke.get + ": no answer: " + response.error().what);
  if (response->status != smoke.expect) {
    return failed("GET " + smoke.get + " answered " + std::to_string(response->status) + ", not " +
                  std::to_string(smoke.expect));
  }
  if (!smoke.contains.empty() && response->body.find(smoke.contains) == std::string::npos) {
    return failed("GET " + smoke.get + " answered without the text \"" + smoke.contains + "\"");
  }
  return {true, {}};
}

std::vector<std::string> environment_of(const std::string& address,
                                        const std::map<std::string, std::string>& variables) {
  std::map<std::string, std::string> all;
  for (const auto& entry : io::own_environment()) {
    const auto equals = entry.find('=');
    if (equals != std::string::npos) all[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  all["SLIPWAY_TARGET"] = "http://" + address;
  for (const auto& [name, value] : variables) all[name] = value;
  std::vector<std::string> environment;
  for (const auto& [name, value] : all) environment.push_back(name + "=" + value);
  return environment;
}

std::string last_lines(const io::CommandRun& run) {
  std::vector<std::string> lines;
  for (const std::string* text : {&run.out, &run.err}) {
    for (const auto line : split(*text, '\n')) {
      if (!trim(line).empty()) lines.emplace_back(line);
    }
  }
  if (lines.size() > kMostLines) lines.erase(lines.begin(), lines.end() - kMostLines);
  return join(lines, "\n");
}

ports::SmokeView run_command(const config::Smoke& smoke, const std::string& address,
                             const std::map<std::string, std::string>& variables,
                             const std::string& dir) {
  io::ChildSpec spec;
  spec.shell = smoke.run;
  spec.dir = dir;
  spec.environment = environment_of(address, variables);
  const auto run = io::run_command(std::move(spec), smoke.timeout);
  const std::string name = "smoke command \"" + smoke.run + "\"";
  if (!run) return failed(name + ": " + run.error().sentence());
  if (run->exit.succeeded() && !run->timed_out) return {true, {}};
  std::string why = name;
  why += run->timed_out ? " was killed after " + to_text(smoke.timeout)
                        : " ended with " + run->exit.text();
  const std::string said = last_lines(*run);
  return failed(said.empty() ? why : why + ":\n" + said);
}

class Smokes final : public ports::SmokeRunner {
 public:
  ports::SmokeView run(const config::Smoke& smoke, const std::string& address,
                       const std::map<std::string, std::string>& variables,
                       const std::string& dir) override {
    return smoke.run.empty() ? run_get(smoke, address)
                             : run_command(smoke, address, variables, dir);
  }
};
}  // namespace

std::unique_ptr<ports::SmokeRunner> make_smoke_runner() { return std::make_unique<Smokes>(); }

}  // namespace slipway::drivers::http_probe
