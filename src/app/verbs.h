#pragma once
// The verbs that need more than the daemon's API. Their rows stand in cli/verb_table.cc.
#include "cli/run.h"

namespace slipway::app {

int run_daemon(cli::Session& session);
int run_edge(cli::Session& session);
int run_edge_upgrade(cli::Session& session);
int run_edge_deploy(cli::Session& session);
int run_edge_list(cli::Session& session);
int run_edge_remove(cli::Session& session);
int run_edge_pause(cli::Session& session);
int run_edge_stop(cli::Session& session);
int run_edge_drain(cli::Session& session);
int run_edge_rollout_deploy(cli::Session& session);
int run_edge_rollout_set(cli::Session& session);
int run_edge_rollout_stop(cli::Session& session);
int run_edge_split(cli::Session& session);
int run_edge_status(cli::Session& session);
int run_edge_resume(cli::Session& session);
int run_edge_reload(cli::Session& session);
int run_edge_certificate_obtain(cli::Session& session);
int run_edge_certificate_renew(cli::Session& session);
int run_migrate_lint(cli::Session& session);
int run_rollback(cli::Session& session);
int run_migrate_check(cli::Session& session);
int run_migrate_rehearse(cli::Session& session);
int run_db_copy(cli::Session& session);
int run_db_watch(cli::Session& session);
int run_db_verify(cli::Session& session);
int run_db_backup(cli::Session& session);
int run_db_backups(cli::Session& session);
int run_db_restore(cli::Session& session);
int run_dev(cli::Session& session);
int run_migrate_status(cli::Session& session);
int run_migrate_up(cli::Session& session);
int run_migrate_down(cli::Session& session);
int run_migrate_new(cli::Session& session);

}  // namespace slipway::app
