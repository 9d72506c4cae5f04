#pragma once
// The in-memory drivers: one class per port, all over one Seam. They pass the same contract suite
// as the real drivers (tests/contract), so that what the simulator proves holds for those too.
#include <map>

#include "drivers/fake/world.h"
#include "ports/hooks.h"
#include "ports/measures.h"
#include "ports/migrations.h"

namespace slipway::drivers::fake {

// Virtual time: stands still until it is told to go on.
class VirtualClock : public Clock {
 public:
  explicit VirtualClock(Millis start = Millis{1'000'000}) : now_(start) {}
  WallTime now() override { return WallTime(now_); }
  Millis monotonic() override { return now_; }
  void advance(Millis by) { now_ += by; }

 private:
  Millis now_;
};

class FakeInstances : public ports::Instances {
 public:
  explicit FakeInstances(Seam& seam) : seam_(seam) {}
  plan::Capabilities capabilities() const override { return seam_.platform; }
  std::vector<ports::Finding> preflight(const plan::Plan& plan) override;
  Result<ports::SlotView> observe(const ports::Slot& slot) override;
  ports::Outcome ensure(const ports::Slot& slot, const ports::WorkloadSpec& spec, int count,
                        const OpId& op) override;
  ports::Outcome retire(const ports::Slot& slot, const OpId& op) override;
  Result<std::vector<ports::Slot>> slots(const std::string& app,
                                         const std::string& environment) override;
  ports::Outcome run_once(const ports::TaskSpec& task, const OpId& op) override;
  Result<ports::TaskView> observe_once(const OpId& op) override;
  Result<std::vector<std::string>> output(const ports::Slot& slot, int lines) override;

 private:
  Seam& seam_;
};

class FakeRouter : public ports::Router {
 public:
  explicit FakeRouter(Seam& seam) : seam_(seam) {}
  plan::Capabilities capabilities() const override { return seam_.router; }
  std::vector<ports::Finding> preflight(const plan::Plan& plan) override;
  Result<ports::SplitView> observe_split(const ports::AppRef& app) override;
  ports::Outcome set_split(const ports::AppRef& app, const ports::Split& want,
                           const std::string& expected, std::uint64_t epoch,
                           const OpId& op) override;
  Result<ports::DrainView> observe_drain(const ports::AppRef& app) override;

 private:
  Seam& seam_;
};

class FakeCounters : public ports::Counters {
 public:
  explicit FakeCounters(Seam& seam) : seam_(seam) {}
  Result<ports::Counts> read(const ports::AppRef& app, const std::string& release) override;

 private:
  Seam& seam_;
};

class FakeProbe : public ports::Probe {
 public:
  explicit FakeProbe(Seam& seam) : seam_(seam) {}
  ports::ProbeView look(const std::string& address, const config::Health& health) override;

 private:
  Seam& seam_;
};

class FakeSmoke : public ports::SmokeRunner {
 public:
  explicit FakeSmoke(Seam& seam) : seam_(seam) {}
  ports::SmokeView run(const config::Smoke& smoke, const std::string& address,
                       const std::map<std::string, std::string>& variables,
                       const std::string& dir) override;

 private:
  Seam& seam_;
};

class FakeArtifacts : public ports::Artifacts {
 public:
  explicit FakeArtifacts(Seam& seam) : seam_(seam) {}
  Result<std::string> resolve(const ports::WorkloadSpec& spec) override;

 private:
  Seam& seam_;
};

class FakeNotifier : public ports::Notifier {
 public:
  explicit FakeNotifier(Seam& seam) : seam_(seam) {}
  ports::Outcome send(const ports::Notice& notice) override;

 private:
  Seam& seam_;
};

// Numbers of metrics: what `answer` says, `takes` after the question; nothing before.
class FakeMeasures : public ports::Measures {
 public:
  explicit FakeMeasures(Seam& seam) : seam_(seam) {}
  std::function<Result<double>(const ports::MetricQuestion&)> answer;
  Millis takes{300};
  int asked = 0;
  void ask(const std::string& key, const ports::MetricQuestion& question) override;
  std::optional<Result<double>> take(const std::string& key) override;

 private:
  struct Asked {
    Millis due{0};
    ports::MetricQuestion question;
  };
  Seam& seam_;
  std::map<std::string, Asked> under_way_;
};

// Hooks: what `answer` says, `takes` after it began; without one, `false` fails and all else is
// done.
class FakeHooks : public ports::Hooks {
 public:
  explicit FakeHooks(Seam& seam) : seam_(seam) {}
  std::function<ports::HookView(const ports::HookCall&)> answer;
  Millis takes{300};
  std::vector<ports::HookCall> calls;  // begun, in order
  void begin(const std::string& key, const ports::HookCall& call) override;
  std::optional<ports::HookView> take(const std::string& key) override;

 private:
  struct Running {
    Millis due{0};
    ports::HookCall call;
  };
  Seam& seam_;
  std::map<std::string, Running> running_;
};

// A folder of migrations and the database that knows which are applied. A run takes `takes` for
// each, and is forgotten when its daemon dies; the database is not.
class FakeMigrations : public ports::Migrations {
 public:
  struct File {
    std::string id;
    std::string phase;
    bool fails = false;
  };
  FakeMigrations(Seam& seam, std::vector<File> files) : folder(std::move(files)), seam_(seam) {}
  std::vector<File> folder;
  Millis takes{300};
  std::vector<ports::MigrationCall> calls;  // begun, in order
  void begin(const std::string& key, const ports::MigrationCall& call) override;
  ports::MigrationView look(const std::string& key) override;
  void tell(const std::string& key, const ports::Pulse& pulse) override;
  void stop(const std::string& key) override;
  std::vector<ports::Pulse> pulses;  // told, in order
  std::string danger;                // not empty: what a rehearsal finds
  // As a new daemon knows it: no run, no call. The database stays as it is.
  void forget() {
    runs_.clear();
    calls.clear();
  }

 private:
  struct Run {
    ports::MigrationCall call;
    Millis due{0};
    bool is_stopped = false;
    ports::MigrationView view;
  };
  // The next one the run may apply; nullptr: none.
  const File* next(const Run& run);
  void end(Run& run);

  Seam& seam_;
  std::map<std::string, Run> runs_;
};

}  // namespace slipway::drivers::fake
