#pragma once
// slipway rollback --with-database --restore: back to the restore point before what the earlier
// release cannot do with, behind the maintenance page.
#include "app/resting.h"
#include "cli/request.h"

namespace slipway::app {

// `broken_in`: the release that took away what the earlier one needs; "": none did, and the point
// is the first of the live release. Returns the exit status.
int roll_back_by_restore(cli::Session& session, cli::ReleaseAsk& ask, const std::string& broken_in);
// Whether an earlier run of it was cut off here: what is planned now tells nothing then.
bool restore_is_under_way(cli::Session& session, const cli::Target& target);

}  // namespace slipway::app
