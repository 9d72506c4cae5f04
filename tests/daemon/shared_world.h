#pragma once
// For the tests of this room: the in-memory drivers on the real clock, behind one lock, because
// here several threads use them.
#include <memory>
#include <mutex>

#include "daemon/drivers.h"
#include "drivers/fake/drivers.h"
#include "drivers/fake/inquiry.h"
#include "io/clock.h"

namespace slipway::daemon {

namespace fake = drivers::fake;

class SharedWorld {
 public:
  SharedWorld() {
    fake::Behaviour quick;
    quick.running_after = Millis(5);
    quick.ready_after = Millis(10);
    quick.request_takes = Millis(5);
    quick.stop_takes = Millis(5);
    script({quick});
  }
  void script(std::vector<fake::Behaviour> behaviours) {
    const std::lock_guard lock(mutex);
    world.script = std::make_shared<fake::Script>(fake::Script{std::move(behaviours), 100, {}});
  }
  void takes_over(Millis time) {
    const std::lock_guard lock(mutex);
    auto script = std::make_shared<fake::Script>(*world.script);
    script->takes_over = time;
    world.script = std::move(script);
  }
  DriverFactory factory();

  std::mutex mutex;
  io::SystemClock clock;
  fake::World world;
  fake::Seam seam{world, clock, {}};
  std::shared_ptr<fake::FakeInquiry> inquiry = std::make_shared<fake::FakeInquiry>();
  std::vector<ports::Finding> findings;  // of the router's preflight
};

class LockedInstances final : public ports::Instances {
 public:
  explicit LockedInstances(SharedWorld& shared) : shared_(shared), inner_(shared.seam) {}
  plan::Capabilities capabilities() const override { return inner_.capabilities(); }
  std::vector<ports::Finding> preflight(const plan::Plan& plan) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.preflight(plan);
  }
  Result<ports::SlotView> observe(const ports::Slot& slot) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.observe(slot);
  }
  ports::Outcome ensure(const ports::Slot& slot, const ports::WorkloadSpec& spec, int count,
                        const OpId& op) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.ensure(slot, spec, count, op);
  }
  ports::Outcome retire(const ports::Slot& slot, const OpId& op) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.retire(slot, op);
  }
  Result<std::vector<ports::Slot>> slots(const std::string& app,
                                         const std::string& environment) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.slots(app, environment);
  }
  ports::Outcome run_once(const ports::TaskSpec& task, const OpId& op) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.run_once(task, op);
  }
  Result<ports::TaskView> observe_once(const OpId& op) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.observe_once(op);
  }
  Result<std::vector<std::string>> output(const ports::Slot& slot, int) override {
    return std::vector<std::string>{slot.service + "/" + slot.release + "/0 | listening"};
  }

 private:
  SharedWorld& shared_;
  fake::FakeInstances inner_;
};

class LockedRouter final : public ports::Router {
 public:
  explicit LockedRouter(SharedWorld& shared) : shared_(shared), inner_(shared.seam) {}
  plan::Capabilities capabilities() const override { return inner_.capabilities(); }
  std::vector<ports::Finding> preflight(const plan::Plan& plan) override {
    const std::lock_guard lock(shared_.mutex);
    auto found = inner_.preflight(plan);
    found.insert(found.end(), shared_.findings.begin(), shared_.findings.end());
    return found;
  }
  Result<ports::SplitView> observe_split(const ports::AppRef& app) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.observe_split(app);
  }
  ports::Outcome set_split(const ports::AppRef& app, const ports::Split& want,
                           const std::string& expected, std::uint64_t epoch,
                           const OpId& op) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.set_split(app, want, expected, epoch, op);
  }
  Result<ports::DrainView> observe_drain(const ports::AppRef& app) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.observe_drain(app);
  }

 private:
  SharedWorld& shared_;
  fake::FakeRouter inner_;
};

class LockedCounters final : public ports::Counters {
 public:
  explicit LockedCounters(SharedWorld& shared) : shared_(shared), inner_(shared.seam) {}
  Result<ports::Counts> read(const ports::AppRef& app, const std::string& release) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.read(app, release);
  }

 private:
  SharedWorld& shared_;
  fake::FakeCounters inner_;
};

class LockedProbe final : public ports::Probe {
 public:
  explicit LockedProbe(SharedWorld& shared) : shared_(shared), inner_(shared.seam) {}
  ports::ProbeView look(const std::string& address, const config::Health& health) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.look(address, health);
  }

 private:
  SharedWorld& shared_;
  fake::FakeProbe inner_;
};

class LockedSmoke final : public ports::SmokeRunner {
 public:
  explicit LockedSmoke(SharedWorld& shared) : shared_(shared), inner_(shared.seam) {}
  ports::SmokeView run(const config::Smoke& smoke, const std::string& address,
                       const std::map<std::string, std::string>& variables,
                       const std::string& dir) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.run(smoke, address, variables, dir);
  }

 private:
  SharedWorld& shared_;
  fake::FakeSmoke inner_;
};

class LockedArtifacts final : public ports::Artifacts {
 public:
  explicit LockedArtifacts(SharedWorld& shared) : shared_(shared), inner_(shared.seam) {}
  Result<std::string> resolve(const ports::WorkloadSpec& spec) override {
    const std::lock_guard lock(shared_.mutex);
    return inner_.resolve(spec);
  }

 private:
  SharedWorld& shared_;
  fake::FakeArtifacts inner_;
};

inline DriverFactory SharedWorld::factory() {
  return
      [this](const config::Environment&, const std::string&) -> Result<std::unique_ptr<DriverSet>> {
        auto set = std::make_unique<DriverSet>();
        set->instances = std::make_shared<LockedInstances>(*this);
        set->router = std::make_shared<LockedRouter>(*this);
        set->counters = std::make_shared<LockedCounters>(*this);
        set->probe = std::make_shared<LockedProbe>(*this);
        set->smoke = std::make_shared<LockedSmoke>(*this);
        set->artifacts = std::make_shared<LockedArtifacts>(*this);
        set->inquiry = inquiry;
        return set;
      };
}

}  // namespace slipway::daemon
