#pragma once
// One small team for the tests of this room: a platform and a router in memory, a store that can be
// told to fail, a clock that moves when a mailbox waits.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "drivers/fake/drivers.h"
#include "drivers/fake/inquiry.h"
#include "plan/plan.h"
#include "release/facts.h"
#include "release/runner.h"
#include "store/memory_store.h"

namespace slipway::release {

namespace fake = drivers::fake;

// A store whose next appends fail as a full disk would.
class LimpingStore : public store::MemoryStore {
 public:
  int failing_appends = 0;
  Result<std::int64_t> append(const ports::Lease& lease, const ports::Record& record) override {
    if (failing_appends > 0) {
      --failing_appends;
      return Error(Code::DiskFull, "cannot write the journal: no space left on device");
    }
    return store::MemoryStore::append(lease, record);
  }
};

// Commands come in their order, each once its time has come; waiting moves the clock.
class ScriptedMailbox : public Mailbox {
 public:
  explicit ScriptedMailbox(fake::VirtualClock& clock) : clock_(clock), begun_(clock.monotonic()) {}
  void at(Millis after, Command command) {
    commands_.emplace_back(begun_ + after, std::move(command));
  }
  void close_at(Millis after) { closes_ = begun_ + after; }

  std::optional<Command> wait(Millis at_most) override {
    if (++waits_ > 5'000) return std::nullopt;
    const Millis now = clock_.monotonic();
    if (!commands_.empty() && commands_.front().first <= now + at_most) {
      clock_.advance(std::max(Millis(0), commands_.front().first - now));
      Command due = std::move(commands_.front().second);
      commands_.pop_front();
      return due;
    }
    clock_.advance(at_most);
    return std::nullopt;
  }
  bool closing() const override {
    return waits_ > 5'000 || (closes_.count() > 0 && clock_.monotonic() >= closes_);
  }

 private:
  fake::VirtualClock& clock_;
  Millis begun_;
  Millis closes_{0};
  int waits_ = 0;
  std::deque<std::pair<Millis, Command>> commands_;
};

class Recorder : public Listener {
 public:
  std::vector<std::string> records;   // "start-web applied"
  std::vector<std::string> progress;  // "journal: waiting: …"
  void on_record(const ports::Record& record, const State&) override {
    records.push_back(record.step + " " + record.event);
  }
  void on_progress(const std::string& step, const std::string& text) override {
    progress.push_back(step + ": " + text);
  }
};

inline plan::Request deploy_of(const std::string& version) {
  return {plan::RequestKind::Deploy, "production", version, "ada"};
}
inline plan::Request rollback_to(const std::string& version = "") {
  return {plan::RequestKind::Rollback, "production", version, "ada"};
}

struct Team {
  fake::World world;
  fake::VirtualClock clock;
  LimpingStore store;
  fake::Seam seam{world, clock, nullptr};
  fake::FakeInstances instances{seam};
  fake::FakeRouter router{seam};
  fake::FakeCounters counters{seam};
  fake::FakeProbe probe{seam};
  fake::FakeSmoke smoke{seam};
  fake::FakeArtifacts artifacts{seam};
  fake::FakeInquiry inquiry;
  fake::FakeMeasures measures{seam};
  fake::FakeHooks hooks{seam};
  fake::FakeMigrations migrations{
      seam, {{"1-add", "expand"}, {"2-fill", "data"}, {"3-drop", "contract"}}};
  World ports{instances, router,  counters, probe,     smoke,  artifacts,  store,
              clock,     nullptr, &inquiry, &measures, &hooks, &migrations};
  ports::AppRef app{"shop", "production"};
  config::Environment settings;
  Recorder heard;

  Team() {
    settings.name = "production";
    config::Service web;
    web.name = "web";
    web.run = "serve";
    web.instances = 2;
    web.health = config::Health{};
    web.health->path = "/health";
    web.drain = Millis(2'000);
    settings.services = {web};
    config::Smoke check;
    check.get = "/health";
    settings.smoke = {check};
    settings.rollout.judge = {Millis(2'000), Millis(6'000), 20};
    config::Trigger errors;
    errors.limit = 5;
    errors.text = "error_rate > 5%";
    config::Trigger health;
    health.kind = config::Trigger::Kind::HealthFailing;
    health.text = "health failing";
    settings.roll_back_when = {errors, health};
    settings.watch = Millis(1'000);
  }

  void script(fake::Behaviour behaviour) {
    auto next = std::make_shared<fake::Script>(*world.script);
    next->behaviours.push_back(std::move(behaviour));
    world.script = next;
  }

  plan::Plan plan_for(const plan::Request& request) {
    config::Config config;
    config.app = app.app;
    config.environments["production"] = settings;
    const auto facts = gather_facts(ports, app.app, settings, request);
    auto made = plan::make_plan(config, facts.value(), request);
    EXPECT_TRUE(made) << made.error().sentence();
    return std::move(made).value();
  }

  std::string create(const plan::Plan& plan) {
    ports::ReleaseRow row;
    row.app = app;
    row.kind = plan.kind == plan::RequestKind::Deploy ? "deploy" : "rollback";
    row.version = plan.version;
    row.plan = plan::to_json(plan);
    return store.create_release(std::move(row)).value().id;
  }

  Result<Ending> run(const plan::Plan& plan, const std::string& release, Mailbox& mailbox,
                     const std::string& owner = "daemon 1", const State& from = {}) {
    const auto lease = store.take_lease(app, owner, release).value();
    Runner runner(ports, lease, plan, release, from, &heard);
    return runner.run(mailbox);
  }

  Result<Ending> release(const plan::Request& request) {
    const auto plan = plan_for(request);
    const auto id = create(plan);
    ScriptedMailbox mailbox(clock);
    return run(plan, id, mailbox);
  }

  std::string live() { return store.live(app).value().release; }
  bool told(const std::string& key) { return store.was_told(key); }
  bool heard_progress(const std::string& text) const {
    for (const auto& line : heard.progress) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }
};

}  // namespace slipway::release
