#pragma once
// The verbs that need more than the daemon's API. Their rows stand in cli/verb_table.cc.
#include <span>

#include "cli/run.h"

namespace slipway::app {

int run_daemon(cli::Session& session);
int run_edge(cli::Session& session);
int run_dev(cli::Session& session);

}  // namespace slipway::app
