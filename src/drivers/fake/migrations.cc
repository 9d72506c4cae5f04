#include <algorithm>

#include "drivers/fake/drivers.h"

namespace slipway::drivers::fake {
namespace {
using State = ports::MigrationView::State;

int rank_of(const std::string& phase) {
  if (phase == "contract") return 2;
  return phase == "data" ? 1 : 0;
}

bool is_applied(const World& world, const std::string& id) {
  return std::find(world.migrated.begin(), world.migrated.end(), id) != world.migrated.end();
}
}  // namespace

void FakeMigrations::begin(const std::string& key, const ports::MigrationCall& call) {
  if (runs_.contains(key)) return;
  calls.push_back(call);
  Run run{call, seam_.clock.monotonic() + takes, false, {}};
  run.view.state = State::Running;
  if (next(run) == nullptr && call.phase != "rehearse") end(run);
  runs_[key] = std::move(run);
}

const FakeMigrations::File* FakeMigrations::next(const Run& run) {
  if (run.call.phase == "rehearse") return nullptr;
  for (const auto& file : folder) {
    if (is_applied(seam_.world, file.id)) {
      if (file.id == run.call.last) return nullptr;
      continue;
    }
    // What comes behind a migration that is not wanted yet waits with it.
    return rank_of(file.phase) > rank_of(run.call.phase) ? nullptr : &file;
  }
  return nullptr;
}

void FakeMigrations::end(Run& run) {
  run.view.state = State::Done;
  bool is_behind = false;
  for (const auto& file : folder) {
    if (is_applied(seam_.world, file.id)) continue;
    run.view.waiting.push_back(file.id);
    is_behind = is_behind || file.phase == "contract";
    if (is_behind && file.phase == "expand") run.view.blocked.push_back(file.id);
  }
}

ports::MigrationView FakeMigrations::look(const std::string& key) {
  const auto found = runs_.find(key);
  if (found == runs_.end()) return {};
  Run& run = found->second;
  if (run.view.state != State::Running) return run.view;
  if (run.is_stopped) {
    run.view.state = State::Failed;
    run.view.text = "stopped";
    return run.view;
  }
  while (run.view.state == State::Running && seam_.clock.monotonic() >= run.due) {
    if (run.call.phase == "rehearse") {
      run.view.state = danger.empty() ? State::Done : State::Failed;
      run.view.text = danger.empty() ? "nothing dangerous" : danger;
      return run.view;
    }
    const File* file = next(run);
    if (file != nullptr && file->fails) {
      run.view.state = State::Failed;
      run.view.text = file->id + " failed";
      return run.view;
    }
    if (file != nullptr) {
      seam_.world.migrated.push_back(file->id);
      run.view.applied.push_back(file->id);
      run.due += takes;
    }
    const bool was_last = file != nullptr && file->id == run.call.last;
    if (was_last || next(run) == nullptr) end(run);
  }
  return run.view;
}

void FakeMigrations::tell(const std::string& key, const ports::Pulse& pulse) {
  if (runs_.contains(key)) pulses.push_back(pulse);
}

void FakeMigrations::stop(const std::string& key) {
  const auto found = runs_.find(key);
  if (found != runs_.end()) found->second.is_stopped = true;
}

}  // namespace slipway::drivers::fake
