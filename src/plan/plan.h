#pragma once
// Plan: what a release will do, as data. make_plan is pure: configuration + facts + request in, an
// ordered list of steps out, each with what undoes it and what happens when it fails. The plan's
// hash is what an approval approves and what the journal keeps.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "config/config.h"

namespace slipway::plan {

// What a platform and a router can do (DESIGN: the honest model). A plan that needs more is refused
// in words before anything starts.
struct Capabilities {
  bool side_by_side = true;  // old and new at once
  bool addressable = true;   // each instance has an address of its own
  bool weights = true;       // arbitrary 0..100; false: 0 or 100 only
  bool drain = true;         // running requests are waited for
  bool maintenance = true;   // can show a maintenance page
  bool one_off = true;       // can run a one-off task
  bool metrics = true;       // counts per release (needed to judge)
  bool latencies = true;     // and how long its answers took
  bool third_share = true;   // a third release beside old and new, with a share of its own
  // Keys of `services.NAME.edge` the router carries out: "timeouts.connect", "tls" with all below
  // it, "*" for every one.
  std::vector<std::string> edge_settings{};
  std::string platform_name;  // for sentences
  std::string router_name;
};
Json to_json(const Capabilities& capabilities);

// A release that is live or kept: enough to go back to it without today's configuration.
struct LiveRelease {
  std::string id;                              // "r-0041"
  std::string version;                         // "v1.4.2"
  Json environment;                            // config::to_json(Environment) it was released with
  std::map<std::string, std::string> digests;  // service -> artifact digest
  bool warm = false;                           // its instances are still running
  bool bad = false;                            // it was taken back
  // The contract migration, already applied, that took away what this release needs; "": none.
  std::string broken_by{};
};

// What the database's server says of its connections.
struct Seats {
  int most = 0;         // there are
  int reserved = 0;     // of them, not for an ordinary role
  int of_app = 0;       // held now by the role the instances log in with
  int of_others = 0;    // held now by everybody else
  std::string trouble;  // why nobody knows; empty: the figures hold
};

struct Facts {
  Capabilities capabilities;
  std::optional<LiveRelease> live;      // what has the traffic now; none on the first release
  std::optional<LiveRelease> previous;  // what `rollback` would go back to
  std::map<std::string, std::string> digests;  // service -> digest of the requested version
  std::string passed_over{};  // a rollback without a target: why the newest ones are none
  // The newest contract migration that came with an earlier release and waits to be run; "": none.
  std::string due_contract{};
  std::optional<Seats> seats{};  // asked when the settings name a pool
};

enum class RequestKind { Deploy, Rollback };

struct Request {
  RequestKind kind = RequestKind::Deploy;
  std::string environment;
  std::string version;
  std::string by;  // who asks
  // Gates to leave out, by name; a hotfix leaves out those the configuration allows it.
  std::vector<std::string> overrides{};
  bool hotfix = false;
  std::string reason{};  // why; must be there when gates are left out
};

// A gate that this release leaves out, on the record.
struct Skip {
  std::string gate;  // window, freeze, approvals, checklist
  std::string how;   // override, hotfix
  std::string by;
  std::string reason;
};

// What a step does. Each kind is one performer in release/.
enum class StepKind {
  Gate,         // wait until the gate named `gate` is open
  Preflight,    // platform and router look whether everything is there; read only
  Start,        // ensure `count` instances of `service` in the new slot (or old slot when `of_old`)
  Probe,        // wait until those instances are ready by our own probe
  Smoke,        // smoke checks against the new instances
  Shift,        // set_split: `percent` of the traffic of every listening service to the new release
  Judge,        // judge the new release on what the edge counted, for `duration`
  Promote,      // the new release is the live one, in the store
  Maintenance,  // `on`: maintenance page in front; off is part of the next Shift
  Drain,        // wait until the old instances named here have no request left, at most `duration`
  Shrink,       // old slot down to `count` instances (rolling)
  Retire,       // stop the old slot of `service` (irreversible without starting it again)
  Watch,        // thresholds stay armed for `duration` after promotion
  Notify,       // tell: released, rolled back …
  Hook,         // settings.hooks[count] at `stage`; undoable: run when the release was taken back
  Migrate,      // run what is pending of the phases up to `stage`, up to `last` when it is given;
                // rehearse: on a scratch server
};
std::string_view name_of(StepKind kind);
std::optional<StepKind> step_kind_named(std::string_view name);

// What happens when a step fails for good.
enum class OnFailure {
  TakeBack,  // undo everything done so far, newest first
  GoOn,  // note it and continue (after the point of no return: cleaning up never fails a release)
  DoWithout,  // go on without the fresh baseline: what only measures never decides over a release
};

std::string_view name_of(OnFailure on_failure);

struct Step {
  std::string id;  // unique in the plan, part of op-ids: "start-web", "shift-10"
  StepKind kind = StepKind::Preflight;
  std::string service{};  // empty: all
  int count = 0;          // Start, Shrink: wanted instances
  int old_count = -1;     // Shift while rolling: how many old instances still get traffic; -1: all
  int new_count = -1;     // Shift while rolling: how many new instances get traffic; -1: all
  double percent = 0;     // Shift
  double baseline = 0;    // Shift: percent of the fresh baseline; the rest is the old release's
  bool of_old = false;    // Start, Probe, Retire, Shrink, Drain: acts on the release being replaced
  bool of_baseline = false;  // Start, Probe, Drain, Retire: … on a fresh instance of that release
  int successes = 0;  // Probe: good looks in a row that are enough; 0: as the service's health says
  Millis duration{0};  // Judge, Watch, Drain: how long
  Millis deadline{0};  // fails (Judge: is held) when not settled after this; 0: none
  OnFailure on_failure = OnFailure::TakeBack;
  std::string stage{};  // Hook: before_shift; Migrate: rehearse, expand, data, contract
  std::string last{};   // Migrate: the migration to end with; empty: all
  std::string gate{};   // Gate: window; Migrate, stage rehearse: rehearsal
  config::OnExpiry on_expiry = config::OnExpiry::Abort;  // Gate: what its deadline leads to
  bool undoable = false;                                 // an undo exists
  // What the undo goes back to. Start: this many instances in the same slot; Shrink and Retire:
  // this many old ones; those that listen are ready again before anything else is undone.
  int undo_count = 0;
  // Shift: its undo gives everything it moved back to the old release; after a Maintenance step it
  // shows the maintenance page again instead, because nothing old is running yet.
  bool undo_to_maintenance = false;
  std::string text{};       // "start 3 instances of web v1.5.0"
  std::string undo_text{};  // "stop them"; empty: nothing to undo
};

// What a restore can bring back of the database, by its settings. Whether `auto` can be pgBackRest
// here, only the machine knows.
struct Recovery {
  enum class Moments { Every, OfDumps, Unknown } moments = Moments::Unknown;
  Millis rpo{0};       // with every moment: what is lost at most
  Millis interval{0};  // with dumps: the same
  friend bool operator==(const Recovery&, const Recovery&) = default;
};
Recovery recovery_of(const config::BackupSettings& backup);

struct Plan {
  RequestKind kind = RequestKind::Deploy;
  std::string app;
  std::string environment;
  std::string version;
  config::Strategy strategy = config::Strategy::BlueGreen;
  config::Environment settings;                // what the new release runs with
  std::map<std::string, std::string> digests;  // service -> artifact digest of the new release
  std::string target_release;          // Rollback: the kept release whose slot is used again
  std::optional<LiveRelease> old;      // what is replaced; none on the first release
  std::vector<Skip> skipped;           // gates that are left out, and who said so
  std::optional<Recovery> recovery{};  // there are backups
  std::vector<std::string> notes;      // what was changed or refused, in words
  std::vector<Step> steps;
  std::string hash;  // sha256 of canonical JSON without the hash itself
};

// Refused (Code::Unsupported, NothingToRollBack, Usage) when the request cannot be carried out.
Result<Plan> make_plan(const config::Config& config, const Facts& facts, const Request& request);

// The smoke checks a Smoke step runs: those of step.service (empty: all); after Promote only the
// GET ones, because a command may change what customers see. Each has its service filled in.
std::vector<config::Smoke> smoke_of(const Plan& plan, const Step& step);
// What a fresh baseline gets beside a canary with so many percent: as much, but never more than
// half of what is left, so that the old release, to which traffic would go back, goes on serving.
double baseline_percent(double canary);
// A hook that runs when a release is taken back, before anything of it is.
bool comes_before_undo(const Step& step);
// All time spent judging, and watching after promotion.
Millis judged_time(const Plan& plan);
// The services of the release being replaced, in dependency order; empty on the first release.
// Corrupt when its stored settings cannot be read.
Result<std::vector<config::Service>> old_services(const Plan& plan);

// Whether connections are counted for it: it has a database, and names the size of a pool.
bool needs_seats(const config::Environment& settings);

std::string in_words(const Plan& plan);  // for `slipway plan`
Json to_json(const Plan& plan);
Result<Plan> plan_from_json(const Json& json);
std::string hash_of(const Plan& plan);

}  // namespace slipway::plan
