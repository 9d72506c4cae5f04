// Random universes: everything that happens is drawn from one seed, so that one line replays it.
#include <random>

#include "explorer.h"

namespace slipway::sim {
namespace {

using config::Strategy;
using release::EventKind;

struct Crash {};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  int below(int n) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(n)); }
  bool one_in(int n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

// Dies at drawn points by unwinding the daemon's stack, as a kill would end it there.
class Dying : public Witness {
 public:
  Dying(std::uint64_t seed, Dice& dice, Tally& tally)
      : way_("SEED=" + std::to_string(seed)), dice_(dice), tally_(tally) {}
  void at_point(int number, PointKind, Universe&) override {
    ++tally_.points;
    if (crashes_left_ == 0 || !dice_.one_in(40)) return;
    --crashes_left_;
    way_ += " > crash at " + std::to_string(number);
    throw Crash{};
  }
  void violation(const std::string& what) override {
    if (tally_.violations.size() < tally_.most) tally_.violations.push_back(way_ + ": " + what);
  }
  void allow_crashes(int count) { crashes_left_ = count; }
  bool may_crash() const { return crashes_left_ > 0; }

 private:
  std::string way_;
  Dice& dice_;
  Tally& tally_;
  int crashes_left_ = 0;
};

fake::Behaviour drawn_behaviour(Dice& dice, const std::string& service) {
  fake::Behaviour out;
  out.service = service;
  out.version = "v2";
  out.running_after = Millis(dice.below(40));
  out.ready_after = out.running_after + Millis(dice.below(400));
  out.stop_takes = Millis(dice.below(200));
  out.request_takes = Millis(dice.below(300));
  if (dice.one_in(6)) out.never_ready = true;
  if (dice.one_in(6)) out.dies_after = Millis(dice.below(3'000));
  if (dice.one_in(8)) out.smoke_fails = true;
  if (dice.one_in(5)) out.error_share = dice.below(100) / 100.0;
  return out;
}

Trouble drawn_trouble(Dice& dice) {
  Trouble out;
  for (int i = dice.below(4); i > 0; --i) {
    constexpr fake::Fault kFaults[] = {fake::Fault::UnknownApplied, fake::Fault::UnknownNotApplied,
                                       fake::Fault::NotAppliedBefore, fake::Fault::AppliedButLost};
    out.writes.push_back({dice.below(25), kFaults[dice.below(4)]});
  }
  int at = 0;
  for (int i = dice.below(3); i > 0; --i) {
    constexpr EventKind kCommands[] = {EventKind::Abort, EventKind::Pause, EventKind::Resume,
                                       EventKind::Promote};
    at += dice.below(1'500);
    out.commands.push_back({Millis(at), kCommands[dice.below(4)], dice.one_in(2)});
  }
  return out;
}

// Starts are drawn from a few prepared ones: preparing one costs more than living it.
std::vector<Universe> prepare_starts() {
  std::vector<Universe> out;
  for (const auto strategy :
       {Strategy::BlueGreen, Strategy::Canary, Strategy::Rolling, Strategy::Recreate}) {
    out.push_back(start_of(strategy, {}, false));
    out.push_back(start_of(strategy, {}, true));
    out.push_back(start_of_rollback(strategy, true));
    out.push_back(start_of_rollback(strategy, false));
  }
  out.push_back(start_beside_fresh({}));
  return out;
}
}  // namespace

void explore_seed(std::uint64_t seed, Tally& tally) {
  Dice dice(seed);
  static const std::vector<Universe> prepared = prepare_starts();
  ++tally.universes;
  Universe universe(
      prepared[static_cast<std::size_t>(dice.below(static_cast<int>(prepared.size())))]);
  auto script = std::make_shared<fake::Script>(*universe.world.script);
  for (const char* name : {"api", "web", "worker"}) {
    if (dice.one_in(2))
      script->behaviours.insert(script->behaviours.begin(), drawn_behaviour(dice, name));
  }
  universe.world.script = script;
  for (auto& slot : universe.world.slots)
    slot.behaviour = static_cast<int>(script->behaviours.size()) - 1;
  Dying witness(seed, dice, tally);
  witness.allow_crashes(dice.below(5));
  for (bool alive = false; !alive;) {
    const Trouble trouble = drawn_trouble(dice);
    try {
      live_on(universe, trouble, witness);
      alive = true;
    } catch (const Crash&) {
      universe.clock.advance(Millis(dice.below(5'000)));
    }
  }
}

}  // namespace slipway::sim
