#pragma once
// The body of POST /v1/plan and /v1/releases, out of the command line and slipway.yaml.
#include <string>

#include "cli/target.h"

namespace slipway::cli {

struct ReleaseAsk {
  Json body;
  Target target;
  std::string version;  // empty: a rollback to the one before
};
// `details` as in load_file().
Result<ReleaseAsk> deploy_ask(Session& session, Json& details);

Result<ReleaseAsk> rollback_ask(Session& session, Link& link);

// Starts the release and, unless told not to, follows it. Returns the exit status.
int start_release(Session& session, Link& link, const ReleaseAsk& ask);

}  // namespace slipway::cli
