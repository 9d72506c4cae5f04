#include "drivers/hooks/hooks.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "io/environment.h"

namespace slipway::drivers::hooks {
namespace {
using Answer = ports::HookView::Answer;

constexpr int kInProgress = 75;
constexpr std::size_t kMostOutput = 16 * 1024;
constexpr std::size_t kMostLines = 5;
constexpr std::size_t kMostShown = 500;
constexpr Millis kSoonest{1'000};
constexpr Millis kLatest{600'000};
constexpr std::string_view kAgain = "again in ";

std::vector<std::string_view> lines_of(const std::string& text) {
  std::vector<std::string_view> lines;
  for (const auto line : split(text, '\n')) {
    if (!trim(line).empty()) lines.push_back(trim(line));
  }
  return lines;
}

std::string last_words(const io::CommandRun& run) {
  std::vector<std::string> lines;
  for (const std::string* text : {&run.out, &run.err}) {
    for (const auto line : lines_of(*text)) {
      if (!line.starts_with(kAgain)) lines.emplace_back(line);
    }
  }
  if (lines.size() > kMostLines) lines.erase(lines.begin(), lines.end() - kMostLines);
  return join(lines, "; ").substr(0, kMostShown);
}

std::vector<std::string> environment_of(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> environment = io::own_environment();
  std::erase_if(environment,
                [](const std::string& entry) { return entry.starts_with("SLIPWAY_"); });
  for (const auto& [name, value] : variables) environment.push_back(name + "=" + value);
  return environment;
}

ports::HookView run_once(const ports::HookCall& call) {
  io::ChildSpec spec;
  spec.shell = call.hook.run;
  spec.dir = call.dir;
  spec.environment = environment_of(call.variables);
  const auto run = io::run_command(std::move(spec), call.hook.timeout, kMostOutput);
  if (!run) return {Answer::Failed, run.error().what};
  return answer_of(*run, call.hook.timeout);
}

class Commands final : public ports::Hooks {
 public:
  ~Commands() override {
    for (auto& [key, run] : runs_) {
      if (run.thread.joinable()) run.thread.join();
    }
  }

  void begin(const std::string& key, const ports::HookCall& call) override {
    const std::lock_guard hold(mutex_);
    Run& run = runs_[key];
    if (run.under_way) return;
    if (run.thread.joinable()) run.thread.join();
    run.view.reset();
    run.under_way = true;
    run.thread = std::thread([this, key, call] {
      ports::HookView view = run_once(call);
      const std::lock_guard done(mutex_);
      runs_[key].view = std::move(view);
      runs_[key].under_way = false;
    });
  }

  std::optional<ports::HookView> take(const std::string& key) override {
    const std::lock_guard hold(mutex_);
    const auto found = runs_.find(key);
    if (found == runs_.end()) return std::nullopt;
    return std::exchange(found->second.view, std::nullopt);
  }

 private:
  struct Run {
    std::thread thread;
    bool under_way = false;
    std::optional<ports::HookView> view;
  };
  std::mutex mutex_;
  std::map<std::string, Run> runs_;
};
}  // namespace

ports::HookView answer_of(const io::CommandRun& run, Millis timeout) {
  const std::string said = last_words(run);
  if (run.timed_out)
    return {Answer::Failed, "killed after " + to_text(timeout) + (said.empty() ? "" : ": " + said)};
  if (run.exit.succeeded()) return {Answer::Done, said};
  if (run.exit.signal != 0 || run.exit.code != kInProgress)
    return {Answer::Failed, run.exit.text() + (said.empty() ? "" : ": " + said)};
  ports::HookView view{Answer::InProgress, said};
  const auto lines = lines_of(run.out);
  if (!lines.empty() && lines.back().starts_with(kAgain)) {
    const auto after = parse_duration(lines.back().substr(kAgain.size()));
    if (after) view.again_after = std::clamp(*after, kSoonest, kLatest);
  }
  return view;
}

std::unique_ptr<ports::Hooks> make_hooks() { return std::make_unique<Commands>(); }

}  // namespace slipway::drivers::hooks
