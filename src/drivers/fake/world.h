#pragma once
// World: everything the in-memory drivers pretend exists, as one value. It is small and cheap to
// copy (what never changes is shared), because the simulator makes hundreds of thousands of them.
// Time is virtual: what an instance is or a counter shows follows from `now`, nothing ticks.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ports/checks.h"
#include "ports/instances.h"
#include "ports/notice.h"
#include "ports/router.h"

namespace slipway::drivers::fake {

// A part of the traffic, counted by itself.
struct RouteBehaviour {
  std::string route{};
  double share = 0;  // 0..1 of the requests
  double error_share = 0;
  double slow_share = 0.01;
};

// How a version of a service behaves. Empty service, version or release: any. The first entry that
// fits counts.
struct Behaviour {
  std::string service{};
  std::string version{};
  std::string release{};      // of the slot: one start of a version may fare worse than another
  Millis running_after{100};  // until the platform calls it Running
  Millis ready_after{1'000};  // until probes succeed
  bool never_ready = false;
  Millis dies_after{-1};  // it ends by itself this long after its start; -1: it does not
  std::string last_lines = "fatal: scripted end";
  bool smoke_fails = false;
  bool missing = false;      // its artifact is not there
  double error_share = 0;    // 0..1 of its requests
  double slow_share = 0.01;  // 0..1 of its requests
  std::uint32_t usual_us = 8'192;
  std::uint32_t slow_us = 65'536;
  // Instead of the shares above, when there are any; they should add up to 1.
  std::vector<RouteBehaviour> routes{};
  Millis request_takes{50};  // how long requests still run on an address that left the split
  Millis stop_takes{100};    // from the stop signal until it is gone
};

struct Script {
  std::vector<Behaviour> behaviours;
  double requests_per_second = 100;  // to each listening service of each app
  // How long the router takes over a split; it takes no other meanwhile, as one with a file does.
  Millis takes_over{0};
};

struct FakeInstance {
  int index = 0;
  int port = 0;  // address 127.0.0.1:port; 0: does not listen
  int restarts = 0;
  Millis started{0};
  Millis stopping{-1};  // since when; -1: meant to run
  std::string op;
};

struct FakeSlot {
  ports::Slot slot;
  std::string version;
  std::string last_op;  // of the last accepted ensure or retire
  bool listens = true;
  int behaviour = -1;  // index in Script::behaviours; -1: the default one
  std::vector<FakeInstance> instances{};
};

// An address that left a split and may still have requests.
struct Leaving {
  std::string service;
  std::string release;
  std::string address;
  Millis until{0};
};

struct FakeRoute {
  ports::AppRef app;
  std::shared_ptr<const ports::Split> split;  // never null
  std::uint64_t version = 0;                  // 0: nothing is routed yet
  std::uint64_t epoch = 0;
  std::string op{};  // of the last accepted write
  std::vector<Leaving> leaving{};
  Millis taken_over{0};  // when the last accepted write is
};

struct RouteTally {
  std::string route;
  double requests = 0;
  double errors = 0;
  double slow = 0;
};

struct Tally {
  ports::AppRef app;
  std::string release;
  double requests = 0;
  double errors = 0;
  double slow = 0;
  std::uint32_t usual_us = 8'192;
  std::uint32_t slow_us = 65'536;
  std::vector<RouteTally> routes{};  // by name
};

struct FakeTask {
  OpId op;
  Millis ends{0};
  int exit_code = 0;
};

struct World {
  std::vector<std::string> migrated{};  // ids of applied migrations, in order
  std::shared_ptr<const Script> script = std::make_shared<Script>();
  std::vector<FakeSlot> slots;
  std::vector<FakeRoute> routes;
  std::vector<Tally> tallies;
  std::vector<FakeTask> tasks;
  std::vector<ports::Notice> notices;  // every one that was sent, in order
  Millis counted_until{0};
  int next_port = 20'000;
  int starts = 0;  // instances started in all; bounded restarts are checked on it
};

// What an instance is at `now`.
ports::InstanceState state_of(const World& world, const FakeSlot& slot,
                              const FakeInstance& instance, Millis now);
// Its probe would succeed at `now`.
bool is_ready(const World& world, const FakeSlot& slot, const FakeInstance& instance, Millis now);
const Behaviour& behaviour_of(const World& world, const FakeSlot& slot);

const FakeSlot* find_slot(const World& world, const ports::Slot& slot);
const FakeRoute* find_route(const World& world, const ports::AppRef& app);
// The slot and instance behind an address; instance is null when nothing was ever started there or
// it is gone.
struct Place {
  const FakeSlot* slot = nullptr;
  const FakeInstance* instance = nullptr;
};
Place place_of(const World& world, std::string_view address, Millis now);
std::string address_of(const FakeInstance& instance);  // empty when it does not listen
// Adds the requests of the time since the last call to the tallies, by the splits as they are. The
// fakes call it before they change a split; call it yourself before reading tallies.
void count_until(World& world, Millis now);

// What befalls one write. Reads can fail too: every Fault but None makes them an error.
// AppliedButLost: the platform says yes and forgets; only an observation tells.
enum class Fault { None, NotAppliedBefore, UnknownNotApplied, UnknownApplied, AppliedButLost };

enum class Call {
  Ensure,
  Retire,
  RunOnce,
  SetSplit,
  Notify,
  Observe,
  Slots,
  ObserveOnce,
  ObserveSplit,
  ObserveDrain,
  ReadCounts,
};
std::string_view name_of(Call call);
constexpr bool is_write(Call call) { return call <= Call::Notify; }

enum class When { Before, After };  // of the effect

struct Point {
  Call call = Call::Ensure;
  When when = When::Before;
  const std::string* subject = nullptr;  // the op-id's step, or the notice's key; null for reads
};

// Where the fakes meet the simulator. Borrowed by every fake driver, must outlive them.
struct Seam {
  World& world;
  Clock& clock;
  // Asked before and after each write, and before each read. The answer before a write decides what
  // becomes of it; the answer after it does not count. It may throw: nothing is half changed then.
  std::function<Fault(const Point&)> hook;
  plan::Capabilities platform{};
  plan::Capabilities router{};

  Fault ask(Call call, When when, const std::string* subject = nullptr) {
    return hook ? hook(Point{call, when, subject}) : Fault::None;
  }
};

}  // namespace slipway::drivers::fake
