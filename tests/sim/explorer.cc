#include "explorer.h"

namespace slipway::sim {
namespace {

constexpr Millis kDowntime{700};  // between a crash and the next daemon

class Forking : public Witness {
 public:
  Forking(const Scenario& scenario, const std::string& label, int depth, Tally& tally)
      : way_(scenario.name + label), depth_(depth), tally_(tally) {}

  void at_point(int number, PointKind kind, Universe& universe) override {
    ++tally_.points;
    if (depth_ == 0 || is_full() || was_walked(kind, universe)) return;
    walked_ = universe.clock.monotonic();
    fork(number, universe);
  }

  void violation(const std::string& what) override {
    if (!is_full()) tally_.violations.push_back(way_ + ": " + what);
  }

 private:
  bool is_full() const { return tally_.violations.size() >= tally_.most; }

  // Just before a write nothing has changed since the point just after the one before it, unless
  // time has passed: a crash there leaves the very universe that has been walked already.
  bool was_walked(PointKind kind, Universe& universe) const {
    const bool before = kind == PointKind::JournalBefore || kind == PointKind::EffectBefore;
    return before && walked_ == universe.clock.monotonic();
  }

  // The daemon dies here; another one takes the copy up.
  void fork(int number, const Universe& universe) {
    ++tally_.universes;
    Universe copy(universe);
    copy.clock.advance(kDowntime);
    const std::string way_here = way_;
    const Millis walked_here = walked_;
    way_ += " > crash at " + std::to_string(number);
    walked_ = Millis(-1);
    --depth_;
    live_on(copy, Trouble{}, *this);
    ++depth_;
    walked_ = walked_here;
    way_ = way_here;
  }

  std::string way_;
  int depth_;
  Tally& tally_;
  Millis walked_{-1};  // when the last universe was walked, in this life
};

class Silent : public Witness {
 public:
  void at_point(int number, PointKind kind, Universe&) override {
    points = number + 1;
    if (kind == PointKind::EffectBefore) ++writes;
  }
  void violation(const std::string&) override {}
  int points = 0;
  int writes = 0;
};

// A zombie: the daemon only seemed dead. At its n-th point a new one takes over and finishes the
// release; then the old one goes on with what it was about to do. It must be refused; what slips
// through is cleaned up.
class Haunted : public Witness {
 public:
  explicit Haunted(int at) : at_(at) {}
  const std::string& restless() const { return restless_; }
  void at_point(int number, PointKind, Universe& universe) override {
    if (number != at_ || done_) return;
    done_ = true;
    Universe heir(universe);
    Silent silent;
    live_on(heir, Trouble{}, silent);
    take_over(universe, heir);
  }
  // The zombie may fail; but it must come to an end, and what it leaves behind is what counts.
  void violation(const std::string& what) override {
    if (what.starts_with("liveness")) restless_ = what;
  }

 private:
  static void take_over(Universe& universe, const Universe& heir) {
    universe.world = heir.world;
    universe.store.adopt(heir.store);
    universe.clock = heir.clock;
    universe.daemons = heir.daemons;
  }
  int at_;
  bool done_ = false;
  std::string restless_;
};

}  // namespace

void explore(const Scenario& scenario, int depth, Tally& tally) {
  ++tally.universes;
  Universe universe(*scenario.start);
  Forking forking(scenario, "", depth, tally);
  live_on(universe, scenario.trouble, forking);
}

void explore_zombies(const Scenario& scenario, Tally& tally) {
  Universe undisturbed(*scenario.start);
  Silent count;
  live_on(undisturbed, scenario.trouble, count);
  for (int at = 0; at < count.points && tally.violations.size() < tally.most; ++at) {
    ++tally.universes;
    Universe haunted(*scenario.start);
    Haunted zombie(at);
    live_on(haunted, scenario.trouble, zombie);
    // What the zombie left behind is the next reaper's work.
    Forking last(scenario, " > zombie at " + std::to_string(at), 0, tally);
    if (!zombie.restless().empty()) last.violation(zombie.restless());
    live_on(haunted, Trouble{}, last);
  }
}

void explore_faults(const Scenario& scenario, Tally& tally) {
  Universe undisturbed(*scenario.start);
  Silent count;
  live_on(undisturbed, scenario.trouble, count);
  for (int index = 0; index < count.writes; ++index) {
    for (const auto fault : {fake::Fault::UnknownApplied, fake::Fault::UnknownNotApplied,
                             fake::Fault::NotAppliedBefore, fake::Fault::AppliedButLost}) {
      ++tally.universes;
      Scenario faulty = scenario;
      faulty.trouble.writes.push_back({index, fault});
      Universe universe(*scenario.start);
      Forking forking(
          faulty,
          " > write " + std::to_string(index) + " fault " + std::to_string(static_cast<int>(fault)),
          1, tally);
      live_on(universe, faulty.trouble, forking);
      if (tally.violations.size() >= tally.most) return;
    }
  }
}

}  // namespace slipway::sim
