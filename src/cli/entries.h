#pragma once
// The functions of this room's verbs, one file each.
#include "cli/session.h"

namespace slipway::cli {

int run_init(Session& session);
int run_check(Session& session);
int run_config(Session& session);
int run_plan(Session& session);
int run_deploy(Session& session);
int run_rollback(Session& session);
int run_readiness(Session& session);
int run_approve(Session& session);
int run_confirm(Session& session);
int run_promote(Session& session);
int run_pause(Session& session);
int run_resume(Session& session);
int run_abort(Session& session);
int run_maintenance_on(Session& session);
int run_maintenance_off(Session& session);
int run_status(Session& session);
int run_history(Session& session);
int run_channel_test(Session& session);
int run_incident_open(Session& session);
int run_incident_assess(Session& session);
int run_incident_close(Session& session);
int run_incident_list(Session& session);
int run_incident_show(Session& session);
int run_judge(Session& session);
int run_logs(Session& session);
int run_token_create(Session& session);
int run_token_list(Session& session);
int run_token_revoke(Session& session);
int run_version(Session& session);
int run_help(Session& session);
int run_completion(Session& session);
int run_man(Session& session);

}  // namespace slipway::cli
