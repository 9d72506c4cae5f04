#pragma once
// Caller runs the user's command line for one call: JSON in, JSON out, and what an absent or broken
// answer means (docs/formats/command-driver.md, last table). Thread-safe; keeps nothing.
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "ports/outcome.h"

namespace slipway::drivers::command {

struct Settings {
  std::string command;                   // run by sh
  std::string dir;                       // the folder of slipway.yaml
  std::vector<std::string> environment;  // "KEY=VALUE"; empty: this process's own
  Millis timeout{10'000};
};

class Caller {
 public:
  explicit Caller(Settings settings);
  Result<Json> ask(const Json& request) const;     // a question; an {"error"} answer is an Error
  ports::Outcome tell(const Json& request) const;  // a write

 private:
  struct Answer {
    Result<Json> json;
    bool never_ran = false;  // with an error: the script cannot have done anything
  };
  Answer call(const Json& request) const;
  Settings settings_;
};

}  // namespace slipway::drivers::command
