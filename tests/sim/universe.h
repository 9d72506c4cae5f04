#pragma once
// Universe: one whole simulated team: world, store, clock. A value: at every numbered point the
// explorer copies it and lets a new daemon take the copy up, which is exactly what a crash at that
// point is.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drivers/fake/drivers.h"
#include "plan/plan.h"
#include "release/runner.h"
#include "store/memory_store.h"

namespace slipway::sim {

namespace fake = drivers::fake;

struct Universe {
  fake::World world;
  store::MemoryStore store;
  fake::VirtualClock clock;
  ports::AppRef app;
  std::string release;                     // the one under test
  std::shared_ptr<const plan::Plan> plan;  // of that release
  int daemons = 0;                         // how many have worked on it
  std::string last_op;                     // of the effect sent last
  bool disturbed = false;                  // a write was made to fail in some life
  std::string must_end;                    // "completed", "rolled_back"; empty: either will do
};

// A person's word, some virtual time after the release began.
struct ScriptedCommand {
  Millis at{0};
  release::EventKind kind = release::EventKind::Abort;
  bool full = false;
};

// A write that does not go as it should: the `index`-th write of a daemon's life.
struct WriteFault {
  int index = 0;
  fake::Fault fault = fake::Fault::UnknownApplied;
};

// What may happen to one daemon's life.
struct Trouble {
  std::vector<WriteFault> writes;
  std::vector<ScriptedCommand> commands;
  fake::Call refused_call = fake::Call::Observe;  // with refusals > 0: this write …
  int refusals = 0;                               // … is refused that many times
};

enum class PointKind { JournalBefore, JournalAfter, EffectBefore, EffectAfter };

// What the explorer hears of a life, at every numbered point, in order.
class Witness {
 public:
  virtual ~Witness() = default;
  virtual void at_point(int number, PointKind kind, Universe& universe) = 0;
  virtual void violation(const std::string& what) = 0;
};

// One daemon's life: takes the lease, takes the release up where the journal has it, runs it to its
// end and reaps. What is wrong along the way is told to the witness.
void live_on(Universe& universe, const Trouble& trouble, Witness& witness);

// A release created in the journal but not begun.
void create_release(Universe& universe, const config::Config& config, const plan::Request& request);

}  // namespace slipway::sim
