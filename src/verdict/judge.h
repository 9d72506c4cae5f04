#pragma once
// Judge: sequential tests on what the router counts, canary beside old release. One look is one
// Tick; after each the judge may decide, and looking often costs nothing: the chance that it EVER
// takes back a release that keeps its limits is at most Settings::false_alarm, for the whole
// release. Pure: no clock, no I/O; the state is of fixed size. The same settings and ticks give the
// same verdict to the bit. The mathematics: docs/internals/judge.md.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "verdict/verdict.h"

namespace slipway::verdict {

enum class Guard { Auto, On, Off };

// What the canary is judged beside. Only words depend on it: counts are counts.
enum class Beside {
  Old,         // the old release as it runs
  Fresh,       // instances of the old release as young as the canary's
  OldInstead,  // … which have failed: the old release as it runs
};

struct Settings {
  std::vector<Rule> rules;
  Beside beside = Beside::Old;
  std::vector<std::string> strata{"all"};  // everything first, then routes; equal shares of alpha
  std::vector<std::string> counters;       // names of the custom counters, in Sample's order
  double false_alarm = 0.001;              // healthy releases that are taken back, at most
  // Releases at a limit that pass a step, at most. 1: no proof is asked for; `least` requests
  // within the limit are enough.
  double missed = 0.01;
  int least = 50;             // fewer canary requests in a step never pass
  Guard guard = Guard::Auto;  // must bad requests come in several blocks?
  // Auto: the guard is on unless this much history of the old release shows no bursts.
  Millis history{0};
  double dispersion = 0;      // variance / mean of the bad requests in a block (see Dispersion)
  Millis block{5'000};        // bad requests within one count as one event to the guard
  Millis horizon{1'800'000};  // how long the release is expected to be judged
  Millis warmup{60'000};      // latency is not judged while a canary is younger
  Millis settle{1'000};       // how long requests of another weight may still finish
};
bool guard_is_on(const Settings& settings);

// What the old release is good for, besides its counts.
enum class Old { Healthy, Unhealthy, Absent };

struct Lot {
  Sample canary;
  Sample baseline;
};

// What finished since the last look.
struct Tick {
  Millis at{0};        // since the judge began; rising
  double weight = 0;   // the canary's share of what was routed, 0..1
  int step = 0;        // of the plan; each must prove anew that it may go on
  bool young = false;  // a canary instance is younger than the warm-up
  Old old = Old::Healthy;
  std::vector<Lot> strata{1};  // in the order of Settings::strata
};

enum class Reason {
  Limits,        // Pass, Fail, NotEnough: the limits and the counts say so
  BothFail,      // Hold: the old release breaks the limit as well
  BlameUnclear,  // Hold: the limit is broken, and it is not shown yet that the canary does it
  OldUnhealthy,  // Hold: the canary is worse, and the old release is no place to go back to
  Nonsense,      // Hold: counts or weight that cannot be; nothing was learnt from this look
};
std::string_view name_of(Reason reason);

// What a decision rests on, of the rule that decided (or is the least proven).
struct Numbers {
  double canary = 0;
  double canary_bad = 0;
  double baseline = 0;
  double baseline_bad = 0;
  double weight = 0;
  double log_limit = 0;      // evidence that the limit is broken; 0 where the rule has none
  double log_blame = 0;      // evidence that the canary does it
  double log_threshold = 0;  // what both must reach
  double log_proof = 0;      // evidence that the limit is kept, of log(1 / missed)
};

struct Decision {
  Answer answer = Answer::NotEnough;
  Reason reason = Reason::Limits;
  // Unguarded evidence is enough: give the canary next to nothing until the guard agrees or this
  // is false again. Never a reason to take the release back.
  bool quarantine = false;
  Millis after{0};  // since the canary's first request
  int rule = -1;    // index into Settings::rules; -1: none
  int stratum = 0;
  Numbers numbers;
};

class Judge {
 public:
  explicit Judge(Settings settings);
  ~Judge();
  Judge(Judge&&) noexcept;
  Judge& operator=(Judge&&) noexcept;
  // From now on as the other one is; both must have been made with the same settings.
  void become(const Judge& other);
  // The blocks that have ended by then have passed. A look does it as well: this is for who looks
  // at copies, so that each does not do it anew.
  void pass(Millis at);

  Decision look(const Tick& tick);  // a Fail is final: later looks repeat it
  const Decision& last() const;
  Verdict tell() const;  // the last decision in words
  const Settings& settings() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "Rolled back after 5.4 s: …", "Held: …", "Undecided: …", "Passed: …"
std::string sentence(const Decision& decision, const Verdict& verdict);

// How many canary requests, as bad as those a decision rests on, would be expected to show it from
// nothing; infinite when none would.
double requests_to_show(const Settings& settings, const Decision& decision);

// How bursty bad requests are: variance / mean of their count in a block; 1 when each comes by
// itself. Fed with the old release's history, one block at a time.
class Dispersion {
 public:
  void add(double bad_in_block);
  double index() const;  // 0 without bad requests

 private:
  double blocks_ = 0;
  double mean_ = 0;
  double squares_ = 0;  // of the distances from the mean
};

// For the journal: compact, and exact to the bit both ways.
Json to_json(const Settings& settings);
Json to_json(const Tick& tick);
Json to_json(const Decision& decision);
Result<Settings> settings_from_json(const Json& json);
Result<Tick> tick_from_json(const Json& json);
Result<Decision> decision_from_json(const Json& json);
// The decision that these ticks lead to: the first Fail, or what the last one says.
Decision replay(const Settings& settings, std::span<const Tick> ticks);

}  // namespace slipway::verdict
