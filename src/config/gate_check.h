#pragma once
// GateCheck: one thing that must hold before, during or after a release: an item of a checklist, a
// scan's report, feature flags, a load test's budget. What each says is read where files are.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "config/channel.h"

namespace slipway::config {

// What becomes of a release whose gate did not open in time. GoOn: of checks alone; it stands in
// the journal that nothing was found out.
enum class OnExpiry { Abort, Hold, GoOn };
std::string_view name_of(OnExpiry outcome);  // "go-on"
OnExpiry on_expiry_named(std::string_view name);

// How long a gate is waited for.
struct Patience {
  Millis expires{24 * 3'600'000};
  OnExpiry on_expiry = OnExpiry::Abort;
  friend bool operator==(const Patience&, const Patience&) = default;
};

struct GateCheck {
  enum class Kind {
    Ask,           // a person says yes, once
    Run,           // a command ends with 0
    File,          // a file is there
    Tests,         // a report of tests has no failure
    Variables,     // the services get these variables
    Tag,           // git has a tag of the version
    RollbackPlan,  // the plan can be taken back, and something is there to go back to
    Alerts,        // somebody is told when it goes wrong
    Scan,          // a scan's report is within limits
    Flags,         // feature flags exist and stand as they should
    LoadTest,      // a load test's report is within a budget
  };
  enum class When { Before, During, After };

  Kind kind = Kind::Ask;
  std::string name;  // one of its kind in the environment
  When when = When::Before;
  std::string question;  // Ask
  // Where the report is: one of these; "${version}" is replaced when it is looked at.
  std::string file;
  std::string run;  // its output; of Run nothing but its exit status
  std::string url;
  SecretRef secret;                    // url: what `Authorization` says; an empty name: nothing
  std::string environment;             // Flags: as the service of flags calls it
  std::string contains;                // File
  std::string format;                  // Scan: auto, sarif, trivy, npm-audit, generic
  bool any_version = false;            // Scan: of reports that do not say their version
  std::vector<std::string> people;     // Ask: who may answer; empty: whoever may release
  std::vector<std::string> variables;  // Variables
  std::map<std::string, std::string> flags;  // Flags: name -> on, off, present
  std::map<std::string, double> limits;      // Scan: severity -> most; LoadTest: p95_ms, rps, …
  Millis max_age{0};                         // of a report; 0: any
  Millis timeout{60'000};                    // of a command or a request
  Patience patience;
  friend bool operator==(const GateCheck&, const GateCheck&) = default;
};
// The gate it belongs to, as `--override` and `hotfix.skips` name it: "checklist", "scans",
// "flags", "load_tests".
std::string_view gate_of(GateCheck::Kind kind);
std::string_view name_of(GateCheck::Kind kind);
std::string_view name_of(GateCheck::When when);
// Whether a person answers instead of slipway.
inline bool is_asked(const GateCheck& check) { return check.kind == GateCheck::Kind::Ask; }

Json to_json(const Patience& patience);
Json to_json(const GateCheck& check);
GateCheck gate_check_from_json(const Json& json);

}  // namespace slipway::config
