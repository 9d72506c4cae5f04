#pragma once
// Runner: takes one release through the machine. For every effect: the intent is durable in the
// journal, the port is called, the world is observed, the outcome is durable. One thread owns a
// Runner.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "ports/checks.h"
#include "ports/hooks.h"
#include "ports/inquiry.h"
#include "ports/instances.h"
#include "ports/measures.h"
#include "ports/migrations.h"
#include "ports/router.h"
#include "ports/store.h"
#include "ports/zones.h"
#include "release/machine.h"

namespace slipway::release {

// Everything a release needs of the world; borrowed, must outlive the Runner.
struct World {
  ports::Instances& instances;
  ports::Router& router;
  ports::Counters& counters;
  ports::Probe& probe;
  ports::SmokeRunner& smoke;
  ports::Artifacts& artifacts;
  ports::Store& store;
  Clock& clock;
  ports::Zones* zones = nullptr;            // null: UTC alone
  ports::Inquiry* inquiry = nullptr;        // null: what must be looked at stays closed
  ports::Measures* measures = nullptr;      // null: metrics have no numbers
  ports::Hooks* hooks = nullptr;            // null: a hook fails
  ports::Migrations* migrations = nullptr;  // null: migrations fail
};

// A person's word to a running release.
struct Command {
  EventKind kind = EventKind::Pause;  // Pause, Resume, Promote, Abort
  std::string by;
  std::string reason;
  bool full = false;
  bool superseded = false;
  std::function<void(Result<void>)> answer;  // called once, on the runner's thread; may be empty
};

// Where a Runner waits: for a command, or until time has passed.
class Mailbox {
 public:
  virtual ~Mailbox() = default;
  // A command, or nullopt after at_most (Millis::max(): only a command ends the wait).
  virtual std::optional<Command> wait(Millis at_most) = 0;
  virtual bool closing() const = 0;  // the daemon stops: leave the release where it is
};

// What others may see of a running release, called on the runner's thread.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void on_record(const ports::Record& record, const State& state) = 0;     // journaled
  virtual void on_progress(const std::string& step, const std::string& text) = 0;  // not journaled
};

struct Ending {
  Phase phase = Phase::Completed;
  std::string reason;
};

class Performer;  // how each kind of step is done, observed and undone

class Runner {
 public:
  // `state`: where the journal says the release is (a fresh State for a new one). The plan is
  // borrowed and must outlive the runner.
  Runner(World world, ports::Lease lease, const plan::Plan& plan, std::string release, State state,
         Listener* listener);
  Runner(World world, ports::Lease lease, plan::Plan&& plan, std::string release, State state,
         Listener* listener) = delete;
  ~Runner();
  // Until the release has ended, the lease is lost (Fenced), or the mailbox closes (Aborted is not
  // used for that: the error is Code::Internal "left for the next daemon").
  Result<Ending> run(Mailbox& mailbox);
  const State& state() const { return state_; }

 private:
  struct Next {
    Effect effect = Effect::None;
    Millis delay{0};
  };
  Event perform(Effect effect);
  void overdue(Event& event) const;
  void heed_alerts(Event& event) const;
  Result<void> take(const Event& event);
  Result<void> accept(const Event& event, const Decision& decision);
  Result<void> journal(const Event& event, const State& next);
  Result<void> answer(const Command& command);
  void refuse(const Command& command, const Error& why) const;
  void report_stall(const Error& why) const;
  Result<void> write_end();
  Result<Ending> finish(Mailbox& mailbox);

  World world_;
  ports::Lease lease_;
  const plan::Plan& plan_;
  std::string release_;
  State state_;
  Next next_;
  Listener* listener_;
  std::unique_ptr<Performer> performer_;
};

}  // namespace slipway::release
