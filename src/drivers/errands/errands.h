#pragma once
// The port Errands over child processes: a thread for each one under way.
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "ports/errands.h"

namespace slipway::drivers::errands {

struct Settings {
  std::string program;  // slipway itself
  std::string state{};  // folder
  // The value of a secret; `folder`: where its command runs.
  std::function<Result<std::string>(const config::SecretRef& secret, const std::string& folder)>
      read_secret;
  Millis patience{5'000};  // between being asked to stop and being killed
};
// When it goes away it stops what is under way and waits for that, `patience` at most.
std::unique_ptr<ports::Errands> make_errands(Settings settings);

}  // namespace slipway::drivers::errands
