#include "scenarios.h"

#include <cstdio>
#include <cstdlib>

namespace slipway::sim {
namespace {

using config::Strategy;
using release::EventKind;

constexpr const char* kEnvironment = "production";

// Used while a start is being prepared: nothing may go wrong there.
class Quiet : public Witness {
 public:
  void at_point(int, PointKind, Universe&) override {}
  void violation(const std::string& what) override {
    if (first_.empty()) first_ = what;
  }
  const std::string& first() const { return first_; }

 private:
  std::string first_;
};

// Without a sound start there is nothing to explore: the run ends here, and says so.
void run_quietly(Universe& universe) {
  universe.must_end = "completed";
  Quiet quiet;
  live_on(universe, Trouble{}, quiet);
  universe.must_end.clear();
  if (quiet.first().empty()) return;
  std::printf("violation: start of %s: %s\n", universe.plan->version.c_str(),
              quiet.first().c_str());
  std::fflush(stdout);
  std::_Exit(1);
}

std::shared_ptr<const Universe> that_must_end(const std::string& how, Universe universe) {
  universe.must_end = how;
  return std::make_shared<const Universe>(std::move(universe));
}

config::Service service(const std::string& name, int instances, bool listens) {
  config::Service out;
  out.name = name;
  out.run = "run " + name;
  out.dir = "/srv";
  out.instances = instances;
  out.listens = listens;
  out.drain = Millis(2'000);
  if (!listens) return out;
  config::Health health;
  health.path = "/health";
  health.interval = Millis(100);
  health.healthy = 2;
  health.start_period = Millis(3'000);
  out.health = health;
  out.route.paths = {"/" + name};
  return out;
}

fake::Behaviour quick(const std::string& version) {
  fake::Behaviour behaviour;
  behaviour.version = version;
  behaviour.running_after = Millis(5);
  behaviour.ready_after = Millis(30);
  behaviour.stop_takes = Millis(20);
  behaviour.request_takes = Millis(30);
  return behaviour;
}

plan::Request request(const std::string& version,
                      plan::RequestKind kind = plan::RequestKind::Deploy) {
  plan::Request out;
  out.kind = kind;
  out.environment = kEnvironment;
  out.version = version;
  out.by = "sim";
  return out;
}

fake::Behaviour with(const std::string& service, fake::Behaviour behaviour) {
  behaviour.service = service;
  return behaviour;
}

void add_worlds_troubles(Strategy strategy, const std::string& name, std::vector<Scenario>& out) {
  const char* end = "completed";
  const auto add = [&](const std::string& what, const std::vector<fake::Behaviour>& behaviours,
                       bool empty = false) {
    out.push_back({name + what, that_must_end(end, start_of(strategy, behaviours, empty)), {}});
  };
  add("all goes well", {});
  add("first release", {}, true);
  end = "rolled_back";
  auto bad = quick("v2");
  bad.never_ready = true;
  add("web never gets ready", {with("web", bad)});
  add("api never gets ready", {with("api", bad)});
  add("first release never gets ready", {with("web", bad)}, true);
  bad = quick("v2");
  bad.dies_after = Millis(2);
  add("web dies at once", {with("web", bad)});
  add("worker dies at once", {with("worker", bad)});
  bad.dies_after = Millis(900);
  end = "";  // it may be live by then
  add("web dies later", {with("web", bad)});
  end = "rolled_back";
  bad = quick("v2");
  bad.smoke_fails = true;
  add("smoke fails", {with("web", bad)});
  bad = quick("v2");
  bad.error_share = 0.4;
  add("web answers errors", {with("web", bad)});
}

void add_refusals(Strategy strategy, const std::string& name, std::vector<Scenario>& out) {
  const auto either = that_must_end("", start_of(strategy, {}, false));
  const auto completed = that_must_end("completed", *either);
  for (const auto call : {fake::Call::Ensure, fake::Call::SetSplit, fake::Call::Retire}) {
    for (const int times : {1, 12}) {
      Trouble trouble;
      trouble.refused_call = call;
      trouble.refusals = times;
      out.push_back(
          {name + std::string(fake::name_of(call)) + " refused " + std::to_string(times) + " times",
           times > 4 ? either : completed, trouble});
    }
  }
}

// The simulation begins at 00:16:40 of a Thursday, UTC.
void add_gates(Strategy strategy, const std::string& name, std::vector<Scenario>& out) {
  config::Window opens_soon;
  opens_soon.days = {"thu"};
  opens_soon.hours = {"00:18-00:50"};
  config::Window opens_late = opens_soon;
  opens_late.hours = {"05:00-06:00"};
  opens_late.patience.expires = Millis(20'000);
  const auto waits = that_must_end("completed", start_behind(strategy, opens_soon));
  const auto expires = that_must_end("aborted", start_behind(strategy, opens_late));
  out.push_back({name + "waits for its window", waits, {}});
  out.push_back({name + "its window does not open in time", expires, {}});
  Trouble abort;
  abort.commands = {{Millis(5'000), EventKind::Abort, false}};
  out.push_back({name + "aborted while it waits", that_must_end("", *waits), abort});
  Trouble pause;
  pause.commands = {{Millis(40), EventKind::Pause, false},
                    {Millis(200'000), EventKind::Resume, false}};
  out.push_back({name + "paused while it waits", waits, pause});
}

// Hooks at every stage; one that fails before the promotion.
void add_hooks(Strategy strategy, const std::string& name, std::vector<Scenario>& out) {
  auto config = sim_config(strategy);
  auto& hooks = config.environments[kEnvironment].hooks;
  for (const char* stage :
       {"preflight", "before_start", "after_start", "before_shift", "after_shift", "after_promote",
        "done", "before_rollback", "after_rollback"})
    hooks.push_back({stage, "true", Millis(1'000), Millis(60'000)});
  out.push_back({name + "hooks at every stage",
                 that_must_end("completed", start_with_config(config, strategy)),
                 {}});
  hooks.push_back({"before_promote", "false", Millis(1'000), Millis(60'000)});
  out.push_back({name + "a hook fails before the promotion",
                 that_must_end("rolled_back", start_with_config(config, strategy)),
                 {}});
}

// A release that migrates: by itself, and when it is taken back.
void add_migrations(Strategy strategy, const std::string& name, std::vector<Scenario>& out) {
  auto config = sim_config(strategy);
  auto& settings = config.environments[kEnvironment];
  settings.database.url = "postgresql://db/shop";
  settings.database.migrations.in_release = true;
  settings.database.migrations.contract = config::ContractTime::AfterRetire;
  // The step is the same in every strategy: one of them tells.
  if (strategy != Strategy::BlueGreen)
    settings.database.migrations.rehearse = config::Rehearse::Off;
  settings.rollout.keep_old = Millis(0);
  const auto completes = that_must_end("completed", start_with_config(config, strategy));
  out.push_back({name + "migrates", completes, {}});
  for (const int at : {200, 700, 2'000}) {
    Trouble abort;
    abort.commands = {{Millis(at), EventKind::Abort, false}};
    out.push_back({name + "aborted while it migrates, after " + std::to_string(at) + " ms",
                   that_must_end("", *completes), abort});
  }
}

// A canary that is judged beside fresh instances of the old release; r-0002 is the release.
void add_fresh_baseline(const std::string& name, std::vector<Scenario>& out) {
  const auto fresh = [] {
    auto behaviour = quick("v1");
    behaviour.release = "r-0002-baseline";
    return behaviour;
  };
  const auto add = [&](const char* what, const char* end,
                       const std::vector<fake::Behaviour>& behaviours, const Trouble& trouble) {
    out.push_back({name + what, that_must_end(end, start_beside_fresh(behaviours)), trouble});
  };
  add("beside a fresh baseline", "completed", {}, {});
  auto canary = quick("v2");
  canary.error_share = 0.9;
  add("worse than a fresh baseline", "rolled_back", {canary}, {});
  auto young = fresh();
  young.error_share = 0.9;
  add("as bad as a fresh baseline", "completed", {canary, young}, {});
  young = fresh();
  young.never_ready = true;
  add("its fresh baseline never gets ready", "completed", {with("web", young)}, {});
  young = fresh();
  young.dies_after = Millis(300);
  add("its fresh baseline dies", "completed", {with("web", young)}, {});
  Trouble trouble;
  trouble.commands = {{Millis(500), EventKind::Abort, false}};
  add("aborted beside a fresh baseline", "", {}, trouble);
  trouble.commands = {{Millis(250), EventKind::Promote, true}};
  add("promoted to the end beside a fresh baseline", "completed", {}, trouble);
  trouble.commands.clear();
  trouble.refused_call = fake::Call::Retire;
  trouble.refusals = 12;
  add("its fresh baseline cannot be stopped", "", {}, trouble);
}

void add_commands(Strategy strategy, const std::string& name, std::vector<Scenario>& out) {
  const auto either = that_must_end("", start_of(strategy, {}, false));
  const auto completed = that_must_end("completed", *either);
  for (const int at : {0, 60, 250, 600, 1'200}) {
    Trouble trouble;
    trouble.commands = {{Millis(at), EventKind::Abort, false}};
    out.push_back({name + "aborted after " + std::to_string(at) + " ms", either, trouble});
  }
  Trouble pause;
  pause.commands = {{Millis(40), EventKind::Pause, false},
                    {Millis(5'000), EventKind::Resume, false}};
  out.push_back({name + "paused and resumed", completed, pause});
  Trouble full;
  full.commands = {{Millis(100), EventKind::Promote, true}};
  out.push_back({name + "promoted to the end by hand", completed, full});
}
}  // namespace

config::Config sim_config(Strategy strategy) {
  config::Config config;
  config.app = "shop";
  config::Environment environment;
  environment.name = kEnvironment;
  environment.services = {service("api", 1, true), service("web", 2, true),
                          service("worker", 1, false)};
  environment.services[1].needs = {"api"};
  config::Smoke smoke;
  smoke.get = "/health";
  smoke.service = "web";
  environment.smoke = {smoke};
  environment.rollout.strategy = strategy;
  environment.rollout.steps = {20, 100};
  environment.rollout.batch = 1;
  environment.rollout.judge = {Millis(300), Millis(900), 10};
  environment.rollout.keep_old = Millis(600'000);
  config::Trigger errors;
  errors.limit = 5;
  errors.text = "error_rate > 5%";
  config::Trigger health;
  health.kind = config::Trigger::Kind::HealthFailing;
  health.text = "health failing";
  environment.roll_back_when = {errors, health};
  environment.watch = Millis(300);
  config.environments[kEnvironment] = environment;
  return config;
}

namespace {
// v2 is released with `next`; what went before had no gates.
Universe start_with(const config::Config& next, Strategy strategy,
                    const std::vector<fake::Behaviour>& behaviours, bool empty) {
  auto script = std::make_shared<fake::Script>();
  script->behaviours = behaviours;
  script->behaviours.push_back(quick(""));
  script->requests_per_second = 400;
  Universe universe;
  universe.world.script = script;
  if (!empty) {
    create_release(universe, sim_config(strategy), request("v1"));
    run_quietly(universe);
    universe.world.starts = 0;
  }
  create_release(universe, next, request("v2"));
  return universe;
}
}  // namespace

Universe start_of(Strategy strategy, const std::vector<fake::Behaviour>& behaviours, bool empty) {
  return start_with(sim_config(strategy), strategy, behaviours, empty);
}

Universe start_with_config(const config::Config& config, Strategy strategy) {
  return start_with(config, strategy, {}, false);
}

Universe start_beside_fresh(const std::vector<fake::Behaviour>& behaviours) {
  auto config = sim_config(Strategy::Canary);
  config.environments[kEnvironment].rollout.judge.baseline = config::Baseline::Fresh;
  return start_with(config, Strategy::Canary, behaviours, false);
}

Universe start_behind(Strategy strategy, const config::Window& window) {
  auto config = sim_config(strategy);
  config.environments[kEnvironment].gates.window = window;
  return start_with(config, strategy, {}, false);
}

Universe start_of_rollback(Strategy strategy, bool warm) {
  Universe universe = start_of(strategy, {}, false);
  run_quietly(universe);
  if (!warm) {
    universe.clock.advance(Millis(700'000));
    Quiet quiet;
    live_on(universe, Trouble{}, quiet);  // the reaper's turn
  }
  universe.world.starts = 0;
  create_release(universe, sim_config(strategy), request("", plan::RequestKind::Rollback));
  return universe;
}

std::vector<Scenario> all_scenarios() {
  std::vector<Scenario> out;
  for (const auto strategy :
       {Strategy::BlueGreen, Strategy::Canary, Strategy::Rolling, Strategy::Recreate}) {
    const std::string name = std::string(config::name_of(strategy)) + "/";
    add_worlds_troubles(strategy, name, out);
    add_refusals(strategy, name, out);
    add_commands(strategy, name, out);
    if (strategy == Strategy::BlueGreen) add_gates(strategy, name, out);
    if (strategy == Strategy::Canary) add_hooks(strategy, name, out);
    if (strategy == Strategy::Canary) add_fresh_baseline(name, out);
    if (strategy == Strategy::Canary || strategy == Strategy::Rolling)
      add_migrations(strategy, name, out);
    for (const bool warm : {true, false}) {
      out.push_back({name + (warm ? "rollback to a warm colour" : "rollback to a cold colour"),
                     that_must_end("completed", start_of_rollback(strategy, warm)),
                     {}});
    }
  }
  return out;
}

}  // namespace slipway::sim
