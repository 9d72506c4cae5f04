#include "drivers/command/caller.h"

#include "base/text.h"
#include "drivers/command/wire.h"
#include "io/child.h"
#include "io/environment.h"

namespace slipway::drivers::command {
namespace {
constexpr std::size_t kMostOutput = std::size_t{4} << 20;
constexpr std::size_t kMostErrorLines = 5;
constexpr int kShellNotExecutable = 126;
constexpr int kShellNotFound = 127;

std::string last_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (const auto line : split(text, '\n')) {
    if (!trim(line).empty()) lines.emplace_back(trim(line));
  }
  if (lines.size() > kMostErrorLines) lines.erase(lines.begin(), lines.end() - kMostErrorLines);
  return join(lines, "; ");
}

std::string tried(const Settings& settings, const Json& request) {
  return "the command driver's call " + request.text("call") + " (" + settings.command + ")";
}

Error no_answer(const Settings& settings, const Json& request, const io::CommandRun& run) {
  std::string what =
      tried(settings, request) + " gave no JSON object; it ended with " + run.exit.text();
  const std::string said = last_lines(run.err);
  if (!said.empty()) what += ": " + said;
  return Error(Code::CommandFailed, std::move(what),
               "run the command by hand; docs/formats/command-driver.md says what it must print");
}

bool was_not_found(const io::CommandRun& run) {
  return run.exit.signal == 0 &&
         (run.exit.code == kShellNotFound || run.exit.code == kShellNotExecutable);
}

Error command_not_found(const Settings& settings, const Json& request, const io::CommandRun& run) {
  return Error(Code::CommandNotFound,
               tried(settings, request) + " cannot be started: " + last_lines(run.err),
               "correct \"drivers\" in slipway.yaml");
}
}  // namespace

Caller::Caller(Settings settings) : settings_(std::move(settings)) {
  if (settings_.environment.empty()) settings_.environment = io::own_environment();
}

Caller::Answer Caller::call(const Json& request) const {
  io::ChildSpec spec;
  spec.shell = settings_.command;
  spec.dir = settings_.dir;
  spec.environment = settings_.environment;
  auto run = io::run_command(spec, settings_.timeout, kMostOutput, request.dump() + "\n");
  if (!run) return {std::move(run).error().in(tried(settings_, request)), true};
  if (run->timed_out) {
    return {Error(Code::Timeout, tried(settings_, request) + " did not end in time and was killed",
                  "a call must begin the change and answer, never wait for it")};
  }
  if (run->out.size() >= kMostOutput) {
    return {
        Error(Code::TooLarge, tried(settings_, request) + " printed more than 4 MiB",
              "print one JSON object on standard output and everything else on standard error")};
  }
  auto json = Json::parse(trim(run->out));
  if (json && json->is_object()) return {std::move(json).value()};
  if (was_not_found(*run)) return {command_not_found(settings_, request, *run), true};
  return {no_answer(settings_, request, *run)};
}

Result<Json> Caller::ask(const Json& request) const {
  Json answer = TRY(call(request).json);
  if (answer.at("error").is_object())
    return error_of(answer.at("error")).in(tried(settings_, request));
  return answer;
}

ports::Outcome Caller::tell(const Json& request) const {
  const Answer answer = call(request);
  if (answer.json) return outcome_of(*answer.json);
  if (answer.never_ran) return ports::Outcome::not_applied(answer.json.error());
  return ports::Outcome::unknown(answer.json.error());
}

}  // namespace slipway::drivers::command
