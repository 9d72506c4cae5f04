#include "universe.h"

#include <algorithm>

#include "base/assert.h"
#include "checkers/checkers.h"
#include "release/facts.h"
#include "release/machine.h"
#include "release/reaper.h"

namespace slipway::sim {
namespace {

using release::Command;
using release::EventKind;

constexpr int kMostWaits = 4000;     // turns of one life; more means it does not end
constexpr Millis kPatience{30'000};  // virtual time a hold lasts before a person promotes by hand
constexpr int kMostReaps = 8;

// The journal's end, so that a finding can be understood without running it again.
std::string last_words(Universe& universe) {
  constexpr std::size_t kShown = 8;
  const auto records = universe.store.records(universe.release, 0);
  std::string out;
  if (!records) return out;
  for (std::size_t i = records->size() - std::min(records->size(), kShown); i < records->size();
       ++i) {
    const auto& record = (*records)[i];
    out +=
        "\n      " + record.step + " " + record.event + " " + record.detail + " -> " + record.state;
  }
  return out;
}

// Virtual time passes only here. Scripted commands arrive when their time has come.
class SimMailbox : public release::Mailbox {
 public:
  SimMailbox(Universe& universe, const Trouble& trouble, Witness& witness)
      : universe_(universe),
        commands_(trouble.commands),
        witness_(witness),
        begun_(universe.clock.monotonic()) {
    held_until_ = begun_ + kPatience;
  }

  std::optional<Command> wait(Millis at_most) override {
    if (++waits_ > kMostWaits) {
      if (!stuck_) witness_.violation("liveness: the release does not end" + last_words(universe_));
      stuck_ = true;
      return std::nullopt;
    }
    const Millis now = universe_.clock.monotonic();
    if (next_ < commands_.size() && begun_ + commands_[next_].at <= now + at_most) {
      const auto& scripted = commands_[next_++];
      if (begun_ + scripted.at > now) universe_.clock.advance(begun_ + scripted.at - now);
      return command(scripted.kind, scripted.full);
    }
    universe_.clock.advance(at_most);
    if (universe_.clock.monotonic() < held_until_) return std::nullopt;
    held_until_ += kPatience;
    return command(EventKind::Promote, false);
  }
  bool closing() const override { return stuck_; }

 private:
  static Command command(EventKind kind, bool full) {
    Command out;
    out.kind = kind;
    out.full = full;
    out.by = "sim";
    return out;
  }

  Universe& universe_;
  const std::vector<ScriptedCommand>& commands_;
  Witness& witness_;
  Millis begun_;
  Millis held_until_{0};
  std::size_t next_ = 0;
  int waits_ = 0;
  bool stuck_ = false;
};

// One life's points: numbers them, tells the witness, and lets the scripted faults happen.
class Life {
 public:
  Life(Universe& universe, const Trouble& trouble, Witness& witness)
      : universe_(universe), trouble_(trouble), witness_(witness), refusals_(trouble.refusals) {}

  void on_store(const char* name) {
    const std::string_view point(name);
    if (point.ends_with(".before")) return tell(PointKind::JournalBefore);
    if (point.ends_with(".after")) tell(PointKind::JournalAfter);
  }

  fake::Fault on_effect(const fake::Point& point) {
    if (!fake::is_write(point.call)) return fake::Fault::None;
    if (point.when == fake::When::After) {
      tell(PointKind::EffectAfter);
      report(check_traffic(universe_));
      report(check_baseline(universe_));
      return fake::Fault::None;
    }
    tell(PointKind::EffectBefore);
    report(check_intent(universe_, *point.subject));
    report(check_drain(universe_, *point.subject));
    return fault_of(point.call);
  }

  void report(const std::optional<std::string>& problem) {
    if (problem) witness_.violation(*problem + last_words(universe_));
  }

 private:
  void tell(PointKind kind) { witness_.at_point(points_++, kind, universe_); }

  fake::Fault fault_of(fake::Call call) {
    const int write = writes_++;
    if (refusals_ > 0 && call == trouble_.refused_call) {
      --refusals_;
      return fake::Fault::NotAppliedBefore;
    }
    for (const auto& fault : trouble_.writes) {
      if (fault.index == write) return fault.fault;
    }
    return fake::Fault::None;
  }

  Universe& universe_;
  const Trouble& trouble_;
  Witness& witness_;
  int points_ = 0;
  int writes_ = 0;
  int refusals_ = 0;
};

release::State last_state(Universe& universe) {
  const auto record = universe.store.last_record(universe.release);
  ASSERT(record);
  if (!*record) return {};
  const auto state = release::decode((*record)->state);
  ASSERT(state.has_value());
  return *state;
}

bool has_ended(Universe& universe) {
  const auto row = universe.store.row(universe.release);
  ASSERT(row != nullptr);
  return !row->outcome.empty();
}

const std::vector<fake::FakeMigrations::File> kFolder{
    {"1-add", "expand"}, {"2-fill", "data"}, {"3-drop", "contract"}};

struct Drivers {
  explicit Drivers(fake::Seam& seam)
      : instances(seam),
        router(seam),
        counters(seam),
        probe(seam),
        smoke(seam),
        artifacts(seam),
        hooks(seam),
        migrations(seam, kFolder) {}
  fake::FakeInstances instances;
  fake::FakeRouter router;
  fake::FakeCounters counters;
  fake::FakeProbe probe;
  fake::FakeSmoke smoke;
  fake::FakeArtifacts artifacts;
  fake::FakeHooks hooks;
  fake::FakeMigrations migrations;
  release::World world(Universe& universe) {
    return {instances,      router,  counters, probe,   smoke,  artifacts,  universe.store,
            universe.clock, nullptr, nullptr,  nullptr, &hooks, &migrations};
  }
};

// What the daemon does between releases, until there is nothing left to do.
void reap_all(Universe& universe, release::World& world, const std::string& owner, Life& life) {
  for (int i = 0; i < kMostReaps; ++i) {
    const auto lease = universe.store.take_lease(universe.app, owner, "reaper");
    if (!lease) return life.report("lease: the reaper cannot take it: " + lease.error().what);
    const auto reaped = release::reap(world, *lease);
    const auto freed = universe.store.free_lease(*lease);
    if (!reaped) return life.report("reaper: " + reaped.error().what);
    if (!freed) return life.report("reaper: " + freed.error().what);
    if (!reaped->busy) return;
    universe.clock.advance(Millis(2'000));
  }
  life.report("reaper: it does not come to rest");
}
}  // namespace

void live_on(Universe& universe, const Trouble& trouble, Witness& witness) {
  Life life(universe, trouble, witness);
  universe.disturbed = universe.disturbed || trouble.refusals > 0 || !trouble.writes.empty();
  fake::Seam seam{universe.world, universe.clock,
                  [&](const fake::Point& point) { return life.on_effect(point); }};
  universe.store.set_crash_hook([&](const char* point) { life.on_store(point); });
  Drivers drivers(seam);
  release::World world = drivers.world(universe);
  const std::string owner = "daemon " + std::to_string(++universe.daemons);
  if (!has_ended(universe)) {
    const auto lease = universe.store.take_lease(universe.app, owner, universe.release);
    if (!lease) {
      life.report("lease: a new daemon cannot take it: " + lease.error().what);
    } else {
      SimMailbox mailbox(universe, trouble, witness);
      release::Runner runner(world, *lease, *universe.plan, universe.release, last_state(universe),
                             nullptr);
      const auto ending = runner.run(mailbox);
      if (!ending && !mailbox.closing()) life.report("runner: " + ending.error().what);
      if (ending) life.report(check_lease_is_free(universe));
      if (ending && !universe.disturbed) life.report(check_baseline_gone(universe));
    }
  }
  if (has_ended(universe)) reap_all(universe, world, owner, life);
  universe.store.set_crash_hook(nullptr);
  for (const auto& problem : check_end(universe)) witness.violation(problem);
}

void create_release(Universe& universe, const config::Config& config,
                    const plan::Request& request) {
  fake::Seam seam{universe.world, universe.clock, nullptr};
  Drivers drivers(seam);
  release::World world = drivers.world(universe);
  const auto& environment = config.environments.at(request.environment);
  auto facts = release::gather_facts(world, config.app, environment, request);
  ASSERT(facts);
  auto made = plan::make_plan(config, *facts, request);
  ASSERT(made);
  universe.app = {config.app, request.environment};
  universe.plan = std::make_shared<const plan::Plan>(std::move(made).value());
  ports::ReleaseRow row;
  row.app = universe.app;
  row.kind = request.kind == plan::RequestKind::Deploy ? "deploy" : "rollback";
  row.version = universe.plan->version;
  row.by = "sim";
  row.plan = plan::to_json(*universe.plan);
  row.plan_hash = universe.plan->hash;
  const auto created = universe.store.create_release(std::move(row));
  ASSERT(created);
  universe.release = created->id;
  universe.daemons = 0;
  universe.disturbed = false;
  universe.must_end.clear();
}

}  // namespace slipway::sim
