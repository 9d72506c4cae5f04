#pragma once
// Hooks: commands of the team's own. Beginning one never waits; what it answered is fetched later.
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "config/hook.h"

namespace slipway::ports {

struct HookCall {
  config::Hook hook;
  std::map<std::string, std::string> variables;  // SLIPWAY_…
  std::string dir;                               // of slipway.yaml
};

struct HookView {
  enum class Answer { Done, Failed, InProgress };
  Answer answer = Answer::Done;
  std::string why;             // its last lines
  Millis again_after{10'000};  // InProgress
};

class Hooks {
 public:
  virtual ~Hooks() = default;
  // Runs it once; while the same key runs, this does nothing.
  virtual void begin(const std::string& key, const HookCall& call) = 0;
  // What it answered, once; nullopt: nothing yet, or never begun. It comes within the hook's
  // time-out and a little.
  virtual std::optional<HookView> take(const std::string& key) = 0;
};

}  // namespace slipway::ports
