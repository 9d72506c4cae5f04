#pragma once
// The port Migrations over a child process.
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "ports/migrations.h"

namespace slipway::drivers::migrations {

struct Settings {
  std::string program;  // slipway itself
  std::string state;    // the daemon's folder
  // The value of a secret; `folder`: where its command runs.
  std::function<Result<std::string>(const config::SecretRef& secret, const std::string& folder)>
      read_secret;
  Millis patience{30'000};  // between being asked to stop and being killed
};
std::unique_ptr<ports::Migrations> make_migrations(Settings settings);

}  // namespace slipway::drivers::migrations
